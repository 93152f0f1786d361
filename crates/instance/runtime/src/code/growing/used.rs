//! What becomes of functions that are used much.

use std::{
    sync::{Arc, PoisonError, atomic::Ordering},
    time::Instant,
};

use silica_contract::artefact::CompiledFunction;

use super::{ALIGNMENT, GrowingCode};
use crate::{
    code::{
        optimizer::{Optimizer, Promotes},
        placed::Occasion,
        promotions::{Progress, Promotions, Wanted},
        source::ModuleSource,
    },
    error::HostError,
};

impl GrowingCode {
    /// Lets a function be used for a while before it asks again.
    pub(super) fn count_anew(&self, defined: u32) {
        if let Some(threshold) = self.threshold {
            self.counter_of(defined).store(threshold, Ordering::Relaxed);
        }
    }

    /// The code to begin a function with that was called, because it was not there or was used much.
    pub(crate) fn ask(
        self: &Arc<Self>,
        defined: u32,
        optimizer: Option<&Optimizer>,
    ) -> Result<usize, HostError> {
        let code = self.demand(defined)?;
        if self.counter_of(defined).load(Ordering::Relaxed) >= 0 {
            return Ok(code);
        }
        self.want(defined, None, optimizer);
        Ok(self.code_of(defined).unwrap_or(code))
    }

    /// A loop of a function has turned often. Gives the code that goes on there, if there is such.
    pub(crate) fn turned(
        self: &Arc<Self>,
        defined: u32,
        offset: u32,
        optimizer: Option<&Optimizer>,
    ) -> Option<usize> {
        // What is called meanwhile is optimized first: perhaps nobody comes here again.
        self.want(defined, None, optimizer);
        self.promotions.code(defined)?;
        self.want(defined, Some(offset), optimizer)
    }

    /// Asks for optimized code, unless it is there; gives it if it is.
    fn want(
        self: &Arc<Self>,
        defined: u32,
        entrance: Option<u32>,
        optimizer: Option<&Optimizer>,
    ) -> Option<usize> {
        self.count_anew(defined);
        let wanted = Wanted { defined, entrance };
        if let Some(optimizer) = optimizer
            && self.promotions.progress(wanted) == Progress::Unasked
        {
            optimizer.want(&(Arc::clone(self) as Arc<dyn Promotes>), wanted);
        }
        match self.promotions.progress(wanted) {
            Progress::Ready(code) => Some(code),
            Progress::Unasked | Progress::Asked => None,
            Progress::Refused => {
                self.counter_of(defined).store(i32::MAX, Ordering::Relaxed);
                None
            }
        }
    }
}

impl Promotes for GrowingCode {
    fn source(&self) -> Arc<dyn ModuleSource> {
        Arc::clone(&self.source)
    }

    fn promotions(&self) -> &Promotions {
        &self.promotions
    }

    fn promote(&self, wanted: Wanted, function: Option<CompiledFunction>, begun: Instant) {
        let times = (begun.duration_since(self.made), begun.elapsed());
        let mut end = self.end.lock().unwrap_or_else(PoisonError::into_inner);
        let code = function.and_then(|function| {
            let bytes = (function.bytes.len().next_multiple_of(ALIGNMENT)).max(ALIGNMENT);
            let bytes_left = end.optimized_bytes_left.checked_sub(bytes)?;
            end.optimized_left = end.optimized_left.checked_sub(1)?;
            end.optimized_bytes_left = bytes_left;
            let occasion = wanted.entrance.map_or(Occasion::Use, Occasion::Loop);
            self.add(&mut end, (wanted.defined, occasion), function, times)
                .ok()
        });
        let Some(code) = code else {
            self.promotions.set(wanted, Progress::Refused);
            return;
        };
        if wanted.entrance.is_none() {
            self.entry_of(wanted.defined).store(code, Ordering::Release);
        }
        self.promotions.set(wanted, Progress::Ready(code));
    }
}
