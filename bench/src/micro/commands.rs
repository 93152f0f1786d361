//! The measurements of the command: process start, compilation, file access, threads.

use super::values::{Unit, Values};
use crate::build::{self, Guest};
use crate::engines::{Engine, Kind};
use crate::options::{Micro, Options};
use crate::paths::Paths;
use crate::process::{self, field};
use crate::results::median_of;
use anyhow::{Context, Result, ensure};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Makes the measurements that are wanted in every engine.
///
/// # Errors
/// A program cannot be built. An engine in which one fails is reported and left out of that row.
pub(super) fn measure(
    paths: &Paths,
    engines: &[Engine],
    options: &Options,
    micro: &Micro,
    values: &mut Values,
) -> Result<()> {
    let timeout = Duration::from_secs(options.timeout);
    let bench = Commands {
        paths,
        micro,
        timeout,
    };
    let parts: [(&str, Part<'_>); 4] = [
        ("hello", Commands::hello),
        ("compile", Commands::compile),
        ("files", Commands::files),
        ("threads", Commands::threads),
    ];
    for (name, part) in parts {
        if !micro.wants(name) {
            continue;
        }
        for engine in engines {
            if let Err(error) = part(&bench, engine, values) {
                eprintln!("{name} failed in {}: {error:#}", engine.label);
            }
        }
    }
    Ok(())
}

type Part<'a> = fn(&Commands<'a>, &Engine, &mut Values) -> Result<()>;

struct Commands<'a> {
    paths: &'a Paths,
    micro: &'a Micro,
    timeout: Duration,
}

impl Commands<'_> {
    /// One of the Rust programs: native, or made ready for the engine.
    fn program(&self, engine: &Engine, name: &str, guest: Guest) -> Result<PathBuf> {
        build::build_rust(self.paths, &[guest])?;
        if engine.kind == Kind::Native {
            return Ok(build::rust_native(self.paths, name));
        }
        let folder = self.paths.out.join("compiled/micro");
        std::fs::create_dir_all(&folder)
            .with_context(|| format!("cannot make {}", folder.display()))?;
        let module = build::rust_guest(self.paths, name, guest);
        Ok(engine.prepare(&module, &folder, self.timeout)?.file)
    }

    /// A process that prints a line, from a compiled image where the engine has such.
    fn hello(&self, engine: &Engine, values: &mut Values) -> Result<()> {
        let file = self.program(engine, "hello", Guest::Plain)?;
        let mut command = engine.command(&file, &[], &[]);
        let mut walls = vec![];
        for _ in 0..self.micro.samples * 20 {
            let run = process::run(&mut command, self.timeout)?;
            ensure!(run.stdout == "hello\n", "it printed {:?}", run.stdout);
            walls.push(run.wall.as_secs_f64() * 1e3);
        }
        values.add(
            &engine.label,
            "hello_process",
            Unit::Milliseconds,
            median_of(&walls),
        );
        let peak = process::peak(&self.paths.runner, &command, self.timeout)?;
        values.add(
            &engine.label,
            "hello_peak",
            Unit::Mebibytes,
            peak as f64 / 1024.0,
        );
        Ok(())
    }

    /// Compiling a large module ahead of time.
    fn compile(&self, engine: &Engine, values: &mut Values) -> Result<()> {
        build::build_rust(self.paths, &[Guest::Plain])?;
        let usual = || build::rust_guest(self.paths, "regex_crate", Guest::Plain);
        let module = self.micro.module.clone().unwrap_or_else(usual);
        let code = code_bytes(&module)?;
        let output = self.paths.out.join(format!("compile.{}", engine.label));
        let Some(mut command) = engine.compiler(&module, &output) else {
            return Ok(());
        };
        let mut walls = vec![];
        for _ in 0..self.micro.samples {
            walls.push(process::run(&mut command, self.timeout)?.wall.as_secs_f64());
        }
        let rate = code as f64 / f64::from(1 << 20) / median_of(&walls);
        values.add(
            &engine.label,
            "compile_code",
            Unit::MebibytesPerSecond,
            rate,
        );
        let peak = process::peak(&self.paths.runner, &command, self.timeout)?;
        values.add(
            &engine.label,
            "compile_peak",
            Unit::Mebibytes,
            peak as f64 / 1024.0,
        );
        Ok(())
    }

    /// Reading and writing a file through the system interface.
    fn files(&self, engine: &Engine, values: &mut Values) -> Result<()> {
        let file = self.program(engine, "files", Guest::Plain)?;
        let folder = self.paths.out.join("files");
        std::fs::create_dir_all(&folder)
            .with_context(|| format!("cannot make {}", folder.display()))?;
        let grants: [(&Path, &str); 1] = [(&folder, ".")];
        let mut command: Command = engine.command(&file, &grants, &[]);
        let mut runs = vec![];
        for _ in 0..self.micro.samples {
            runs.push(process::run(&mut command, self.timeout)?.stderr);
        }
        for (name, bytes, calls) in [
            ("write", 64 << 10, 256),
            ("read", 64 << 10, 256),
            ("write", 64, 20_000),
            ("read", 64, 20_000),
        ] {
            let field_name = format!("{name}_{}", if bytes == 64 { "64" } else { "64k" });
            let times: Option<Vec<f64>> = runs
                .iter()
                .map(|run| Some(field(run, &field_name)? as f64))
                .collect();
            let time = median_of(&times.with_context(|| format!("it did not print {field_name}"))?);
            let (value, unit) = if bytes == 64 {
                (time / f64::from(calls), Unit::Nanoseconds)
            } else {
                (
                    f64::from(bytes * calls) / f64::from(1 << 20) / (time / 1e9),
                    Unit::MebibytesPerSecond,
                )
            };
            values.add(&engine.label, &format!("file_{field_name}"), unit, value);
        }
        Ok(())
    }

    /// How much faster work is on two threads than on one.
    fn threads(&self, engine: &Engine, values: &mut Values) -> Result<()> {
        let file = self.program(engine, "parallel", Guest::Threads)?;
        let mut command: Command = engine.command(&file, &[], &[]);
        let mut ratios = vec![];
        for _ in 0..self.micro.samples {
            let run = process::run(&mut command, self.timeout)?;
            let time =
                |name| field(&run.stderr, name).with_context(|| format!("it did not print {name}"));
            ratios.push(time("one_thread")? as f64 / time("two_threads")? as f64);
        }
        values.add(
            &engine.label,
            "two_threads",
            Unit::Times,
            median_of(&ratios),
        );
        Ok(())
    }
}

/// The size of a module's code section.
fn code_bytes(path: &Path) -> Result<u32> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut rest = bytes
        .strip_prefix(b"\0asm\x01\0\0\0")
        .context("this is not a WebAssembly module")?;
    while let Some((&section, after)) = rest.split_first() {
        let (size, length) = leb128(after).context("a section has no size")?;
        if section == 10 {
            return Ok(size);
        }
        rest = after
            .get(length + size as usize..)
            .context("a section goes past the end")?;
    }
    anyhow::bail!("{} has no code", path.display())
}

/// An unsigned number and how many bytes it takes.
fn leb128(bytes: &[u8]) -> Option<(u32, usize)> {
    let mut value = 0;
    for (index, byte) in bytes.iter().take(5).enumerate() {
        value |= u32::from(byte & 0x7f).checked_shl(7 * index as u32)?;
        if byte & 0x80 == 0 {
            return Some((value, index + 1));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_several_bytes() {
        assert_eq!(leb128(&[0x05]), Some((5, 1)));
        assert_eq!(leb128(&[0xe5, 0x8e, 0x26]), Some((624_485, 3)));
        assert_eq!(leb128(&[0x80]), None);
    }
}
