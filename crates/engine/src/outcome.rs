//! How calls and instantiations end, as errors for the embedder: with the cause, and with a backtrace.

use silica_runtime as rt;
use silica_runtime::{CallError, ImportMismatch, InstantiateError, StoreState, ThrownException};

use crate::{
    Engine, Trap, WasmBacktrace,
    error::EngineError,
    host_error::{from_host, from_runtime},
};

/// How a call ended, as an error.
pub(crate) fn from_call(engine: &Engine, state: &StoreState, error: CallError) -> anyhow::Error {
    let (error, backtrace) = match error {
        CallError::Trap {
            code, backtrace, ..
        } => (anyhow::Error::new(Trap::from_code(code)), backtrace),
        CallError::Host { error, backtrace } => (from_host(error), backtrace),
        CallError::Exception { backtrace } => (anyhow::Error::new(ThrownException), backtrace),
        CallError::Arguments(message) => return anyhow::Error::msg(message),
    };
    if !engine.config().backtrace || error.downcast_ref::<WasmBacktrace>().is_some() {
        return error;
    }
    let backtrace = WasmBacktrace::new(engine, state, &backtrace, Some(error.to_string()));
    if backtrace.frames().is_empty() {
        return error;
    }
    error.context(backtrace)
}

/// How an instantiation ended, as an error.
pub(crate) fn from_instantiate(
    engine: &Engine,
    state: &StoreState,
    module: &silica_module::Module,
    imports: &[rt::Extern],
    error: InstantiateError,
) -> anyhow::Error {
    match error {
        InstantiateError::Import { index, mismatch } => {
            let (Some(import), Some(given)) = (module.imports.get(index), imports.get(index))
            else {
                return anyhow::anyhow!("import {index} does not fit: {mismatch}");
            };
            EngineError::ImportMismatch {
                module: import.module.clone(),
                name: import.name.clone(),
                expected: module.describe_entity(&import.entity),
                found: found(state, given, &mismatch),
            }
            .into()
        }
        InstantiateError::ImportCount { expected, found } => {
            EngineError::ImportCount { expected, found }.into()
        }
        InstantiateError::Resource(error) => from_runtime(error),
        InstantiateError::Call(error) => from_call(engine, state, error),
    }
}

/// What is given for an import that it does not fit, in words.
fn found(state: &StoreState, given: &rt::Extern, mismatch: &ImportMismatch) -> String {
    match mismatch {
        ImportMismatch::MemoryPlan => {
            "memory made with other settings than the module's code counts on".to_owned()
        }
        // What counts is how large it is now.
        ImportMismatch::Memory { found, size, .. } => silica_module::MemoryType {
            min: *size,
            ..*found
        }
        .to_string(),
        ImportMismatch::Table { found, size, .. } => silica_module::TableType {
            min: *size,
            ..*found
        }
        .to_string(),
        ImportMismatch::Kind
        | ImportMismatch::Function { .. }
        | ImportMismatch::Tag { .. }
        | ImportMismatch::Global { .. } => describe(state, given),
    }
}

fn describe(state: &StoreState, given: &rt::Extern) -> String {
    match given {
        rt::Extern::Function(it) => format!("function `{}`", it.ty(state).function()),
        rt::Extern::Memory(it) => it.ty(state).to_string(),
        rt::Extern::SharedMemory(it) => it.ty().to_string(),
        rt::Extern::Table(it) => it.ty(state).to_string(),
        rt::Extern::Global(it) => it.ty(state).to_string(),
        rt::Extern::Tag(it) => format!("tag `{}`", it.ty(state).function()),
    }
}
