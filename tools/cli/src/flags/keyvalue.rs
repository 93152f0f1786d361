//! `--keyvalue`: buckets of values that a component may open, and `--setting`: what `wasi:config` gives it.

use std::path::{Path, PathBuf};

/// Grants of `wasi:keyvalue` and `wasi:config`. None by default.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Grants")]
pub(crate) struct KeyValueFlags {
    /// Lets a component open a bucket by `wasi:keyvalue`, named `default` unless it is said: memory, sqlite:app.db,
    /// cache=memory
    #[arg(
        long = "keyvalue",
        value_name = "[NAME=]memory|sqlite:FILE",
        value_parser = parse
    )]
    buckets: Vec<BucketGrant>,

    /// Sets what a component gets by `wasi:config` for a name
    #[arg(long = "setting", value_name = "NAME=VALUE", value_parser = setting)]
    settings: Vec<(String, String)>,
}

/// A bucket, and where it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BucketGrant {
    pub(crate) name: String,
    pub(crate) place: Place,
}

/// Where a bucket is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// As long as the program runs.
    Memory,
    /// In a file of SQLite's.
    Sqlite(PathBuf),
}

fn parse(text: &str) -> Result<BucketGrant, String> {
    let (name, place) = match text.split_once('=') {
        Some((name, place)) if !name.starts_with("sqlite:") => (name, place),
        Some(_) | None => ("default", text),
    };
    let place = match (place, place.strip_prefix("sqlite:")) {
        ("memory", _) => Place::Memory,
        (_, Some(path)) if !path.is_empty() => Place::Sqlite(path.into()),
        _ => return Err(format!("`{place}` is neither memory nor sqlite:FILE")),
    };
    Ok(BucketGrant {
        name: name.to_owned(),
        place,
    })
}

fn setting(text: &str) -> Result<(String, String), String> {
    let (name, value) = text
        .split_once('=')
        .ok_or_else(|| format!("`{text}` has no value: NAME=VALUE"))?;
    Ok((name.to_owned(), value.to_owned()))
}

impl KeyValueFlags {
    /// The buckets that are granted.
    pub(crate) fn buckets(&self) -> &[BucketGrant] {
        &self.buckets
    }

    /// What is set, by name.
    pub(crate) fn settings(&self) -> &[(String, String)] {
        &self.settings
    }

    /// Adds what others grant.
    pub(crate) fn add(&mut self, others: KeyValueFlags) {
        self.buckets.extend(others.buckets);
        self.settings.extend(others.settings);
    }
}

/// A grant of a bucket that a file in this folder says: paths are meant from there.
pub(crate) fn bucket_within(folder: &Path, text: &str) -> String {
    match text.split_once("sqlite:") {
        Some((name, path)) => format!("{name}sqlite:{}", folder.join(path).display()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        keyvalue: KeyValueFlags,
    }

    #[test]
    fn names_and_places() {
        let line = [
            "x",
            "--keyvalue=memory",
            "--keyvalue=a=memory",
            "--keyvalue=sqlite:b=c.db",
            "--keyvalue=d=sqlite:e=f.db",
            "--setting=colour=a=b",
        ];
        let flags = Line::try_parse_from(line).unwrap().keyvalue;
        let file = |path: &str| Place::Sqlite(path.into());
        let expected = [
            ("default", Place::Memory),
            ("a", Place::Memory),
            ("default", file("b=c.db")),
            ("d", file("e=f.db")),
        ];
        let found = flags.buckets.into_iter().map(|it| (it.name, it.place));
        let expected = expected.map(|(name, place)| (name.to_owned(), place));
        assert_eq!(found.collect::<Vec<_>>(), expected);
        assert_eq!(flags.settings, [("colour".to_owned(), "a=b".to_owned())]);
        for wrong in ["", "a=", "sqlite:", "redis:x", "a=b=memory"] {
            let line = ["x".to_owned(), format!("--keyvalue={wrong}")];
            assert!(Line::try_parse_from(line).is_err(), "{wrong}");
        }
    }

    #[test]
    fn paths_in_a_file_are_meant_from_its_folder() {
        let within = |text| bucket_within(Path::new("/etc/app"), text);
        assert_eq!(within("a=sqlite:b.db"), "a=sqlite:/etc/app/b.db");
        assert_eq!(within("sqlite:/b.db"), "sqlite:/b.db");
        assert_eq!(within("memory"), "memory");
    }
}
