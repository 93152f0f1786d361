//! Fetching programs that other people wrote, when a test runs, with the package clients of the machine (`npm`, `pip`, `cargo`),
//! which know its registries. Nothing fetched is used before its SHA-256 is the pinned one.

use crate::{Skipped, cache};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A package of the npm registry, and the SHA-256 of the archive that `npm pack` gives.
#[derive(Clone, Copy, Debug)]
pub struct NpmPin {
    /// The package's name, with its scope.
    pub name: &'static str,
    /// The exact version.
    pub version: &'static str,
    /// The archive's hash, in lower-case hexadecimal.
    pub sha256: &'static str,
}

/// A package of the Python registry, and the SHA-256 of its wheel: the one that this system is given.
#[derive(Clone, Copy, Debug)]
pub struct WheelPin {
    /// The package's name.
    pub name: &'static str,
    /// The exact version.
    pub version: &'static str,
    /// The wheel's hash, in lower-case hexadecimal.
    pub sha256: &'static str,
}

/// A program of crates.io, and the SHA-256 of its `.crate` archive.
#[derive(Clone, Copy, Debug)]
pub struct CratePin {
    /// The crate's name.
    pub name: &'static str,
    /// The exact version.
    pub version: &'static str,
    /// The archive's hash, in lower-case hexadecimal: what crates.io calls its checksum.
    pub sha256: &'static str,
    /// Which of its programs is wanted.
    pub binary: &'static str,
    /// Arguments for `cargo build`, such as features.
    pub arguments: &'static [&'static str],
}

/// Fetches an npm package, unless that was done before, and returns the folder of its unpacked files.
///
/// # Errors
/// [`Skipped`] where there is no `npm` or no way to the registry.
///
/// # Panics
/// When what came is not what was pinned.
pub fn npm_package(pin: &NpmPin) -> Result<PathBuf, Skipped> {
    let entry = format!(
        "npm/{}-{}",
        pin.name.trim_start_matches('@').replace('/', "-"),
        &pin.sha256[..16]
    );
    cache::entry(&entry, |folder| {
        created(fs::create_dir_all(folder), folder);
        let mut command = Command::new("npm");
        command
            .args(["pack", "--silent", &format!("{}@{}", pin.name, pin.version)])
            .current_dir(folder);
        run(&mut command, "apt-get install npm")?;
        let archive = only_file(folder);
        verify(&archive, pin.sha256, pin.name);
        // An npm archive has one folder, `package`, whose contents take the place of the archive.
        unpack(&archive, 1, folder)?;
        created(fs::remove_file(&archive), &archive);
        Ok(())
    })
}

/// Fetches a wheel, unless that was done before, and returns the folder of its unpacked files.
///
/// # Errors
/// [`Skipped`] where there is no `pip` or no way to the registry.
///
/// # Panics
/// When what came is not what was pinned.
pub fn wheel(pin: &WheelPin) -> Result<PathBuf, Skipped> {
    let entry = format!("wheels/{}-{}", pin.name, &pin.sha256[..16]);
    cache::entry(&entry, |folder| {
        created(fs::create_dir_all(folder), folder);
        let mut command = python();
        command
            .args([
                "pip",
                "download",
                "--quiet",
                "--no-deps",
                "--only-binary=:all:",
            ])
            .arg(format!("{}=={}", pin.name, pin.version))
            .arg("--dest")
            .arg(folder);
        run(&mut command, "apt-get install python3-pip")?;
        let archive = only_file(folder);
        verify(&archive, pin.sha256, pin.name);
        // A wheel is a zip archive.
        let mut command = python();
        command.args(["zipfile", "-e"]).arg(&archive).arg(folder);
        run(&mut command, "apt-get install python3")?;
        created(fs::remove_file(&archive), &archive);
        Ok(())
    })
}

/// Python with one of its modules as a program, whose name is the first argument.
fn python() -> Command {
    let mut command = Command::new("python3");
    command.arg("-m");
    command
}

/// Fetches a crate and builds its program for `wasm32-wasip1` with its own `Cargo.lock`, unless that was done before, and
/// returns the path of the `.wasm` file.
///
/// # Errors
/// [`Skipped`] where there is no way to the registry, or no target `wasm32-wasip1`.
///
/// # Panics
/// When what came is not what was pinned, or does not build.
pub fn crate_program(pin: &CratePin) -> Result<PathBuf, Skipped> {
    crate::guest("hello")?; // Says what is missing, if the target is.
    let hash = cache::hash_of(&[pin.sha256.as_bytes(), pin.arguments.join(" ").as_bytes()]);
    let entry = format!("crates/{}-{}-{}.wasm", pin.binary, pin.version, &hash[..16]);
    cache::entry(&entry, |output| {
        let folder = crate_sources(pin)?;
        let target = cache::directory().join("crates/target");
        let mut command = cargo();
        command.args([
            "build",
            "--release",
            "--locked",
            "--target",
            "wasm32-wasip1",
            "--bin",
            pin.binary,
        ]);
        command
            .args(pin.arguments)
            .arg("--target-dir")
            .arg(&target)
            .current_dir(&folder);
        // Built once and run for a moment: little optimization, and none across crates, is the quickest in all.
        for (setting, value) in [
            ("OPT_LEVEL", "1"),
            ("LTO", "off"),
            ("CODEGEN_UNITS", "16"),
            ("DEBUG", "0"),
        ] {
            command.env(format!("CARGO_PROFILE_RELEASE_{setting}"), value);
        }
        let built = command
            .output()
            .unwrap_or_else(|error| panic!("{command:?}: {error}"));
        assert!(
            built.status.success(),
            "{command:?}\n{}",
            String::from_utf8_lossy(&built.stderr)
        );
        let program = target
            .join("wasm32-wasip1/release")
            .join(format!("{}.wasm", pin.binary));
        created(fs::copy(program, output).map(|_| ()), output);
        Ok(())
    })
}

/// The crate's own files, as a package that belongs to no workspace.
fn crate_sources(pin: &CratePin) -> Result<PathBuf, Skipped> {
    cache::entry(
        &format!(
            "crates/sources/{}-{}-{}",
            pin.name,
            pin.version,
            &pin.sha256[..16]
        ),
        |folder| {
            created(fs::create_dir_all(folder), folder);
            let (archive, home) = fetch_archive(pin, &folder.with_added_extension("fetch"))?;
            verify(&archive, pin.sha256, pin.name);
            unpack(&archive, 1, folder)?;
            created(fs::remove_dir_all(&home), &home);
            let manifest = folder.join("Cargo.toml");
            let text = fs::read_to_string(&manifest).map(|text| format!("{text}\n[workspace]\n"));
            created(text.and_then(|text| fs::write(&manifest, text)), &manifest);
            Ok(())
        },
    )
}

/// Has cargo fetch the crate as the one dependency of an empty package in `scratch`, and finds the archive that it keeps.
fn fetch_archive(pin: &CratePin, scratch: &Path) -> Result<(PathBuf, PathBuf), Skipped> {
    created(fs::create_dir_all(scratch.join("src")), scratch);
    created(fs::write(scratch.join("src/lib.rs"), ""), scratch);
    let manifest = format!(
        "[package]\nname = \"fetch\"\nedition = \"2024\"\n[workspace]\n[dependencies]\n{} = {{ version = \"={}\", default-features = false }}\n",
        pin.name, pin.version
    );
    created(fs::write(scratch.join("Cargo.toml"), manifest), scratch);
    run(
        cargo().arg("fetch").current_dir(scratch),
        "a network that reaches the registry",
    )?;
    let name = format!("{}-{}.crate", pin.name, pin.version);
    let found = registry_caches()
        .into_iter()
        .map(|cache| cache.join(&name))
        .find(|archive| archive.is_file());
    let archive = found
        .ok_or_else(|| Skipped::new(format!("cargo keeps no {name} where it was looked for")))?;
    Ok((archive, scratch.to_path_buf()))
}

fn registry_caches() -> Vec<PathBuf> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home
        .or_else(|| std::env::home_dir().map(|home| home.join(".cargo")))
        .unwrap_or_default();
    let entries = fs::read_dir(home.join("registry/cache"))
        .into_iter()
        .flatten()
        .flatten();
    entries.map(|entry| entry.path()).collect()
}

/// Cargo, without what the running `cargo test` has set for itself.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    for (name, _) in std::env::vars_os() {
        let inherited = name.to_str().is_some_and(|name| {
            name.starts_with("CARGO_PKG_")
                || matches!(
                    name,
                    "CARGO_TARGET_DIR" | "RUSTFLAGS" | "CARGO_MANIFEST_DIR"
                )
        });
        if inherited {
            command.env_remove(name);
        }
    }
    command
}

/// Runs a client; that it is missing or cannot reach its registry is a skip with the client's own words.
pub(crate) fn run(command: &mut Command, remedy: &str) -> Result<(), Skipped> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command
        .output()
        .map_err(|error| Skipped::new(format!("{program}: {error}; {remedy}")))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let last = said
        .lines()
        .rev()
        .find(|line| !line.trim().is_empty())
        .unwrap_or("no message");
    Err(Skipped::new(format!(
        "{program} failed: {last}; needed: {remedy}"
    )))
}

/// Unpacks a tar archive, compressed or not, into `folder`, without the first `strip` parts of each name.
pub(crate) fn unpack(archive: &Path, strip: usize, folder: &Path) -> Result<(), Skipped> {
    let mut command = Command::new("tar");
    command
        .arg("-xf")
        .arg(archive)
        .arg(format!("--strip-components={strip}"))
        .arg("--no-same-owner");
    run(command.arg("-C").arg(folder), "apt-get install tar gzip")
}

fn only_file(folder: &Path) -> PathBuf {
    let mut entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let archive = entries
        .next()
        .unwrap_or_else(|| panic!("{}: the client left no archive", folder.display()));
    archive.path()
}

fn verify(archive: &Path, pinned: &str, name: &str) {
    let found = cache::hash_of_file(archive)
        .unwrap_or_else(|error| panic!("{}: {error}", archive.display()));
    assert_eq!(
        found, pinned,
        "{name}: the fetched archive is not the pinned one; do not run it"
    );
}

fn created(result: std::io::Result<()>, path: &Path) {
    if let Err(error) = result {
        panic!("{}: {error}", path.display());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "is not the pinned one")]
    fn another_archive_than_the_pinned_one_is_refused() {
        let path = cache::directory().join("test-archive");
        created(fs::create_dir_all(cache::directory()), &path);
        created(fs::write(&path, "something else"), &path);
        verify(
            &path,
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "sample",
        );
    }

    #[test]
    fn a_missing_client_is_a_skip_that_names_the_remedy() {
        let skipped = run(&mut Command::new("no-such-package-client"), "install it")
            .expect_err("there is none");
        assert!(skipped.to_string().ends_with("; install it"), "{skipped}");
    }

    #[test]
    fn a_failing_client_is_quoted() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo no such host >&2; exit 7"]);
        let skipped = run(&mut command, "a network").expect_err("it fails");
        assert_eq!(
            skipped.to_string(),
            "sh failed: no such host; needed: a network"
        );
    }
}
