//! Writing to standard output and files. A reader that goes away ends the command quietly.

use std::io::{ErrorKind, IsTerminal as _, Write as _};
use std::path::Path;

use crate::failure::{Failure, Result};
use crate::status::Status;

/// Writes `bytes` to standard output.
pub(crate) fn print(bytes: impl AsRef<[u8]>) -> Result<()> {
    let mut stdout = std::io::stdout().lock();
    let written = stdout
        .write_all(bytes.as_ref())
        .and_then(|()| stdout.flush());
    match written {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::unwritable("standard output", &error))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Writes a line to standard error, and minds nothing if nobody reads it. What is said quotes names that
/// a module's author chose; their control characters do not reach the terminal.
pub(crate) fn complain(line: impl std::fmt::Display) {
    let mut text = harmless(&line.to_string());
    text.push('\n');
    let _ = std::io::stderr().write_all(text.as_bytes());
}

fn harmless(text: &str) -> String {
    let mut shown = String::with_capacity(text.len() + 1);
    for c in text.chars() {
        if c.is_control() && c != '\n' && c != '\t' {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
    }
    shown
}

/// Writes `bytes` to `path`, or to standard output for `-`. A file appears whole or not at all.
pub(crate) fn write(path: &Path, bytes: &[u8], binary: bool) -> Result<()> {
    if path == Path::new("-") {
        if binary && std::io::stdout().is_terminal() {
            let message = "standard output is a terminal, and the output is binary";
            let remedy = "`-o FILE` names a file; `| cat` if you mean it";
            return Err(Failure::new(Status::Usage, message).remedy(remedy));
        }
        return print(bytes);
    }
    write_whole(path, bytes).map_err(|error| Failure::unwritable(path.display(), &error))
}

/// Beside the file first, then in its place. Where that cannot be (a device, a pipe), in place.
fn write_whole(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let special = std::fs::metadata(path).is_ok_and(|m| !m.is_file());
    if special {
        return std::fs::write(path, bytes);
    }
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}.tmp", std::process::id()));
    let beside = Path::new(&beside);
    let written = std::fs::write(beside, bytes).and_then(|()| std::fs::rename(beside, path));
    if written.is_err() {
        let _ = std::fs::remove_file(beside);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a");
        write(&path, b"one", true).unwrap();
        write(&path, b"two", true).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"two");
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn control_characters_are_shown() {
        assert_eq!(harmless("a\x1b[2J\tb\n\u{9b}"), "a\\u{1b}[2J\tb\n\\u{9b}");
    }

    #[test]
    fn what_cannot_be_written_is_said() {
        let failure = write(Path::new("/nowhere/a"), b"", true).unwrap_err();
        assert_eq!(failure.status, Status::Output);
        assert!(failure.to_string().contains("/nowhere/a"));
    }
}
