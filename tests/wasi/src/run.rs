//! Running one case, in a directory of its own.

use crate::{Case, Expected};
use anyhow::{Context, Result, bail, ensure};
use silica_engine::{Engine, Instance, Linker, Module, Store};
use silica_wasi_p1::host::{InputPipe, InputStream, OutputPipe, OutputStream};
use silica_wasi_p1::{DirPerms, Exit, FilePerms, WasiP1Context, add_to_linker};
use silica_wasi_threads::{THREADS_MAX, Threads};
use std::path::Path;

/// Bytes of output that are kept.
const OUTPUT_BYTES_MAX: usize = 1 << 20;

/// Runs a case.
///
/// # Errors
/// What came of it instead of what was expected, with the program's output.
pub fn run(engine: &Engine, case: &Case) -> Result<()> {
    let (stdout, stderr) = (
        OutputPipe::bounded(OUTPUT_BYTES_MAX),
        OutputPipe::bounded(OUTPUT_BYTES_MAX),
    );
    let done = execute(engine, case, &stdout, &stderr);
    let (stdout, stderr) = (text(&stdout), text(&stderr));
    compare(&case.expected, done, &stdout, &stderr)
        .with_context(|| format!("stdout: {stdout}\nstderr: {stderr}"))
}

/// Runs the program, and returns its exit status.
fn execute(engine: &Engine, case: &Case, stdout: &OutputPipe, stderr: &OutputPipe) -> Result<u32> {
    // The cases write into their directory, which is not ours.
    let directory = tempfile::tempdir()?;
    let name = case.program.file_name().unwrap_or_default();
    let module = Module::from_file(engine, &case.program)?;
    // Cases with threads expect that reading waits.
    let stdin = if silica_wasi_threads::is_needed(&module) {
        InputStream::Pipe(InputPipe::bounded(1))
    } else {
        InputStream::Null
    };
    let mut builder = WasiP1Context::builder()
        .stdin(stdin)
        .stdout(OutputStream::Pipe(stdout.clone()))
        .stderr(OutputStream::Pipe(stderr.clone()))
        .argument(name.to_string_lossy())?
        .arguments(&case.arguments)?;
    for (name, value) in &case.variables {
        builder = builder.environment_variable(name, value)?;
    }
    if let Some(root) = &case.root {
        copy_contents(root, directory.path())?;
        let all = (DirPerms::all(), FilePerms::all());
        builder = builder.preopened_dir(directory.path(), "/", all.0, all.1)?;
    }
    match run_module(engine, &module, builder.build()) {
        Ok(()) => Ok(0),
        Err(error) => match error.downcast_ref() {
            Some(Exit(status)) => Ok(*status),
            None => Err(error),
        },
    }
}

fn run_module(engine: &Engine, module: &Module, context: WasiP1Context) -> Result<()> {
    let mut linker = Linker::new(engine);
    add_to_linker(&mut linker, |context: &mut WasiP1Context| context)?;
    let mut store = Store::new(engine, context);
    if silica_wasi_threads::is_needed(module) {
        let threads = Threads::new(THREADS_MAX, |engine, context: &WasiP1Context, thread| {
            Ok(Store::new(engine, context.for_thread(thread)))
        });
        threads.add_to_linker(&mut linker, &mut store, module)?;
        let program = linker.instantiate_pre(module)?;
        return threads.run(&mut store, &program, start);
    }
    let instance = linker.instantiate(&mut store, module)?;
    start(&mut store, instance)
}

fn start(store: &mut Store<WasiP1Context>, instance: Instance) -> Result<()> {
    let start = instance.get_typed_func::<(), ()>(&mut *store, "_start")?;
    start.call(store, ())
}

fn compare(expected: &Expected, done: Result<u32>, stdout: &str, stderr: &str) -> Result<()> {
    let status = done?;
    ensure!(
        status == expected.exit_code,
        "exit status: expected {}, found {status}",
        expected.exit_code
    );
    for (what, expected, found) in [
        ("stdout", &expected.stdout, stdout),
        ("stderr", &expected.stderr, stderr),
    ] {
        match expected {
            Some(expected) if expected != found => {
                bail!("{what}: expected {expected:?}, found {found:?}")
            }
            Some(_) | None => {}
        }
    }
    Ok(())
}

fn text(pipe: &OutputPipe) -> String {
    String::from_utf8_lossy(&pipe.contents()).into_owned()
}

/// Copies files and directories, without the suite's file modes: it may be read-only.
fn copy_contents(from: &Path, to: &Path) -> Result<()> {
    for entry in std::fs::read_dir(from).with_context(|| from.display().to_string())? {
        let entry = entry?;
        let to = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            std::fs::create_dir(&to)?;
            copy_contents(&entry.path(), &to)?;
        } else {
            std::fs::write(&to, std::fs::read(entry.path())?)?;
        }
    }
    Ok(())
}
