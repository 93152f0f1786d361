//! Building guests that need crates of others: each a package of its own in `packages/`, with its lock file.

use crate::{Skipped, cache, fetch};
use std::fs;
use std::path::{Path, PathBuf};

const TARGET: &str = "wasm32-wasip2";

/// Builds the package `packages/NAME` for `wasm32-wasip2`, unless that was done before, and returns the path of the
/// `.wasm` file, a component.
///
/// # Errors
/// [`Skipped`] where this machine has no compiler for that target, or the crates cannot be fetched.
///
/// # Panics
/// When there is no such package, or it does not compile.
pub fn package(name: &str) -> Result<PathBuf, Skipped> {
    crate::guest("components/hello")?; // Says what is missing, if the target is.
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("packages")
        .join(name);
    let read = |file: &str| {
        let path = folder.join(file);
        fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    };
    let parts = ["Cargo.toml", "Cargo.lock", "src/main.rs"].map(read);
    let hash = cache::hash_of(&[&parts[0], &parts[1], &parts[2]]);
    let entry = format!("packages/{name}-{}.wasm", &hash[..16]);
    cache::entry(&entry, |output| {
        let target = cache::directory().join("packages/target");
        let cargo = |arguments: &[&str]| {
            let mut command = fetch::cargo();
            command
                .args(arguments)
                .arg("--locked")
                .env("CARGO_TARGET_DIR", &target)
                .current_dir(&folder);
            let output = command.output();
            output.unwrap_or_else(|error| panic!("{command:?}: {error}"))
        };
        if !cargo(&["fetch", "--target", TARGET]).status.success() {
            let reason =
                format!("the crates of {name} cannot be fetched; `cargo fetch` needs crates.io");
            return Err(Skipped::new(reason));
        }
        let built = cargo(&["build", "--release", "--target", TARGET]);
        assert!(
            built.status.success(),
            "{name}: {}",
            String::from_utf8_lossy(&built.stderr)
        );
        let program = target
            .join(TARGET)
            .join("release")
            .join(format!("{name}.wasm"));
        fs::copy(&program, output).unwrap_or_else(|error| panic!("{}: {error}", program.display()));
        Ok(())
    })
}
