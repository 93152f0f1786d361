//! Building guests from the sources in `rust/` and `c/`, once for each content of a source and version of its compiler.
//!
//! A source may open with a line `//@ flags: …`, whose words are given to its compiler after the usual ones.

use crate::{Skipped, cache};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Builds `rust/NAME.rs` (by `rustc` for `wasm32-wasip1`), `threads/NAME.rs` for a name of the form `threads/NAME`
/// (for `wasm32-wasip1-threads`), `components/NAME.rs` for `components/NAME` (a component, for `wasm32-wasip2`), or `c/NAME.c` for a name of the form `c/NAME` (by clang for
/// `wasm32-wasi`), unless that was done before, and returns the path of the `.wasm` file.
///
/// # Errors
/// [`Skipped`] where this machine has no compiler for that target.
///
/// # Panics
/// When there is no such source, or it does not compile: then the test cannot be right.
pub fn guest(name: &str) -> Result<PathBuf, Skipped> {
    let (language, stem) = match name.split_once('/') {
        Some(("c", stem)) => (Language::C, stem),
        Some(("components", stem)) => (Language::RustComponents, stem),
        Some(("threads", stem)) => (Language::RustThreads, stem),
        Some(_) | None => (Language::Rust, name),
    };
    let compiler = language.compiler()?;
    let source = sources()
        .join(language.folder())
        .join(format!("{stem}.{}", language.extension()));
    let text = std::fs::read_to_string(&source)
        .unwrap_or_else(|error| panic!("{}: {error}", source.display()));
    let flags: Vec<&str> = flags_in(&text).collect();
    let hash = cache::hash_of(&[
        text.as_bytes(),
        compiler.version.as_bytes(),
        language.flags().join(" ").as_bytes(),
    ]);
    let entry = format!("{}/{stem}-{}.wasm", language.folder(), &hash[..16]);
    cache::entry(&entry, |output| {
        let mut command = Command::new(&compiler.program);
        command
            .args(language.flags())
            .args(flags)
            .arg(&source)
            .arg("-o")
            .arg(output)
            .current_dir(cache::repository());
        run(&mut command);
        Ok(())
    })
}

/// The sources that [`guest`] builds, as the names it takes, in order.
pub fn names() -> Vec<String> {
    let mut names = Vec::new();
    for language in [
        Language::Rust,
        Language::RustThreads,
        Language::RustComponents,
        Language::C,
    ] {
        let folder = sources().join(language.folder());
        let entries = std::fs::read_dir(&folder)
            .unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        for entry in entries.flatten() {
            let path = entry.path();
            if path
                .extension()
                .is_some_and(|extension| extension == language.extension())
            {
                let stem = path
                    .file_stem()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into_owned();
                names.push(match language {
                    Language::Rust => stem,
                    Language::RustThreads => format!("threads/{stem}"),
                    Language::RustComponents => format!("components/{stem}"),
                    Language::C => format!("c/{stem}"),
                });
            }
        }
    }
    names.sort();
    names
}

fn sources() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn flags_in(text: &str) -> impl Iterator<Item = &str> {
    let line = text.lines().next().unwrap_or_default();
    line.strip_prefix("//@ flags:")
        .unwrap_or_default()
        .split_whitespace()
}

fn run(command: &mut Command) {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(
        output.status.success(),
        "{command:?}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[derive(Clone, Copy)]
enum Language {
    Rust,
    RustThreads,
    RustComponents,
    C,
}

/// A compiler that can make guests: what to start, and what it says its version is.
struct Compiler {
    program: PathBuf,
    version: String,
}

impl Language {
    fn folder(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::RustThreads => "threads",
            Self::RustComponents => "components",
            Self::C => "c",
        }
    }

    fn extension(self) -> &'static str {
        match self {
            Self::Rust | Self::RustThreads | Self::RustComponents => "rs",
            Self::C => "c",
        }
    }

    fn flags(self) -> &'static [&'static str] {
        match self {
            Self::Rust => &["--target", "wasm32-wasip1", "--edition", "2024", "-O"],
            Self::RustThreads => &[
                "--target",
                "wasm32-wasip1-threads",
                "--edition",
                "2024",
                "-O",
            ],
            Self::RustComponents => &["--target", "wasm32-wasip2", "--edition", "2024", "-O"],
            Self::C => &["--target=wasm32-wasi", "-O2", "-Wall", "-Werror"],
        }
    }

    fn compiler(self) -> Result<&'static Compiler, Skipped> {
        static RUST: OnceLock<Result<Compiler, Skipped>> = OnceLock::new();
        static THREADS: OnceLock<Result<Compiler, Skipped>> = OnceLock::new();
        static COMPONENTS: OnceLock<Result<Compiler, Skipped>> = OnceLock::new();
        static C: OnceLock<Result<Compiler, Skipped>> = OnceLock::new();
        let found = match self {
            Self::Rust => RUST.get_or_init(|| find_rustc("wasm32-wasip1")),
            Self::RustThreads => THREADS.get_or_init(|| find_rustc("wasm32-wasip1-threads")),
            Self::RustComponents => COMPONENTS.get_or_init(|| find_rustc("wasm32-wasip2")),
            Self::C => C.get_or_init(find_clang),
        };
        found.as_ref().map_err(Skipped::clone)
    }
}

fn find_rustc(target: &str) -> Result<Compiler, Skipped> {
    let program = PathBuf::from(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    let ask = |argument: &str| {
        text_of(
            Command::new(&program)
                .arg(argument)
                .current_dir(cache::repository()),
        )
    };
    let sysroot =
        ask("--print=sysroot").ok_or_else(|| Skipped::new("no rustc to build guests with"))?;
    if !Path::new(&sysroot)
        .join(format!("lib/rustlib/{target}/lib"))
        .is_dir()
    {
        return Err(Skipped::new(format!(
            "no standard library for {target}; rustup target add {target}"
        )));
    }
    Ok(Compiler {
        version: ask("-vV").unwrap_or_default(),
        program,
    })
}

/// Finds a clang that can really build for WebAssembly, by building: the C library, its headers, the linker and the
/// compiler's own run-time library are separate packages, and any of them may be missing.
fn find_clang() -> Result<Compiler, Skipped> {
    let missing = || {
        Skipped::new(
            "no clang for wasm32-wasi; apt-get install clang lld wasi-libc libclang-rt-14-dev-wasm32",
        )
    };
    let program = PathBuf::from("clang");
    let version = text_of(Command::new(&program).arg("--version")).ok_or_else(missing)?;
    let hash = cache::hash_of(&[version.as_bytes()]);
    let probe = |output: &Path| {
        let mut command = Command::new(&program);
        command
            .args(Language::C.flags())
            .arg(sources().join("c/hello.c"))
            .arg("-o")
            .arg(output);
        text_of(&mut command).map(|_| ()).ok_or_else(missing)
    };
    cache::entry(&format!("c/probe-{}.wasm", &hash[..16]), probe)?;
    Ok(Compiler { program, version })
}

/// What a command prints, if it can be started and succeeds.
fn text_of(command: &mut Command) -> Option<String> {
    let output = command
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_come_from_the_first_line_only() {
        assert_eq!(
            flags_in("//@ flags: -g -O0\n//@ flags: -x").collect::<Vec<_>>(),
            ["-g", "-O0"]
        );
        assert_eq!(flags_in("fn main() {}").count(), 0);
    }

    #[test]
    fn every_source_builds_into_a_module() {
        for name in names() {
            let Some(path) = crate::available(guest(&name)) else {
                continue;
            };
            let bytes = std::fs::read(&path).expect("it was just built");
            assert_eq!(&bytes[..4], b"\0asm", "{name}");
        }
    }

    #[test]
    #[should_panic(expected = "no-such-guest")]
    fn an_unknown_name_is_a_mistake_of_the_test() {
        // Where there is no compiler at all, the name cannot be looked at.
        if let Err(skipped) = guest("no-such-guest") {
            panic!("no-such-guest: {skipped}");
        }
    }
}
