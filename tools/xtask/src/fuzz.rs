//! `cargo xtask fuzz`: a run of the fuzz targets in `fuzz/`, one after the other, from the seed corpus on.
//!
//! cargo-fuzz builds them with the project's own toolchain: without a sanitizer, which would need another one, and nearly
//! all of what they run is safe code. Where cargo-fuzz is missing this says so and succeeds; a target that does not build,
//! or finds something, fails.

use anyhow::{Context, Result, ensure};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// Runs the targets named `wanted`, or all of `root/fuzz`, for `seconds` each.
pub(crate) fn run(root: &Path, seconds: u32, wanted: &[&str]) -> Result<ExitCode> {
    let Ok(known) = known_targets(root) else {
        println!("skipped: fuzz: cargo-fuzz is not installed; `cargo install --locked cargo-fuzz`");
        return Ok(ExitCode::SUCCESS);
    };
    for name in wanted {
        let is_known = known.iter().any(|target| target == name);
        ensure!(is_known, "no fuzz target {name}: {}", known.join(", "));
    }
    build(root)?;
    let chosen = known
        .iter()
        .filter(|name| wanted.is_empty() || wanted.contains(&name.as_str()));
    let (mut passed, mut failed) = (0, Vec::new());
    for target in chosen {
        println!("fuzz: {target} for {seconds} s");
        if fuzz(root, target, seconds)? {
            passed += 1;
        } else {
            failed.push(target.as_str());
        }
    }
    if !failed.is_empty() {
        println!("fuzz: found something: {}", failed.join(" "));
    }
    println!("{passed} passed, {} failed", failed.len());
    Ok(if failed.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Names of the targets; an error where there is no cargo-fuzz.
fn known_targets(root: &Path) -> Result<Vec<String>> {
    let output = cargo(root).args(["fuzz", "list"]).output();
    let output = output.context("cargo fuzz list")?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "cargo fuzz list: {errors}");
    let names = String::from_utf8(output.stdout)?;
    Ok(names.lines().map(str::to_owned).collect())
}

/// Assembles the seed corpus and builds every target.
fn build(root: &Path) -> Result<()> {
    let corpus = "run --quiet --bin corpus";
    let build = cargo(root)
        .args(corpus.split(' '))
        .status()
        .context(corpus)?;
    ensure!(build.success(), "cargo {corpus}: {build}");
    let mut command = cargo(root);
    command.args(["fuzz", "build"]).args(settings(root));
    let build = command.status().context("cargo fuzz build")?;
    ensure!(build.success(), "{command:?}: {build}");
    Ok(())
}

/// Whether a target ran for `seconds` and found nothing. What it finds is kept in `fuzz/artifacts/`.
fn fuzz(root: &Path, target: &str, seconds: u32) -> Result<bool> {
    let mut command = cargo(root);
    command
        .args(["fuzz", "run"])
        .args(settings(root))
        .args([target, "--", "-rss_limit_mb=4096", "-timeout=60"])
        .arg(format!("-max_total_time={seconds}"))
        .arg("-print_final_stats=1");
    Ok(command.status().context("cargo fuzz run")?.success())
}

/// How targets are built: into a folder of their own, which is kept.
fn settings(root: &Path) -> [String; 3] {
    let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    let folder = root.join(target.unwrap_or_else(|| "target".into()));
    [
        "--sanitizer=none".to_owned(),
        "--target-dir".to_owned(),
        folder.join("fuzz").display().to_string(),
    ]
}

fn cargo(root: &Path) -> Command {
    let mut command = Command::new("cargo");
    command.current_dir(root);
    command
}
