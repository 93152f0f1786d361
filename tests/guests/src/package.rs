//! Building guests that need crates of others: each a package of its own in `packages/`, with its lock file.

use crate::{Skipped, cache, fetch};
use std::fs;
use std::path::{Path, PathBuf};

const TARGET: &str = "wasm32-wasip2";

/// What packages may be built upon, of ours.
const GUEST: &str = "../../crates/guest";

/// Builds the package `packages/NAME`, a program or a library, for `wasm32-wasip2`, unless that was done before, and
/// returns the path of the `.wasm` file, a component.
///
/// # Errors
/// [`Skipped`] where this machine has no compiler for that target, or the crates cannot be fetched.
///
/// # Panics
/// When there is no such package, or it does not compile.
pub fn package(name: &str) -> Result<PathBuf, Skipped> {
    crate::guest("components/hello")?; // Says what is missing, if the target is.
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = here.join("packages").join(name);
    let mut files = Vec::new();
    collect(&folder, &mut files);
    collect(&here.join(GUEST), &mut files);
    let parts: Vec<&[u8]> = files.iter().map(|(_, contents)| &contents[..]).collect();
    let hash = cache::hash_of(&parts);
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
        let stem = match folder.join("src/lib.rs").is_file() {
            true => name.replace('-', "_"),
            false => name.to_owned(),
        };
        let program = target
            .join(TARGET)
            .join("release")
            .join(format!("{stem}.wasm"));
        fs::copy(&program, output).unwrap_or_else(|error| panic!("{}: {error}", program.display()));
        Ok(())
    })
}

/// The files in a folder and the folders inside of it, in order.
fn collect(folder: &Path, files: &mut Vec<(PathBuf, Vec<u8>)>) {
    let listed = fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut paths: Vec<PathBuf> = listed.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            collect(&path, files);
        } else {
            let contents = fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
            files.push((path, contents));
        }
    }
}
