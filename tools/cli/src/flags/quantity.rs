//! Sizes and times with their units: `64KiB`, `1.5GB`, `10s`, `250ms`.

use std::str::FromStr;
use std::time::Duration;

/// A number of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bytes(pub(crate) u64);

/// A length of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span(pub(crate) Duration);

const SIZES: &[(&str, f64)] = &[
    ("", 1.0),
    ("b", 1.0),
    ("k", 1024.0),
    ("kib", 1024.0),
    ("kb", 1e3),
    ("m", 1048576.0),
    ("mib", 1048576.0),
    ("mb", 1e6),
    ("g", 1073741824.0),
    ("gib", 1073741824.0),
    ("gb", 1e9),
];

const TIMES: &[(&str, f64)] = &[
    ("", 1.0),
    ("us", 1e-6),
    ("ms", 1e-3),
    ("s", 1.0),
    ("m", 60.0),
    ("min", 60.0),
    ("h", 3600.0),
];

/// The number in `text` times what its unit is worth.
fn scaled(text: &str, units: &[(&str, f64)]) -> Option<f64> {
    let text = text.trim();
    let end = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let number: f64 = text[..end].parse().ok()?;
    let unit = text[end..].trim().to_ascii_lowercase();
    let factor = units.iter().find(|(name, _)| *name == unit)?.1;
    Some(number * factor)
}

impl FromStr for Bytes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match scaled(text, SIZES) {
            // Whole bytes; what is larger than 2^63 was not meant.
            Some(bytes) if bytes < 9.2e18 => Ok(Bytes(bytes as u64)),
            Some(_) => Err("that is too large".to_owned()),
            None => Err("a size is a number with a unit: 65536, 64KiB, 10MB, 4GiB".to_owned()),
        }
    }
}

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let seconds = scaled(text, TIMES)
            .ok_or_else(|| "a time is a number with a unit: 500ms, 10s, 2min".to_owned())?;
        Duration::try_from_secs_f64(seconds)
            .map(Span)
            .map_err(|_| "that is too long".to_owned())
    }
}

/// `1536` as `1.5 KiB`.
pub(crate) fn show_bytes(bytes: u64) -> String {
    const UNITS: &[&str] = &["B", "KiB", "MiB", "GiB", "TiB"];
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    match unit {
        0 => format!("{bytes} B"),
        _ => format!("{value:.1} {}", UNITS[unit]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        for (text, bytes) in [
            ("0", 0),
            ("65536", 65536),
            ("64KiB", 65536),
            ("64k", 65536),
            ("1.5 MB", 1_500_000),
            ("4GiB", 4 << 30),
        ] {
            assert_eq!(text.parse(), Ok(Bytes(bytes)), "{text}");
        }
        for text in ["", "x", "-1", "1X", "1e3", "99999999999GiB", "1.2.3"] {
            assert!(text.parse::<Bytes>().is_err(), "{text}");
        }
    }

    #[test]
    fn times() {
        for (text, ms) in [
            ("2", 2000),
            ("500ms", 500),
            ("1.5s", 1500),
            ("2min", 120_000),
        ] {
            assert_eq!(text.parse(), Ok(Span(Duration::from_millis(ms))), "{text}");
        }
        for text in ["", "s", "-1s", "1 week", "99999999999999999999999999h"] {
            assert!(text.parse::<Span>().is_err(), "{text}");
        }
    }

    #[test]
    fn bytes_are_shown_short() {
        assert_eq!(show_bytes(999), "999 B");
        assert_eq!(show_bytes(1536), "1.5 KiB");
        assert_eq!(show_bytes(u64::MAX), "16777216.0 TiB");
    }
}
