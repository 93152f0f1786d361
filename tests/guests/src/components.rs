//! Components in Python and in JavaScript, made by the tools that their users have, which are fetched when a test asks.
//!
//! Of the tool for Python the wheel is pinned by its hash; that for JavaScript is many packages, each of whose hashes stands
//! in the lock file beside the script, which the client checks.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::fetch::{WheelPin, run, wheel};
use crate::{Skipped, cache};

/// componentize-py, for Linux on x86-64.
pub const COMPONENTIZE_PY: WheelPin = WheelPin {
    name: "componentize-py",
    version: "0.25.1",
    sha256: "8623cd8cab8453cb0cd8bf03f3c7103420d06f2f3d360186a280a70a1ca5e89f",
};

fn sources() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn contents(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The world that both export.
fn world() -> PathBuf {
    sources().join("words.wit")
}

fn only_here() -> Result<(), Skipped> {
    if cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        return Ok(());
    }
    Err(Skipped::new(
        "the tools are fetched for Linux on x86-64 only",
    ))
}

/// `python/words.py`, which counts words, as a component with an interpreter in it.
///
/// # Errors
/// [`Skipped`] where the tool cannot be fetched or started.
pub fn python_words() -> Result<PathBuf, Skipped> {
    only_here()?;
    let tool = wheel(&COMPONENTIZE_PY)?;
    let folder = sources().join("python");
    let script = contents(&folder.join("words.py"));
    let hash = cache::hash_of(&[
        COMPONENTIZE_PY.sha256.as_bytes(),
        &script,
        &contents(&world()),
    ]);
    cache::entry(&format!("python/words-{}.wasm", &hash[..16]), |output| {
        let mut command = Command::new("python3");
        command
            .args(["-c", "import componentize_py; componentize_py.script()"])
            .arg("-d")
            .arg(world())
            .args(["-w", "words", "componentize", "words", "-o"])
            .arg(output)
            // The sources' folder stays as it is.
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("PYTHONPATH", tool)
            .current_dir(folder);
        run(&mut command, "apt-get install python3")
    })
}

/// `javascript/words.js`, which counts words, as a component with an engine in it.
///
/// # Errors
/// [`Skipped`] where the tool cannot be fetched or started.
pub fn javascript_words() -> Result<PathBuf, Skipped> {
    only_here()?;
    let folder = sources().join("javascript");
    let names = [
        "words.js",
        "componentize.mjs",
        "package.json",
        "package-lock.json",
    ];
    let files = names.map(|name| contents(&folder.join(name)));
    let wit = contents(&world());
    let parts: Vec<&[u8]> = files.iter().chain([&wit]).map(Vec::as_slice).collect();
    let hash = cache::hash_of(&parts);
    let lock = cache::hash_of(&[&files[2], &files[3]]);
    let tool = cache::entry(&format!("javascript/tool-{}", &lock[..16]), |tool| {
        copy(&folder, &names[2..], tool)?;
        let mut command = Command::new("npm");
        // No package runs anything while it is installed.
        command
            .args([
                "ci",
                "--silent",
                "--ignore-scripts",
                "--no-audit",
                "--no-fund",
            ])
            .current_dir(tool);
        run(&mut command, "apt-get install npm")
    })?;
    cache::entry(
        &format!("javascript/words-{}.wasm", &hash[..16]),
        |output| {
            copy(&folder, &names[..2], &tool)?;
            let mut command = Command::new("node");
            command
                .args(["componentize.mjs", "words.js"])
                .arg(world())
                .arg("words")
                .arg(output)
                .current_dir(&tool);
            run(&mut command, "apt-get install nodejs")
        },
    )
}

/// Copies these files of `from` into `to`, which is made.
fn copy(from: &Path, names: &[&str], to: &Path) -> Result<(), Skipped> {
    let copied = std::fs::create_dir_all(to).and_then(|()| {
        names
            .iter()
            .try_for_each(|name| std::fs::copy(from.join(name), to.join(name)).map(drop))
    });
    copied.map_err(|error| Skipped::new(format!("{}: {error}", to.display())))
}
