//! Building the programs: each natively and to WebAssembly, from the same source, with the same
//! optimization.
//!
//! Floating-point contraction is off everywhere, so that the same operations are done on every
//! processor and the outputs can be compared bit by bit.

use crate::paths::{Paths, search};
use crate::programs::{Language, Program};
use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

/// How a guest was built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Guest {
    Plain,
    Simd,
    Threads,
    /// A component, of WASI 0.2.
    Component,
}

impl Guest {
    /// The target that it is built for, in Rust.
    fn target(self) -> &'static str {
        match self {
            Self::Plain | Self::Simd => "wasm32-wasip1",
            Self::Threads => "wasm32-wasip1-threads",
            Self::Component => "wasm32-wasip2",
        }
    }

    /// The name of its folder.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Simd => "simd",
            Self::Threads => "threads",
            Self::Component => "component",
        }
    }
}

/// A program that was built.
pub(crate) struct Built {
    pub(crate) name: &'static str,
    pub(crate) family: &'static str,
    /// The native program, where there is one.
    pub(crate) native: Option<PathBuf>,
    pub(crate) guests: Vec<(Guest, PathBuf)>,
}

/// Builds `programs` natively and as each of `guests`. Programs in C are left out, with a word on
/// standard error, where clang or wasi-libc is missing.
///
/// # Errors
/// A compiler reports an error.
pub(crate) fn build(
    paths: &Paths,
    programs: &[&'static Program],
    guests: &[Guest],
) -> Result<Vec<Built>> {
    let mut languages = vec![];
    if programs
        .iter()
        .any(|program| program.language == Language::Rust)
    {
        build_rust(paths, guests)?;
        languages.push(Language::Rust);
    }
    match Clang::find() {
        Ok(clang) => {
            let ours = programs
                .iter()
                .filter(|program| program.language == Language::C);
            for program in ours {
                clang.build(paths, program.name, guests)?;
            }
            languages.push(Language::C);
        }
        Err(reason) => eprintln!("The programs in C are left out: {reason:#}."),
    }
    let built = programs
        .iter()
        .filter(|program| languages.contains(&program.language));
    Ok(built.map(|program| place(paths, program, guests)).collect())
}

fn place(paths: &Paths, program: &'static Program, guests: &[Guest]) -> Built {
    let usable = guests
        .iter()
        .filter(|guest| **guest == Guest::Simd || !program.simd_only);
    let name = program.name;
    match program.language {
        Language::C => Built {
            name,
            family: program.family,
            native: Some(paths.out.join("c/native").join(name)),
            guests: usable
                .map(|&guest| (guest, c_guest(paths, name, guest)))
                .collect(),
        },
        Language::Rust => Built {
            name,
            family: program.family,
            native: Some(rust_native(paths, name)),
            guests: usable
                .map(|&guest| (guest, rust_guest(paths, name, guest)))
                .collect(),
        },
    }
}

/// Where a native program in Rust is.
pub(crate) fn rust_native(paths: &Paths, name: &str) -> PathBuf {
    paths.out.join("rust/native/release").join(name)
}

/// Where a guest in Rust is.
pub(crate) fn rust_guest(paths: &Paths, name: &str, guest: Guest) -> PathBuf {
    paths
        .out
        .join("rust")
        .join(guest.name())
        .join(format!("{}/release/{name}.wasm", guest.target()))
}

/// Builds every program in Rust: cargo knows what is up to date.
///
/// # Errors
/// The compiler reports an error.
pub(crate) fn build_rust(paths: &Paths, guests: &[Guest]) -> Result<()> {
    let cargo = |folder: &str| {
        let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command
            .current_dir(paths.bench.join("programs/rust"))
            .args([
                "build",
                "--release",
                "--locked",
                "--quiet",
                "--bins",
                "--target-dir",
            ])
            .arg(paths.out.join("rust").join(folder))
            .env_remove("RUSTFLAGS")
            .env_remove("CARGO_ENCODED_RUSTFLAGS")
            .env_remove("CARGO_BUILD_TARGET");
        command
    };
    succeed(&mut cargo("native"))?;
    for guest in guests {
        let mut command = cargo(guest.name());
        command.args(["--target", guest.target()]);
        match guest {
            Guest::Plain | Guest::Threads | Guest::Component => {}
            Guest::Simd => {
                command.env("RUSTFLAGS", "-C target-feature=+simd128");
            }
        }
        succeed(&mut command)?;
    }
    Ok(())
}

fn c_guest(paths: &Paths, name: &str, guest: Guest) -> PathBuf {
    paths
        .out
        .join("c")
        .join(guest.name())
        .join(format!("{name}.wasm"))
}

/// The C compiler and the C library of guests.
pub(crate) struct Clang {
    program: PathBuf,
    sysroot: PathBuf,
}

/// What both kinds of build say to clang.
const COMMON: [&str; 4] = ["-O3", "-std=gnu11", "-ffp-contract=off", "-Wall"];
/// What every engine of today has, and what rustc's target has switched on.
const FEATURES: [&str; 3] = ["-mbulk-memory", "-msign-ext", "-mnontrapping-fptoint"];

impl Clang {
    /// Finds clang, and wasi-libc in `WASI_SYSROOT` or where distributions put it.
    ///
    /// # Errors
    /// One of them is not there.
    pub(crate) fn find() -> Result<Self> {
        let program = search("clang").context("clang is not in PATH")?;
        let named = std::env::var_os("WASI_SYSROOT").map(PathBuf::from);
        let usual = ["/usr", "/opt/wasi-sdk/share/wasi-sysroot"].map(PathBuf::from);
        let sysroot = named
            .into_iter()
            .chain(usual)
            .find(|root| root.join("include/wasm32-wasi").is_dir())
            .context("there is no wasi-libc; WASI_SYSROOT can name its directory")?;
        Ok(Self { program, sysroot })
    }

    fn build(&self, paths: &Paths, name: &str, guests: &[Guest]) -> Result<()> {
        let folder = paths.bench.join("programs/c");
        let source = folder.join(name).with_extension("c");
        let inputs = [source.clone(), folder.join("bench.h"), paths.runner.clone()];
        self.compile(
            &source,
            &inputs,
            &paths.out.join("c/native").join(name),
            &["-lm"],
        )?;
        for &guest in guests {
            let sysroot = format!("--sysroot={}", self.sysroot.display());
            let mut flags = vec!["--target=wasm32-wasi", &sysroot, "-lm"];
            flags.extend(FEATURES);
            match guest {
                // No program in C has threads, or is a component.
                Guest::Plain | Guest::Threads | Guest::Component => {}
                Guest::Simd => flags.push("-msimd128"),
            }
            self.compile(&source, &inputs, &c_guest(paths, name, guest), &flags)?;
        }
        Ok(())
    }

    fn compile(
        &self,
        source: &Path,
        inputs: &[PathBuf],
        output: &Path,
        flags: &[&str],
    ) -> Result<()> {
        if is_newer(output, inputs) {
            return Ok(());
        }
        let folder = output.parent().context("the output has a folder")?;
        std::fs::create_dir_all(folder)
            .with_context(|| format!("cannot make {}", folder.display()))?;
        let mut command = Command::new(&self.program);
        succeed(
            command
                .args(COMMON)
                .arg(source)
                .args(flags)
                .arg("-o")
                .arg(output),
        )
    }
}

fn is_newer(output: &Path, inputs: &[PathBuf]) -> bool {
    let changed = |path: &Path| path.metadata().and_then(|data| data.modified());
    let newest = inputs
        .iter()
        .map(|path| changed(path).unwrap_or_else(|_| SystemTime::now()))
        .max();
    changed(output).is_ok_and(|made| Some(made) > newest)
}

/// Runs a build command, whose own messages go to standard error.
///
/// # Errors
/// It cannot be started or fails.
pub(crate) fn succeed(command: &mut Command) -> Result<()> {
    let status = command
        .status()
        .with_context(|| format!("cannot start {}", command.get_program().to_string_lossy()))?;
    if !status.success() {
        bail!("building failed: {command:?}");
    }
    Ok(())
}
