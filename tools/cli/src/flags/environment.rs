//! `--env`: variables of the program's environment. It starts empty.

use crate::failure::{Failure, Result};
use crate::status::Status;

/// Variables, in the order in which they were given.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Grants")]
pub(crate) struct Variables {
    /// Sets a variable of the program's environment, or passes the host's of that name
    #[arg(long = "env", value_name = "NAME[=VALUE]", value_parser = parse)]
    variables: Vec<(String, Option<String>)>,

    /// Passes all of the host's environment
    #[arg(long = "inherit-env")]
    inherit: bool,
}

fn parse(text: &str) -> std::result::Result<(String, Option<String>), String> {
    let (name, value) = match text.split_once('=') {
        Some((name, value)) => (name, Some(value.to_owned())),
        None => (text, None),
    };
    if name.is_empty() {
        return Err("a variable needs a name".to_owned());
    }
    Ok((name.to_owned(), value))
}

impl Variables {
    /// Adds others, which replace those of their names.
    pub(crate) fn add(&mut self, others: Variables) {
        self.variables.extend(others.variables);
        self.inherit |= others.inherit;
    }

    /// The program's environment. A later variable replaces an earlier one of its name.
    pub(crate) fn resolve(&self) -> Result<Vec<(String, String)>> {
        let mut all: Vec<(String, String)> = Vec::new();
        if self.inherit {
            // What is not Unicode cannot be passed on.
            let inherited = std::env::vars_os()
                .filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?)));
            all.extend(inherited);
        }
        for (name, value) in &self.variables {
            let value = match value {
                Some(value) => value.clone(),
                None => std::env::var(name).map_err(|_| {
                    let message = format!("--env {name}: the host has no such variable");
                    let remedy = format!("`--env {name}=VALUE` sets it");
                    Failure::new(Status::Usage, message).remedy(remedy)
                })?,
            };
            all.retain(|(other, _)| other != name);
            all.push((name.clone(), value));
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(texts: &[&str]) -> Result<Vec<(String, String)>> {
        let variables = texts.iter().map(|text| parse(text).unwrap()).collect();
        Variables {
            variables,
            inherit: false,
        }
        .resolve()
    }

    #[test]
    fn later_ones_win() {
        let all = resolve(&["A=1", "B==", "A=2"]).unwrap();
        let expected = [("B", "="), ("A", "2")].map(|(k, v)| (k.to_owned(), v.to_owned()));
        assert_eq!(all, expected);
    }

    #[test]
    fn a_variable_that_is_not_there_is_an_error() {
        let failure = resolve(&["SILICA_TEST_NO_SUCH_VARIABLE"]).unwrap_err();
        assert!(failure.to_string().contains("no such variable"));
        assert!(parse("=x").is_err());
    }
}
