//! Why a call ends early, and the record that it leaves.

use std::{any::Any, mem::MaybeUninit};

use silica_contract::trap::TrapCode;

use crate::{
    error::{HostError, RuntimeError, ThrownException},
    outcome::Backtrace,
};

/// Why host code ends the call that it was called from.
#[derive(Debug)]
pub(crate) enum Raise {
    Trap(TrapCode),
    Error(HostError),
    Panic(Box<dyn Any + Send>),
    /// The exception that is pending in the store.
    Exception,
}

impl From<TrapCode> for Raise {
    fn from(code: TrapCode) -> Raise {
        Raise::Trap(code)
    }
}

impl From<RuntimeError> for Raise {
    fn from(error: RuntimeError) -> Raise {
        match error {
            RuntimeError::Limiter(error) => Raise::host(error),
            error => Raise::Error(Box::new(error)),
        }
    }
}

impl Raise {
    /// An error of the embedder's.
    pub(crate) fn host(error: HostError) -> Raise {
        if error.is::<ThrownException>() {
            return Raise::Exception;
        }
        match error.downcast::<TrapCode>() {
            Ok(code) => Raise::Trap(*code),
            Err(error) => Raise::Error(error),
        }
    }
}

/// What ended the last call.
pub(crate) struct Record {
    pub(crate) code: TrapCode,
    pub(crate) fault_address: Option<usize>,
    pub(crate) first_is_exact: bool,
    pub(crate) count: usize,
    frames: [MaybeUninit<usize>; Backtrace::FRAMES_MAX],
}

impl Record {
    pub(crate) fn new() -> Record {
        Record {
            code: TrapCode::Unreachable,
            fault_address: None,
            first_is_exact: false,
            count: 0,
            frames: [MaybeUninit::uninit(); Backtrace::FRAMES_MAX],
        }
    }

    pub(crate) fn push(&mut self, pc: usize) -> bool {
        let Some(slot) = self.frames.get_mut(self.count) else {
            return false;
        };
        slot.write(pc);
        self.count += 1;
        true
    }

    pub(crate) fn backtrace(&self) -> Backtrace {
        let frames = &self.frames[..self.count];
        // SAFETY: `push` has written each of the first `count` entries.
        let frames = unsafe { &*(std::ptr::from_ref(frames) as *const [usize]) };
        Backtrace::resolve(frames, self.first_is_exact)
    }
}
