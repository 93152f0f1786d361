//! What can go wrong at this crate's level, and how the lower levels' outcomes become errors.
//!
//! Every fallible function gives [`Error`](crate::Error), which is `anyhow`'s. Inside is, and can be asked for with
//! `downcast_ref`: an [`EngineError`], a [`Trap`], whatever a host function gave, or a lower crate's error.

use silica_runtime::{CallError, HostError, InstantiateError, StoreState};

use crate::{Trap, WasmBacktrace, engine::Engine};

/// What can go wrong in the embedding API itself.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// An import that nothing provides.
    #[error("module imports `{module}.{name}`, a {expected}, which nothing provides")]
    UnknownImport {
        /// Module name of the import.
        module: String,
        /// Its field name.
        name: String,
        /// Its type in words.
        expected: String,
    },
    /// An import for which something else is provided.
    #[error("module imports `{module}.{name}` as a {expected}, but what is provided is a {found}")]
    ImportMismatch {
        /// Module name of the import.
        module: String,
        /// Its field name.
        name: String,
        /// Its type in words.
        expected: String,
        /// The type of what is provided, in words.
        found: String,
    },
    /// Another number of imports than the module has.
    #[error("module has {expected} imports, but {found} were given")]
    ImportCount {
        /// How many the module has.
        expected: usize,
        /// How many were given.
        found: usize,
    },
    /// A second definition of the same name.
    #[error(
        "`{module}.{name}` is defined twice in this linker (`allow_shadowing(true)` lets the second replace the first)"
    )]
    Duplicate {
        /// Module name.
        module: String,
        /// Field name.
        name: String,
    },
    /// An export that is absent, or is something else.
    #[error("no export `{name}` that is a {expected}: {found}")]
    Export {
        /// Its name.
        name: String,
        /// What was wanted.
        expected: String,
        /// What there is.
        found: String,
    },
    /// A function of another type than was asked for.
    #[error("function type mismatch: expected `{expected}`, found `{found}`")]
    FunctionType {
        /// The type asked for.
        expected: String,
        /// The function's.
        found: String,
    },
    /// A value of another type than is needed.
    #[error("type mismatch: expected {expected}, found {found}")]
    ValueType {
        /// What is needed.
        expected: String,
        /// What was given.
        found: String,
    },
    /// Things of two engines used together.
    #[error("{0} belongs to another engine than the store")]
    AnotherEngine(&'static str),
    /// A compiled image that does not fit the engine.
    #[error("compiled image does not fit this engine: {0}")]
    ImageMismatch(String),
    /// Fuel is asked for where none is counted.
    #[error("fuel is not counted: `Config::consume_fuel(true)` turns it on")]
    FuelNotCounted,
}

/// Packs an error of a host function for its way through WebAssembly's frames.
pub(crate) fn to_host(error: anyhow::Error) -> HostError {
    match error.downcast_ref::<Trap>() {
        // A bare trap travels as the trap itself, so that it is caught and counted as one.
        Some(trap) if error.chain().len() == 1 => Box::new(trap.code()),
        Some(_) | None => Box::new(error),
    }
}

/// Unpacks what [`to_host`] packed.
pub(crate) fn from_host(error: HostError) -> anyhow::Error {
    match error.downcast::<anyhow::Error>() {
        Ok(error) => *error,
        Err(other) => match other.downcast::<silica_contract::trap::TrapCode>() {
            Ok(code) => anyhow::Error::new(Trap::from_code(*code)),
            Err(_) => anyhow::anyhow!("a host function failed with an error of an unknown type"),
        },
    }
}

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
