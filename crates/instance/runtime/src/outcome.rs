//! How a call ends when it does not return, and where its code was then.

use silica_contract::trap::TrapCode;
use silica_module::ValueType;

use crate::{
    code,
    error::{HostError, RuntimeError},
    identity::ModuleId,
};

/// Why a call did not return.
#[derive(Debug)]
pub enum CallError {
    /// WebAssembly trapped.
    Trap {
        /// Why.
        code: TrapCode,
        /// The address that faulted, for traps by an access to memory.
        fault_address: Option<usize>,
        /// Where.
        backtrace: Backtrace,
    },
    /// A host function returned an error.
    Host {
        /// The error. Errors of the runtime itself are [`RuntimeError`].
        error: HostError,
        /// Where it was called.
        backtrace: Backtrace,
    },
    /// An exception left the call. It is pending in the store.
    Exception {
        /// Where it was thrown.
        backtrace: Backtrace,
    },
    /// The call was not made: the arguments are not those of the function's type, or there is no
    /// room for it.
    Arguments(String),
}

impl CallError {
    pub(crate) fn from_runtime(error: RuntimeError) -> CallError {
        CallError::Host {
            error: Box::new(error),
            backtrace: Backtrace::default(),
        }
    }

    /// The error of an argument that is not of its parameter's type.
    pub(crate) fn argument(index: usize, expected: ValueType, found: ValueType) -> CallError {
        CallError::Arguments(format!(
            "argument {index}: expected {expected}, found {found}"
        ))
    }
}

impl std::fmt::Display for CallError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            CallError::Trap { code, .. } => write!(f, "wasm trap: {code}"),
            CallError::Host { error, .. } => match error.downcast_ref::<RuntimeError>() {
                Some(error) => error.fmt(f),
                None => f.write_str("a host function failed"),
            },
            CallError::Exception { .. } => f.write_str("thrown WebAssembly exception"),
            CallError::Arguments(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for CallError {}

/// Frames of compiled code, innermost first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Backtrace {
    /// At most [`Backtrace::FRAMES_MAX`]; outer ones are left out.
    pub frames: Vec<Frame>,
}

/// A frame of compiled code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Whose code.
    pub module: ModuleId,
    /// Where in its text: the instruction that trapped, or else the last byte of a call instruction.
    pub text_offset: u32,
}

impl Backtrace {
    /// Most frames that are noted.
    pub const FRAMES_MAX: usize = 64;

    /// The frames that these addresses belong to. All but an exact first one are return addresses.
    pub(crate) fn resolve(addresses: &[usize], first_is_exact: bool) -> Backtrace {
        let frames = addresses.iter().enumerate().filter_map(|(index, pc)| {
            let exact = index == 0 && first_is_exact;
            let found = code::find(if exact { *pc } else { pc.wrapping_sub(1) })?;
            (exact || !found.is_continued).then_some(Frame {
                module: found.module,
                text_offset: found.offset,
            })
        });
        Backtrace {
            frames: frames.collect(),
        }
    }
}
