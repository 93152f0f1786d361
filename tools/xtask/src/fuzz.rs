//! `cargo xtask fuzz`: a short run of every fuzz target in `fuzz/`, one after the other.
//!
//! Where cargo-fuzz or a nightly toolchain is missing this says so and succeeds, since neither belongs to the project's
//! own toolchain; a target that finds something fails.

use anyhow::{Context, Result};
use std::path::Path;
use std::process::{Command, ExitCode};

/// Runs each target of `root/fuzz` for `seconds`.
pub(crate) fn run(root: &Path, seconds: u32) -> Result<ExitCode> {
    let folder = root.join("fuzz");
    if !folder.join("Cargo.toml").is_file() {
        println!("fuzz: there is no fuzz/Cargo.toml; nothing to run");
        return Ok(ExitCode::SUCCESS);
    }
    if !answers(root, &["+nightly", "fuzz", "--version"]) {
        println!("fuzz: skipped, no cargo-fuzz on a nightly toolchain");
        println!("fuzz: rustup toolchain install nightly && cargo install cargo-fuzz");
        return Ok(ExitCode::SUCCESS);
    }
    let mut failed = Vec::new();
    let targets = targets(root)?;
    for target in &targets {
        println!("fuzz: {target} for {seconds} s");
        let status = fuzz_command(root)
            .args([
                "run",
                target,
                "--",
                &format!("-max_total_time={seconds}"),
                "-rss_limit_mb=4096",
                "-timeout=60",
            ])
            .status()
            .context("cargo fuzz run")?;
        if !status.success() {
            failed.push(target.as_str());
        }
    }
    println!(
        "fuzz: {} targets ran, {} found something: {}",
        targets.len(),
        failed.len(),
        failed.join(" ")
    );
    Ok(if failed.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn fuzz_command(root: &Path) -> Command {
    let mut command = Command::new("cargo");
    // The toolchain and the settings of the cargo that runs this program are not the fuzzer's.
    command
        .env_remove("RUSTUP_TOOLCHAIN")
        .env_remove("CARGO")
        .current_dir(root)
        .args(["+nightly", "fuzz"]);
    command
}

fn answers(root: &Path, arguments: &[&str]) -> bool {
    let mut command = Command::new("cargo");
    command
        .env_remove("RUSTUP_TOOLCHAIN")
        .env_remove("CARGO")
        .current_dir(root)
        .args(arguments);
    command.output().is_ok_and(|output| output.status.success())
}

fn targets(root: &Path) -> Result<Vec<String>> {
    let output = fuzz_command(root)
        .arg("list")
        .output()
        .context("cargo fuzz list")?;
    anyhow::ensure!(
        output.status.success(),
        "cargo fuzz list: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8(output.stdout)?
        .lines()
        .map(str::to_owned)
        .collect())
}
