//! Running a component that is a command, with what it is granted, and what came of it.

use std::path::Path;

use anyhow::Result;
use silica_component::{Component, Linker, ResourceTable};
use silica_engine::{Engine, Store};
use silica_wasi_p2::host::{InputPipe, InputStream, OutputPipe, OutputStream};
use silica_wasi_p2::{
    Command, Exit, WasiContext, WasiContextBuilder, WasiContextView, WasiView, add_to_linker,
};

/// Bytes of output that are kept.
const OUTPUT_BYTES_MAX: usize = 1 << 20;

/// A store's data with a program's WASI in it.
#[derive(Debug)]
pub struct Data {
    wasi: WasiContext,
    table: ResourceTable,
}

impl WasiView for Data {
    fn wasi(&mut self) -> WasiContextView<'_> {
        WasiContextView {
            context: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

/// A store whose calls, and what they wait for, are interrupted by its handle.
#[must_use]
pub fn store(engine: &Engine, wasi: WasiContext) -> Store<Data> {
    let table = ResourceTable::new();
    let mut store = Store::new(engine, Data { wasi, table });
    let handle = store.interrupt_handle();
    store.data_mut().wasi.set_interrupt_handle(handle);
    store
}

/// What came of a run.
#[derive(Debug)]
pub struct Ended {
    /// The exit status; none where it trapped, with the reason in `trap`.
    pub status: Option<u8>,
    /// What it wrote to standard output.
    pub stdout: String,
    /// What it wrote to standard error.
    pub stderr: String,
    /// The error that stopped it, if that was no exit.
    pub trap: Option<anyhow::Error>,
}

/// Runs a command with this input.
///
/// # Errors
/// If it cannot be compiled or linked.
pub fn run_component(
    engine: &Engine,
    program: &Path,
    input: &[u8],
    grants: WasiContextBuilder,
) -> Result<Ended> {
    let component = Component::from_file(engine, program)?;
    run_compiled(&component, input, grants)
}

/// Runs a compiled command with this input.
///
/// # Errors
/// If it cannot be linked.
pub fn run_compiled(
    component: &Component,
    input: &[u8],
    grants: WasiContextBuilder,
) -> Result<Ended> {
    let engine = component.engine();
    let stdout = OutputPipe::bounded(OUTPUT_BYTES_MAX);
    let stderr = OutputPipe::bounded(OUTPUT_BYTES_MAX);
    let wasi = grants
        .stdin(InputStream::Pipe(InputPipe::from_bytes(input)))
        .stdout(OutputStream::Pipe(stdout.clone()))
        .stderr(OutputStream::Pipe(stderr.clone()))
        .build();
    let mut store = store(engine, wasi);
    let mut linker = Linker::new(engine);
    add_to_linker(&mut linker)?;
    let instance = linker.instantiate(&mut store, component)?;
    let result = Command::new(&mut store, &instance)?.run(&mut store);
    let (status, trap) = match result {
        Ok(succeeded) => (Some(u8::from(!succeeded)), None),
        Err(error) => match error.downcast_ref::<Exit>() {
            Some(Exit(status)) => (Some(*status), None),
            None => (None, Some(error)),
        },
    };
    let text = |pipe: &OutputPipe| String::from_utf8_lossy(&pipe.contents()).into_owned();
    Ok(Ended {
        status,
        stdout: text(&stdout),
        stderr: text(&stderr),
        trap,
    })
}
