//! Everything that is granted to a program, and what bounds it: by flags, and by `--grant-file`,
//! a file in TOML whose keys are the names of the same flags.
//!
//! ```toml
//! dir = ["data::/data"]            # paths are meant from the file's folder
//! dir-ro = "/usr/share/zoneinfo"
//! env = { LANG = "C", HOME = true } # true passes the host's
//! net = ["tcp:example.com:443"]
//! listen = "127.0.0.1:8080"
//! http = "https://example.com"
//! keyvalue = "sqlite:app.db"     # from the file's folder, too
//! timeout = "10s"
//! ```

use std::path::{Path, PathBuf};

use clap::{Args as _, Command, FromArgMatches as _};

use crate::failure::{Failure, Result};
use crate::flags::{
    Directories, HttpFlags, KeyValueFlags, LimitFlags, Listeners, NetworkFlags, Synthetic,
    Variables, bucket_within,
};
use crate::status::Status;

/// The flags that say what a program may reach and use.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Grants {
    #[command(flatten)]
    pub(crate) directories: Directories,

    #[command(flatten)]
    pub(crate) synthetic: Synthetic,

    #[command(flatten)]
    pub(crate) variables: Variables,

    #[command(flatten)]
    pub(crate) listeners: Listeners,

    #[command(flatten)]
    pub(crate) network: NetworkFlags,

    #[command(flatten)]
    pub(crate) http: HttpFlags,

    #[command(flatten)]
    pub(crate) keyvalue: KeyValueFlags,

    #[command(flatten)]
    pub(crate) limits: LimitFlags,
}

/// Files that grant.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Grants")]
pub(crate) struct GrantFiles {
    /// Grants what a file in TOML says, whose keys are the names of these flags: net = ["tcp:example.com:443"]
    #[arg(long = "grant-file", value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    paths: Vec<PathBuf>,
}

impl GrantFiles {
    /// What the files grant, and then what `flags` do; limits of `flags` hold.
    pub(crate) fn and(&self, flags: &Grants) -> Result<Grants> {
        let mut all = Grants::default();
        for path in &self.paths {
            let text =
                std::fs::read_to_string(path).map_err(|error| Failure::unreadable(path, &error))?;
            let folder = path.parent().unwrap_or(Path::new(""));
            let granted = parse(&text, folder).map_err(|message| {
                Failure::new(Status::Usage, format!("{}: {message}", path.display()))
                    .remedy("`silica help grants` shows such a file")
            })?;
            all.add(granted);
        }
        all.add(flags.clone());
        Ok(all)
    }
}

impl Grants {
    fn add(&mut self, others: Grants) {
        self.directories.0.extend(others.directories.0);
        self.synthetic.add(others.synthetic);
        self.variables.add(others.variables);
        self.listeners.add(others.listeners);
        self.network.add(others.network);
        self.http.add(others.http);
        self.keyvalue.add(others.keyvalue);
        self.limits.replace_by(others.limits);
    }
}

/// Reads a file's text as the flags that it stands for.
fn parse(text: &str, folder: &Path) -> std::result::Result<Grants, String> {
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
        let line = error
            .span()
            .map_or(0, |span| text[..span.start].matches('\n').count());
        format!("line {}: {}", line + 1, error.message())
    })?;
    let command = Grants::augment_args(Command::new("grants").no_binary_name(true));
    let known = |name: &str| {
        let mut arguments = command.get_arguments();
        arguments.any(|argument| argument.get_long() == Some(name))
    };
    let mut line = Vec::new();
    for (name, value) in &table {
        if !known(name) {
            let names: Vec<_> = command
                .get_arguments()
                .filter_map(|a| a.get_long())
                .collect();
            return Err(format!("`{name}` is none of {}", names.join(", ")));
        }
        for text in values(name, value)? {
            line.push(match text {
                Some(text) => format!("--{name}={}", within(folder, name, &text)),
                None => format!("--{name}"),
            });
        }
    }
    let matches = command.clone().try_get_matches_from(line);
    matches
        .and_then(|matches| Grants::from_arg_matches(&matches))
        .map_err(|error| {
            let text = error.to_string();
            let first = text.lines().next().unwrap_or_default();
            first.trim_start_matches("error: ").to_owned()
        })
}

/// What a key stands for: a flag for each text, or a flag without one.
fn values(name: &str, value: &toml::Value) -> std::result::Result<Vec<Option<String>>, String> {
    use toml::Value;
    let one = |value: &Value| match value {
        Value::String(text) => Ok(Some(text.clone())),
        Value::Integer(number) => Ok(Some(number.to_string())),
        Value::Float(_)
        | Value::Boolean(_)
        | Value::Datetime(_)
        | Value::Array(_)
        | Value::Table(_) => Err(format!("`{name}` is a text, a number or a list of texts")),
    };
    match value {
        Value::Boolean(true) => Ok(vec![None]),
        Value::Boolean(false) => Ok(Vec::new()),
        Value::Array(values) => values.iter().map(one).collect(),
        Value::Table(table) if matches!(name, "env" | "setting") => {
            let variables = table.iter().map(|(variable, value)| match value {
                Value::Boolean(true) if name == "env" => Ok(Some(variable.clone())),
                value => Ok(one(value)?.map(|value| format!("{variable}={value}"))),
            });
            variables.collect()
        }
        value => Ok(vec![one(value)?]),
    }
}

/// The host's paths in a file are meant from its folder.
fn within(folder: &Path, name: &str, value: &str) -> String {
    match name {
        "dir" | "dir-ro" => {}
        "keyvalue" => return bucket_within(folder, value),
        _ => return value.to_owned(),
    }
    let (host, guest) = value.split_once("::").unwrap_or((value, value));
    format!("{}::{guest}", folder.join(host).display())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flags::Place;

    fn file(text: &str) -> std::result::Result<Grants, String> {
        parse(text, Path::new("/etc/app"))
    }

    #[test]
    fn a_file_says_what_flags_say() {
        let text = r#"
            dir = ["data::/data", "/srv"]
            dir-ro = "share"
            env = { A = "1" }
            dev = true
            tmp = false
            net = ["tcp:example.com:443", "udp:10.0.0.0/8"]
            listen = "127.0.0.1:8080"
            keyvalue = ["memory", "kept=sqlite:kept.db"]
            setting = { colour = "red" }
            timeout = "10s"
            max-threads = 3
        "#;
        let grants = file(text).unwrap();
        let directories = grants.directories.0.iter();
        let shown: Vec<_> = directories
            .map(|d| (d.host.to_str().unwrap(), d.guest.as_str(), d.read_only))
            .collect();
        let expected = [
            ("/etc/app/data", "/data", false),
            ("/srv", "/srv", false),
            ("/etc/app/share", "share", true),
        ];
        assert_eq!(shown, expected);
        assert!(grants.synthetic.devices && !grants.synthetic.temporary);
        assert_eq!(grants.network.grants().connect.len(), 2);
        assert_eq!(grants.network.grants().listen.len(), 1);
        let kept = &grants.keyvalue.buckets()[1];
        let place = Place::Sqlite("/etc/app/kept.db".into());
        assert_eq!((kept.name.as_str(), &kept.place), ("kept", &place));
        let red = ("colour".to_owned(), "red".to_owned());
        assert_eq!(grants.keyvalue.settings(), [red]);
        assert_eq!(grants.limits.threads_max(), 3);
        let variables = grants.variables.resolve().unwrap();
        assert_eq!(variables, [("A".to_owned(), "1".to_owned())]);
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, words) in [
            ("a = 1", "`a` is none of dir,"),
            ("net = [1.5]", "`net` is a text"),
            ("dir = ", "line 1"),
            ("\nnet = \"10.0.0.1/8\"", "10.0.0.0/8 is the block"),
            ("timeout = true", "--timeout"),
            ("env = [1", "line 1"),
        ] {
            let message = file(text).map(drop).unwrap_err();
            assert!(message.contains(words), "{text}: {message}");
        }
    }

    #[test]
    fn limits_of_the_line_hold() {
        let mut all = file("fuel = 5\nmax-threads = 2").unwrap();
        let limits = LimitFlags {
            fuel: Some(9),
            ..LimitFlags::default()
        };
        all.add(Grants {
            limits,
            ..Grants::default()
        });
        assert_eq!(all.limits.fuel, Some(9));
        assert_eq!(all.limits.max_threads.map(|n| n.get()), Some(2));
    }
}
