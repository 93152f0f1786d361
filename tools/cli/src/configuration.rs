//! Defaults from a file: flags of `run` and `compile` that are the same for every program.
//!
//! One flag a line, as on the command line without its dashes: `max-memory = 1GiB`. They stand
//! before those of the command line, which therefore win. Grants are refused here: what a program
//! may reach is said where it is started.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::failure::{Failure, Result};
use crate::status::Status;

/// Flags that may stand in the file, and whether each has a value.
pub(crate) const FLAGS: &[(&str, bool)] = &[
    ("proposals", true),
    ("tier", true),
    ("optimize", true),
    ("processor", true),
    ("deterministic", false),
    ("single-threaded", false),
    ("cache", true),
    ("timeout", true),
    ("fuel", true),
    ("max-memory", true),
    ("max-stack", true),
    ("max-threads", true),
];

/// A flag of the file, with the line it stands in.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Setting {
    /// The flag's name, without dashes.
    pub(crate) name: String,
    /// Its value, if it has one.
    pub(crate) value: Option<String>,
    /// The line, from 1.
    pub(crate) line: usize,
}

/// Where the file is, if there is one: `$SILICA_CONFIG`, or `silica/config` in the user's
/// configuration directory.
pub(crate) fn path() -> Option<PathBuf> {
    if let Some(path) = std::env::var_os("SILICA_CONFIG") {
        return (!path.is_empty()).then(|| PathBuf::from(path));
    }
    let base = match std::env::var_os("XDG_CONFIG_HOME") {
        Some(base) if !base.is_empty() => PathBuf::from(base),
        Some(_) | None => PathBuf::from(std::env::var_os("HOME")?).join(".config"),
    };
    Some(base.join("silica").join("config"))
}

/// The settings in the file. None where there is no file.
pub(crate) fn read() -> Result<Vec<Setting>> {
    let Some(path) = path() else {
        return Ok(Vec::new());
    };
    match std::fs::read_to_string(&path) {
        Ok(text) => parse(&text).map_err(|(line, message)| {
            let message = format!("{}:{line}: {message}", path.display());
            Failure::new(Status::Usage, message)
        }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) if error.kind() == std::io::ErrorKind::NotADirectory => Ok(Vec::new()),
        Err(error) => Err(Failure::unreadable(&path, &error)),
    }
}

fn parse(text: &str) -> std::result::Result<Vec<Setting>, (usize, String)> {
    let mut settings = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.split('#').next().unwrap_or(line).trim();
        if line.is_empty() {
            continue;
        }
        let (name, value) = match line.split_once('=') {
            Some((name, value)) => (name.trim(), Some(value.trim().to_owned())),
            None => (line, None),
        };
        let number = number + 1;
        let known = FLAGS.iter().find(|(known, _)| *known == name);
        let Some((_, has_value)) = known else {
            let names: Vec<_> = FLAGS.iter().map(|(name, _)| *name).collect();
            let names = names.join(", ");
            return Err((number, format!("`{name}` cannot be set here; {names} can")));
        };
        match (&value, has_value) {
            (None, true) => return Err((number, format!("`{name}` needs a value"))),
            (Some(_), false) => return Err((number, format!("`{name}` has no value"))),
            (Some(_), true) | (None, false) => {}
        }
        let name = name.to_owned();
        settings.push(Setting {
            name,
            value,
            line: number,
        });
    }
    Ok(settings)
}

/// The command line with the file's settings in it.
pub(crate) fn apply(line: Vec<OsString>) -> Result<Vec<OsString>> {
    let takes = |setting: &Setting| match line.get(1).and_then(|word| word.to_str()) {
        Some("run") => true,
        Some("compile") => {
            let runs = ["cache", "timeout", "max-memory", "max-threads"];
            !runs.contains(&setting.name.as_str())
        }
        Some(_) | None => false,
    };
    if !line.get(1).is_some_and(|w| w == "run" || w == "compile") {
        return Ok(line);
    }
    let given = |name: &str| {
        let long = format!("--{name}");
        let with_value = format!("{long}=");
        line.iter().any(|word| {
            let word = word.to_string_lossy();
            word == long || word.starts_with(&with_value)
        })
    };
    let settings = read()?;
    let flags: Vec<OsString> = settings
        .iter()
        .filter(|setting| takes(setting) && !given(&setting.name))
        .map(|setting| match &setting.value {
            Some(value) => format!("--{}={value}", setting.name).into(),
            None => format!("--{}", setting.name).into(),
        })
        .collect();
    let mut line = line;
    line.splice(2..2, flags);
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_flags() {
        let text = "# defaults\nmax-memory = 1GiB # each\n\ndeterministic\n";
        let settings = parse(text).unwrap();
        let shown: Vec<_> = settings
            .iter()
            .map(|s| (s.name.as_str(), s.value.as_deref(), s.line))
            .collect();
        let expected = [("max-memory", Some("1GiB"), 2), ("deterministic", None, 4)];
        assert_eq!(shown, expected);
    }

    #[test]
    fn grants_are_refused() {
        let (line, message) = parse("\ndir = /").unwrap_err();
        assert_eq!(line, 2);
        assert!(message.contains("`dir` cannot be set here"), "{message}");
        assert!(parse("fuel").is_err() && parse("deterministic = 1").is_err());
    }
}
