//! How calls and instantiations end, as errors for the embedder: with the cause, and with a backtrace.

use silica_runtime::{CallError, InstantiateError, StoreState};

use crate::{Engine, Trap, WasmBacktrace, error::EngineError, host_error::from_host};

/// How a call ended, as an error.
pub(crate) fn from_call(engine: &Engine, state: &StoreState, error: CallError) -> anyhow::Error {
    let (error, backtrace) = match error {
        CallError::Trap {
            code, backtrace, ..
        } => (anyhow::Error::new(Trap::from_code(code)), backtrace),
        CallError::Host { error, backtrace } => (from_host(error), backtrace),
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
    error: InstantiateError,
) -> anyhow::Error {
    match error {
        InstantiateError::Import { index, mismatch } => {
            let Some(import) = module.imports.get(index) else {
                return anyhow::anyhow!("import {index} does not fit");
            };
            EngineError::ImportMismatch {
                module: import.module.clone(),
                name: import.name.clone(),
                expected: module.describe_entity(&import.entity),
                found: mismatch.to_string(),
            }
            .into()
        }
        InstantiateError::ImportCount { expected, found } => {
            EngineError::ImportCount { expected, found }.into()
        }
        InstantiateError::Resource(error) => error.into(),
        InstantiateError::Call(error) => from_call(engine, state, error),
    }
}
