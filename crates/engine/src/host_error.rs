//! Errors of host functions on their way through WebAssembly's frames, which know nothing of this crate's.

use silica_contract::trap::TrapCode;
use silica_runtime::HostError;

use crate::Trap;

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
        Err(other) => match other.downcast::<TrapCode>() {
            Ok(code) => anyhow::Error::new(Trap::from_code(*code)),
            Err(_) => anyhow::anyhow!("a host function failed with an error of an unknown type"),
        },
    }
}
