//! Asking a store's limiter before something is made or grows.

use crate::{
    error::RuntimeError,
    limiter::{Counts, Limited, LimiterAccess, ResourceLimiter},
    state::State,
};

/// A store's limiter, if it has one, apart from the rest of the store's state.
#[derive(Clone, Copy)]
pub(crate) struct Limits {
    limiter: Option<LimiterAccess>,
    whole: *mut State,
}

impl Limits {
    /// Asks the limiter.
    pub(crate) fn ask<R>(
        &mut self,
        default: R,
        mut question: impl FnMut(&mut dyn ResourceLimiter) -> R,
    ) -> R {
        let Some(LimiterAccess(access)) = self.limiter else {
            return default;
        };
        let mut answer = default;
        // SAFETY: `whole` is the store, and the access was made for the type of its data; the data and the
        // limiter are not part of the state, and whoever has the state exclusively, as who called
        // `State::limits`, has the store so.
        unsafe { access(self.whole.cast(), &mut |limiter| answer = question(limiter)) };
        answer
    }
}

impl State {
    /// The limiter, to be asked while the state is borrowed exclusively.
    pub(crate) fn limits(&mut self) -> Limits {
        Limits {
            limiter: self.limiter,
            whole: self.whole,
        }
    }

    /// Asks the limiter, if there is one.
    fn ask<R>(&mut self, default: R, question: impl FnMut(&mut dyn ResourceLimiter) -> R) -> R {
        self.limits().ask(default, question)
    }

    /// Asks whether something may grow.
    pub(crate) fn ask_growth(
        &mut self,
        what: Limited,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<(), RuntimeError> {
        let answer = self.ask(Ok(true), |limiter| match what {
            Limited::Memory => limiter.memory_growing(current, desired, maximum),
            Limited::Table => limiter.table_growing(current, desired, maximum),
        });
        match answer {
            Ok(true) => Ok(()),
            Ok(false) => Err(RuntimeError::Limited(match what {
                Limited::Memory => "a memory may not grow that far",
                Limited::Table => "a table may not grow that far",
            })),
            Err(error) => Err(RuntimeError::Limiter(error)),
        }
    }

    /// Tells that something could not grow, for another reason than the limiter's answer.
    pub(crate) fn tell_failure(&mut self, what: Limited, reason: &str) -> Result<(), RuntimeError> {
        let answer = self.ask(Ok(()), |limiter| match what {
            Limited::Memory => limiter.memory_grow_failed(reason),
            Limited::Table => limiter.table_grow_failed(reason),
        });
        answer.map_err(RuntimeError::Limiter)
    }

    /// Asks whether so many more may be made.
    pub(crate) fn ask_counts(&mut self, more: Counts) -> Result<(), RuntimeError> {
        let instances = self.instances.len() + more.instances;
        let memories = self.memories.len() + more.memories;
        let tables = self.tables.len() + more.tables;
        self.ask(Ok(()), |limiter| {
            if instances > limiter.instances() {
                Err(RuntimeError::Limited("too many instances"))
            } else if memories > limiter.memories() {
                Err(RuntimeError::Limited("too many memories"))
            } else if tables > limiter.tables() {
                Err(RuntimeError::Limited("too many tables"))
            } else {
                Ok(())
            }
        })
    }
}
