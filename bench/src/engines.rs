//! The engines: how each is found, how it compiles ahead of time, how it runs a guest.

use crate::build::succeed;
use crate::options::Options;
use crate::paths::{Paths, search};
use crate::process;
use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// What kind of engine: how it is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    Native,
    Silica,
    /// `silica --tier baseline`
    #[serde(rename = "silica-baseline")]
    Baseline,
    Wasmtime,
    Node,
    Wasmer,
    Wasmedge,
    Wamr,
    Wazero,
}

impl Kind {
    const ALL: [Self; 9] = [
        Self::Native,
        Self::Silica,
        Self::Baseline,
        Self::Wasmtime,
        Self::Node,
        Self::Wasmer,
        Self::Wasmedge,
        Self::Wamr,
        Self::Wazero,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Silica => "silica",
            Self::Baseline => "silica-baseline",
            Self::Wasmtime => "wasmtime",
            Self::Node => "node",
            Self::Wasmer => "wasmer",
            Self::Wasmedge => "wasmedge",
            Self::Wamr => "wamr",
            Self::Wazero => "wazero",
        }
    }

    /// The kind that a label names, which may go on after a hyphen.
    fn of(label: &str) -> Option<Self> {
        let named = |kind: &Self| {
            (label.strip_prefix(kind.name()))
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
        };
        Self::ALL
            .into_iter()
            .filter(named)
            .max_by_key(|kind| kind.name().len())
    }

    /// The name of its program.
    fn program(self) -> &'static str {
        match self {
            Self::Wamr => "iwasm",
            Self::Baseline => "silica",
            Self::Native
            | Self::Silica
            | Self::Wasmtime
            | Self::Node
            | Self::Wasmer
            | Self::Wasmedge
            | Self::Wazero => self.name(),
        }
    }
}

/// One engine on this machine.
#[derive(Clone, Debug)]
pub(crate) struct Engine {
    pub(crate) kind: Kind,
    /// What the tables call it.
    pub(crate) label: String,
    /// Its program; empty for native programs.
    pub(crate) program: PathBuf,
    /// What it says of its version.
    pub(crate) version: String,
    /// The script with which node runs WASI programs.
    pub(crate) script: PathBuf,
}

/// Finds the engines that the options ask for.
///
/// # Errors
/// A kind is unknown, an engine that was named is not there, or `silica` cannot be built.
pub(crate) fn find(paths: &Paths, options: &Options) -> Result<Vec<Engine>> {
    let mut engines = vec![];
    if options.engines.is_empty() {
        for kind in Kind::ALL {
            engines.extend(
                locate(paths, options, kind)?.map(|path| engine(paths, kind, kind.name(), path)),
            );
        }
        return Ok(engines);
    }
    named(paths, options, &options.engines)
}

/// Finds engines by `KIND` or `KIND[-LABEL]=PATH`.
///
/// # Errors
/// As [`find`].
pub(crate) fn named(
    paths: &Paths,
    options: &Options,
    asked: &[impl AsRef<str>],
) -> Result<Vec<Engine>> {
    let mut engines = vec![];
    for asked in asked {
        let asked = asked.as_ref();
        let (label, path) = asked
            .split_once('=')
            .map_or((asked, None), |(l, p)| (l, Some(p)));
        let kind = Kind::of(label)
            .with_context(|| format!("no engine is called {label:?}; there are {}", names()))?;
        let name = kind.name();
        let path = match path {
            Some(path) => PathBuf::from(path),
            None => locate(paths, options, kind)?.with_context(|| {
                format!("{name} is in none of the directories of PATH and SILICA_PEERS")
            })?,
        };
        engines.push(engine(paths, kind, label, path));
    }
    Ok(engines)
}

fn names() -> String {
    Kind::ALL.map(Kind::name).join(", ")
}

fn engine(paths: &Paths, kind: Kind, label: &str, program: PathBuf) -> Engine {
    let version = match kind {
        Kind::Native => String::from("rustc and clang -O3"),
        Kind::Wazero => version_of(&program, "version"),
        Kind::Silica
        | Kind::Baseline
        | Kind::Wasmtime
        | Kind::Node
        | Kind::Wasmer
        | Kind::Wasmedge
        | Kind::Wamr => version_of(&program, "--version"),
    };
    Engine {
        kind,
        label: label.to_owned(),
        program,
        version,
        script: paths.bench.join("wasi.mjs"),
    }
}

fn version_of(program: &Path, argument: &str) -> String {
    process::run(Command::new(program).arg(argument), Duration::from_secs(10))
        .ok()
        .and_then(|run| run.stdout.lines().next().map(str::to_owned))
        .unwrap_or_else(|| String::from("of unknown version"))
}

fn locate(paths: &Paths, options: &Options, kind: Kind) -> Result<Option<PathBuf>> {
    match kind {
        Kind::Native => Ok(Some(PathBuf::new())),
        Kind::Silica | Kind::Baseline => silica(paths, options),
        Kind::Wasmtime | Kind::Node | Kind::Wasmer | Kind::Wasmedge | Kind::Wamr | Kind::Wazero => {
            Ok(search(kind.program()))
        }
    }
}

/// The command of this tree, built now unless that is not wanted.
fn silica(paths: &Paths, options: &Options) -> Result<Option<PathBuf>> {
    let path = paths.silica();
    if !options.no_build {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo
            .current_dir(&paths.bench)
            .args([
                "build",
                "--release",
                "--quiet",
                "--package",
                "silica-cli",
                "--target-dir",
            ])
            .arg(&paths.target);
        succeed(&mut cargo)?;
    }
    Ok(path.is_file().then_some(path))
}

/// A guest made ready for an engine.
pub(crate) struct Prepared {
    /// What the engine runs: the module or what it was compiled to.
    pub(crate) file: PathBuf,
    /// How long compiling ahead of time took, where the engine can.
    pub(crate) compile: Option<Duration>,
}

/// Directories that a guest may use: `(host, guest)`.
pub(crate) type Grants<'a> = &'a [(&'a Path, &'a str)];

impl Engine {
    /// Compiles `module` ahead of time, if the engine can, to a file in `folder`.
    ///
    /// # Errors
    /// The compiler fails or takes longer than `timeout`.
    pub(crate) fn prepare(
        &self,
        module: &Path,
        folder: &Path,
        timeout: Duration,
    ) -> Result<Prepared> {
        let name = module
            .file_stem()
            .context("a module has a name")?
            .to_string_lossy();
        let output = folder.join(format!("{name}.{}", self.label));
        let Some(mut command) = self.compiler(module, &output) else {
            return Ok(Prepared {
                file: module.to_owned(),
                compile: None,
            });
        };
        let run = process::run(&mut command, timeout)?;
        if !output.is_file() {
            bail!(
                "{} compiled {} but wrote nothing",
                self.label,
                module.display()
            );
        }
        Ok(Prepared {
            file: output,
            compile: Some(run.wall),
        })
    }

    /// The command that compiles `module` to `output`, if the engine has one.
    pub(crate) fn compiler(&self, module: &Path, output: &Path) -> Option<Command> {
        let mut command = Command::new(&self.program);
        match self.kind {
            Kind::Silica | Kind::Wasmtime => {
                command.arg("compile").arg(module).arg("-o").arg(output);
            }
            Kind::Baseline => {
                command.args(["compile", "--tier", "baseline"]);
                command.arg(module).arg("-o").arg(output);
            }
            Kind::Wasmedge => {
                command = Command::new(search("wasmedgec")?);
                command.arg(module).arg(output);
            }
            Kind::Wamr => {
                command = Command::new(search("wamrc")?);
                command.arg("-o").arg(output).arg(module);
            }
            Kind::Native | Kind::Node | Kind::Wasmer | Kind::Wazero => return None,
        }
        Some(command)
    }

    /// The command that runs `file`, with what its directories are called on both sides.
    ///
    /// A native program is given the host's directory as its working directory, since it cannot be
    /// told other names.
    pub(crate) fn command(&self, file: &Path, grants: Grants<'_>, arguments: &[String]) -> Command {
        let mut command = Command::new(&self.program);
        let joined = |(host, guest): &(&Path, &str)| format!("{}::{guest}", host.display());
        match self.kind {
            Kind::Native => {
                command = Command::new(file);
                if let Some((host, _)) = grants.first() {
                    command.current_dir(host);
                }
                command.args(arguments);
                return command;
            }
            Kind::Silica | Kind::Baseline | Kind::Wasmtime => {
                command.args(["run", "--allow-precompiled"]);
                grants
                    .iter()
                    .for_each(|grant| _ = command.arg("--dir").arg(joined(grant)));
            }
            Kind::Node => {
                command.arg("--no-warnings").arg(&self.script);
                grants
                    .iter()
                    .for_each(|grant| _ = command.arg("--dir").arg(joined(grant)));
            }
            Kind::Wasmer => {
                command.arg("run");
                for (host, guest) in grants {
                    command
                        .arg("--mapdir")
                        .arg(format!("{guest}:{}", host.display()));
                }
                command.arg(file).arg("--").args(arguments);
                return command;
            }
            Kind::Wasmedge => {
                for (host, guest) in grants {
                    command
                        .arg("--dir")
                        .arg(format!("{guest}:{}", host.display()));
                }
            }
            Kind::Wamr => {
                for (host, guest) in grants {
                    command.arg(format!("--map-dir={guest}::{}", host.display()));
                }
            }
            Kind::Wazero => {
                command.arg("run");
                for (host, guest) in grants {
                    command
                        .arg("-mount")
                        .arg(format!("{}:{guest}", host.display()));
                }
            }
        }
        command.arg(file).args(arguments);
        command
    }
}
