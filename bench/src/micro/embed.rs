//! The measurements of the embedding API: programs that have an engine as a crate, built and run.

use super::values::{Unit, Values};
use crate::build::succeed;
use crate::engines::{Engine, Kind};
use crate::options::Micro;
use crate::paths::Paths;
use crate::process;
use crate::results::median_of;
use anyhow::Result;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

/// Builds and runs the programs of the engines that have one, one after the other, `samples` times.
///
/// # Errors
/// A program cannot be built or fails.
pub(super) fn measure(
    paths: &Paths,
    engines: &[Engine],
    micro: &Micro,
    values: &mut Values,
) -> Result<()> {
    let mut programs = vec![];
    for engine in engines {
        if let Some(program) = build(paths, engine.kind, micro)? {
            programs.push((engine.label.as_str(), program));
        }
    }
    let mut samples: BTreeMap<(usize, usize, String), Vec<f64>> = BTreeMap::new();
    for _ in 0..micro.samples {
        for (index, (_, program)) in programs.iter().enumerate() {
            let run = process::run(
                Command::new(program).args(&micro.only),
                Duration::from_secs(600),
            )?;
            for (line, text) in run.stdout.lines().enumerate() {
                if let Some((name, value)) = text.split_once(' ')
                    && let Ok(value) = value.parse()
                {
                    samples
                        .entry((index, line, name.to_owned()))
                        .or_default()
                        .push(value);
                }
            }
        }
    }
    for ((index, _, name), taken) in samples {
        let unit = if name.ends_with("_percent") {
            Unit::PerCent
        } else {
            Unit::Nanoseconds
        };
        let (value, unit) = match unit {
            Unit::Nanoseconds if name.starts_with("work") => {
                (median_of(&taken) / 1e6, Unit::Milliseconds)
            }
            other => (median_of(&taken), other),
        };
        values.add(
            programs[index].0,
            name.trim_end_matches("_percent"),
            unit,
            value,
        );
    }
    Ok(())
}

/// The program for an engine of this kind, built now; none when there is none, or when building it
/// means fetching another engine and nobody asked for that.
fn build(paths: &Paths, kind: Kind, micro: &Micro) -> Result<Option<PathBuf>> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--release", "--quiet"]);
    let (folder, target, name) = match kind {
        Kind::Silica => (
            paths.bench.join("micro"),
            paths.target.clone(),
            "silica-bench-micro",
        ),
        Kind::Wasmtime if micro.peers => (
            paths.bench.join("peers/wasmtime"),
            paths.out.join("peers"),
            "peer-wasmtime",
        ),
        Kind::Wasmtime
        | Kind::Native
        | Kind::Baseline
        | Kind::Node
        | Kind::Wasmer
        | Kind::Wasmedge
        | Kind::Wamr
        | Kind::Wazero => return Ok(None),
    };
    succeed(
        cargo
            .current_dir(folder)
            .args(["--package", name, "--target-dir"])
            .arg(&target),
    )?;
    Ok(Some(target.join("release").join(name)))
}
