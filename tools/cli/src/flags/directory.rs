//! `--dir` and `--dir-ro`: directories that the program may reach.

use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, Command, error::ErrorKind};

/// A directory of the host under the name that the program sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Directory {
    /// Where it is on the host.
    pub(crate) host: PathBuf,
    /// What the program calls it.
    pub(crate) guest: String,
    /// Whether the program may only read.
    pub(crate) read_only: bool,
}

/// Directories in the order in which they were granted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Directories(pub(crate) Vec<Directory>);

const READ_WRITE: &str = "dir";
const READ_ONLY: &str = "dir-ro";

fn flag(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name)
        .long(name)
        .value_name("HOST[::GUEST]")
        .action(ArgAction::Append)
        .value_hint(clap::ValueHint::DirPath)
        .value_parser(parse)
        .help(help)
        .help_heading("Grants")
}

/// `HOST` or `HOST::GUEST`.
fn parse(text: &str) -> Result<(PathBuf, String), String> {
    let (host, guest) = text.split_once("::").unwrap_or((text, text));
    if host.is_empty() || guest.is_empty() {
        return Err("neither side of `::` may be empty".to_owned());
    }
    Ok((PathBuf::from(host), guest.to_owned()))
}

impl clap::Args for Directories {
    fn augment_args(command: Command) -> Command {
        command
            .arg(flag(
                READ_WRITE,
                "Lets the program read and write a directory, under the same or another name",
            ))
            .arg(flag(
                READ_ONLY,
                "Lets the program read a directory, and nothing else",
            ))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl clap::FromArgMatches for Directories {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut found = Vec::new();
        for (name, read_only) in [(READ_WRITE, false), (READ_ONLY, true)] {
            let values = matches
                .try_get_many::<(PathBuf, String)>(name)
                .map_err(|e| clap::Error::raw(ErrorKind::InvalidValue, e))?;
            let Some(values) = values else { continue };
            let places = matches.indices_of(name).into_iter().flatten();
            for (place, (host, guest)) in places.zip(values) {
                let directory = Directory {
                    host: host.clone(),
                    guest: guest.clone(),
                    read_only,
                };
                found.push((place, directory));
            }
        }
        // The program sees them in the order in which they were given.
        found.sort_by_key(|(place, _)| *place);
        Ok(Directories(found.into_iter().map(|(_, d)| d).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{Args, FromArgMatches};

    fn directories(line: &[&str]) -> Vec<(String, String, bool)> {
        let command = Directories::augment_args(Command::new("x"));
        let matches = command.try_get_matches_from(line).unwrap();
        let directories = Directories::from_arg_matches(&matches).unwrap().0;
        let shown = directories
            .into_iter()
            .map(|d| (d.host.display().to_string(), d.guest, d.read_only));
        shown.collect()
    }

    #[test]
    fn order_and_names_are_kept() {
        let line = ["x", "--dir", "a", "--dir-ro=b::/c", "--dir", "d::e"];
        let expected = [("a", "a", false), ("b", "/c", true), ("d", "e", false)];
        let expected = expected.map(|(h, g, r)| (h.to_owned(), g.to_owned(), r));
        assert_eq!(directories(&line), expected);
        assert!(directories(&["x"]).is_empty());
    }

    #[test]
    fn empty_sides_are_refused() {
        assert!(parse("::/a").is_err() && parse("a::").is_err() && parse("").is_err());
    }
}
