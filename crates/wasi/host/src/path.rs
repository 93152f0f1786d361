//! Checks of a path before anything is done with it.
//!
//! Whether a path leaves its directory is not decided here, since only the
//! walk itself can decide that (links, races): `directory` does it through
//! `cap-std`, `memory` in its own tree.

use crate::{Error, Result};

/// Refuses what no host can mean: an empty path, a NUL, too many bytes.
pub(crate) fn check(path: &str, bytes_max: usize) -> Result<()> {
    if path.is_empty() {
        return Err(Error::NoEntry);
    }
    if path.len() > bytes_max {
        return Err(Error::NameTooLong);
    }
    if path.as_bytes().contains(&0) {
        return Err(Error::Invalid);
    }
    if path.starts_with('/') {
        return Err(Error::NotCapable);
    }
    if cfg!(windows) && path.split(['/', '\\']).any(is_windows_device_name) {
        return Err(Error::NotCapable);
    }
    Ok(())
}

/// Whether a path is one plain name: no separator, neither `.` nor `..`. Such a
/// name cannot lead anywhere but into its own directory.
pub(crate) fn is_plain_name(path: &str) -> bool {
    !path.contains('/') && path != "." && path != ".."
}

/// The path of the directory (empty for the one started from) and the last name,
/// where the path ends in a plain name.
pub(crate) fn split_plain_name(path: &str) -> Option<(&str, &str)> {
    let (parent, name) = match path.rfind('/') {
        Some(slash) => (&path[..=slash], &path[slash + 1..]),
        None => ("", path),
    };
    (!name.is_empty() && is_plain_name(name)).then_some((parent, name))
}

/// Whether Windows opens a device where a program names a file so: `NUL`,
/// `con.txt`, `COM1`, and `COM¹`, whose superscript digit counts as a digit.
///
/// ```
/// use silica_wasi_host::is_windows_device_name;
/// assert!(is_windows_device_name("COM¹"));
/// assert!(!is_windows_device_name("COM10"));
/// ```
pub fn is_windows_device_name(name: &str) -> bool {
    // A stream (`NUL:x`), an extension and trailing blanks do not change what
    // Windows opens.
    let stem = name.split([':', '.']).next().unwrap_or_default();
    let stem = stem.trim_end_matches(' ').to_uppercase();
    match stem.as_str() {
        "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$" => true,
        other => ["COM", "LPT"]
            .iter()
            .filter_map(|prefix| other.strip_prefix(prefix))
            .any(is_one_digit),
    }
}

fn is_one_digit(rest: &str) -> bool {
    let mut characters = rest.chars();
    let digit = matches!(
        characters.next(),
        Some('0'..='9' | '\u{b9}' | '\u{b2}' | '\u{b3}')
    );
    digit && characters.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_device_names_with_superscripts_streams_and_extensions() {
        for name in [
            "COM¹",
            "com²",
            "LPT³",
            "NUL",
            "nul.txt",
            "Con ",
            "AUX:stream",
            "COM1.tar.gz",
            "CONIN$",
        ] {
            assert!(is_windows_device_name(name), "{name}");
        }
        for name in ["COM", "COM10", "COM⁴", "CONSOLE", "nullable", "xNUL", ""] {
            assert!(!is_windows_device_name(name), "{name}");
        }
    }

    #[test]
    fn what_no_path_may_be() {
        assert_eq!(check("", 10), Err(Error::NoEntry));
        assert_eq!(check("a\0b", 10), Err(Error::Invalid));
        assert_eq!(check("/a", 10), Err(Error::NotCapable));
        assert_eq!(check("12345678901", 10), Err(Error::NameTooLong));
        assert_eq!(check("a/../b", 10), Ok(()));
    }
}
