//! Errors of host functions on their way through WebAssembly's frames, which know nothing of this crate's.

use silica_contract::trap::TrapCode;
use silica_runtime::{HostError, RuntimeError, ThrownException};

use crate::Trap;

/// Packs an error of a host function for its way through WebAssembly's frames.
pub(crate) fn to_host(error: anyhow::Error) -> HostError {
    // What is pending in the store goes on as an exception, whatever was said of it on the way.
    if error.downcast_ref::<ThrownException>().is_some() {
        return Box::new(ThrownException);
    }
    match error.downcast_ref::<Trap>() {
        // A bare trap travels as the trap itself, so that it is caught and counted as one.
        Some(trap) if error.chain().len() == 1 => Box::new(trap.code()),
        Some(_) | None => Box::new(error),
    }
}

/// Unpacks what [`to_host`] packed, or what the runtime has put in its place.
pub(crate) fn from_host(error: HostError) -> anyhow::Error {
    let error = match error.downcast::<anyhow::Error>() {
        Ok(error) => return *error,
        Err(error) => error,
    };
    let error = match error.downcast::<TrapCode>() {
        Ok(code) => return anyhow::Error::new(Trap::from_code(*code)),
        Err(error) => error,
    };
    let error = match error.downcast::<ThrownException>() {
        Ok(exception) => return anyhow::Error::new(*exception),
        Err(error) => error,
    };
    match error.downcast::<RuntimeError>() {
        Ok(error) => from_runtime(*error),
        Err(_) => anyhow::anyhow!("a host function failed with an error of an unknown type"),
    }
}

/// An error of the runtime. What a limiter gave is given back as it was.
pub(crate) fn from_runtime(error: RuntimeError) -> anyhow::Error {
    match error {
        RuntimeError::Limiter(error) => from_host(error),
        other => anyhow::Error::new(other),
    }
}
