//! One case: its program, and what its `.json` says.

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// How to run a program, and what must come of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// The program.
    pub program: PathBuf,
    /// Its arguments, without its name.
    pub arguments: Vec<String>,
    /// Its environment.
    pub variables: Vec<(String, String)>,
    /// The directory that it finds at `/`.
    pub root: Option<PathBuf>,
    /// What must come of it.
    pub expected: Expected,
}

/// What must come of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// The exit status.
    pub exit_code: u32,
    /// All of standard output; none if it does not matter.
    pub stdout: Option<String>,
    /// All of standard error; none if it does not matter.
    pub stderr: Option<String>,
}

impl Case {
    /// The cases in a folder, by name.
    ///
    /// # Errors
    /// Where the folder or a description cannot be read or understood.
    pub fn all_in(folder: &Path) -> Result<Vec<Self>> {
        let mut programs = Vec::new();
        for entry in std::fs::read_dir(folder).with_context(|| folder.display().to_string())? {
            let path = entry?.path();
            if path
                .extension()
                .is_some_and(|extension| extension == "wasm")
            {
                programs.push(path);
            }
        }
        programs.sort();
        programs.into_iter().map(Self::load).collect()
    }

    fn load(program: PathBuf) -> Result<Self> {
        let path = program.with_extension("json");
        let description = if path.exists() {
            serde_json::from_slice(&std::fs::read(&path)?)
                .with_context(|| path.display().to_string())?
        } else {
            Value::Null
        };
        Self::parse(program, &description).with_context(|| path.display().to_string())
    }

    /// The short name: the folder of the source's language, and the program's.
    pub fn name(&self) -> String {
        let language = self.program.parent().and_then(Path::parent);
        let language = language.and_then(Path::file_name).unwrap_or_default();
        let name = self.program.file_stem().unwrap_or_default();
        format!("{}/{}", language.display(), name.display())
    }

    fn parse(program: PathBuf, description: &Value) -> Result<Self> {
        const KNOWN: [&str; 6] = ["args", "env", "exit_code", "root", "stderr", "stdout"];
        for key in description
            .as_object()
            .into_iter()
            .flat_map(|map| map.keys())
        {
            ensure!(KNOWN.contains(&key.as_str()), "unknown key {key:?}");
        }
        let root = match optional_text(&description["root"])? {
            Some(root) => program.parent().map(|folder| folder.join(root)),
            None => None,
        };
        let arguments = match &description["args"] {
            Value::Null => Vec::new(),
            Value::Array(values) => values.iter().map(text).collect::<Result<_>>()?,
            other => bail!("args: expected an array, found {other}"),
        };
        let variables = match &description["env"] {
            Value::Null => Vec::new(),
            Value::Object(values) => values
                .iter()
                .map(|(name, value)| Ok((name.clone(), text(value)?)))
                .collect::<Result<_>>()?,
            other => bail!("env: expected an object, found {other}"),
        };
        let exit_code = match &description["exit_code"] {
            Value::Null => 0,
            value => value
                .as_u64()
                .and_then(|code| u32::try_from(code).ok())
                .with_context(|| format!("exit_code: expected a number, found {value}"))?,
        };
        Ok(Self {
            program,
            arguments,
            variables,
            root,
            expected: Expected {
                exit_code,
                stdout: optional_text(&description["stdout"])?,
                stderr: optional_text(&description["stderr"])?,
            },
        })
    }
}

fn text(value: &Value) -> Result<String> {
    let text = value.as_str();
    let text = text.with_context(|| format!("expected a string, found {value}"))?;
    Ok(text.to_owned())
}

fn optional_text(value: &Value) -> Result<Option<String>> {
    match value {
        Value::Null => Ok(None),
        value => text(value).map(Some),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_description_is_read_whole_or_refused() {
        let program = PathBuf::from("suite/rust/wasm32-wasip1/case.wasm");
        let description = json!({"args": ["a"], "env": {"K": "v"}, "root": "dir", "exit_code": 3});
        let case = Case::parse(program.clone(), &description).unwrap();
        assert_eq!(case.name(), "rust/case");
        assert_eq!(
            case.root.unwrap(),
            Path::new("suite/rust/wasm32-wasip1/dir")
        );
        assert_eq!(case.expected.exit_code, 3);
        for wrong in [
            json!({"operations": []}),
            json!({"args": 1}),
            json!({"exit_code": -1}),
        ] {
            assert!(Case::parse(program.clone(), &wrong).is_err(), "{wrong}");
        }
    }
}
