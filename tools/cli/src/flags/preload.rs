//! `--preload`: modules that provide what the program imports.

use std::path::PathBuf;
use std::str::FromStr;

/// A module, instantiated before the program, whose exports are imported from `name`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Preload {
    /// The module name of the imports that it provides.
    pub(crate) name: String,
    /// Its file.
    pub(crate) path: PathBuf,
}

impl FromStr for Preload {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once('=') {
            Some((name, path)) if !path.is_empty() => Ok(Preload {
                name: name.to_owned(),
                path: PathBuf::from(path),
            }),
            Some(_) | None => Err("NAME=FILE is needed, for example env=host.wasm".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_files() {
        let preload: Preload = "env=a=b.wasm".parse().unwrap();
        assert_eq!(
            (preload.name.as_str(), preload.path),
            ("env", "a=b.wasm".into())
        );
        assert!("env".parse::<Preload>().is_err() && "env=".parse::<Preload>().is_err());
    }
}
