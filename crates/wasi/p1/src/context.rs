//! The state of one program's WASI: its descriptors and everything else it was
//! granted.

use crate::Errno;
use crate::table::Table;
use crate::trace::Tracer;
use silica_engine::InterruptHandle;
use silica_wasi_host::{Clocks, Environment, Network, Quotas, Random};
use std::sync::Arc;

/// What one program was granted and has open. It has a method for each function
/// of the interface; pointers are offsets into the memory that is passed along.
///
/// ```
/// use silica_wasi_p1::{GuestMemory, WasiP1Context};
/// let mut context = WasiP1Context::builder().arguments(["program"])?.build();
/// let mut bytes = [0; 16];
/// context.args_sizes_get(&mut GuestMemory::new(&mut bytes), 0, 4)?;
/// assert_eq!(bytes[..8], [1, 0, 0, 0, 8, 0, 0, 0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct WasiP1Context {
    pub(crate) table: Table,
    pub(crate) environment: Arc<Environment>,
    pub(crate) clocks: Clocks,
    pub(crate) random: Random,
    pub(crate) quotas: Quotas,
    pub(crate) network: Network,
    pub(crate) tracer: Option<Tracer>,
    /// What may end a wait, where the calls come from a store.
    pub(crate) interruption: Option<InterruptHandle>,
}

impl WasiP1Context {
    /// Whether to go on waiting, or to try again, where a signal came first. Only an
    /// interruption ends a wait; without a store, the signal's sender decides.
    pub(crate) fn goes_on(&self) -> bool {
        let interruption = self.interruption.as_ref();
        interruption.is_some_and(|interruption| !interruption.is_pending())
    }

    /// Does something again that a signal interrupted before it had any effect.
    pub(crate) fn insist(
        &mut self,
        mut attempt: impl FnMut(&mut Self) -> Result<(), Errno>,
    ) -> Result<(), Errno> {
        loop {
            match attempt(self) {
                Err(Errno::Intr) if self.goes_on() => {}
                done => return done,
            }
        }
    }
}

impl WasiP1Context {
    /// A context for another thread of the same program. Both have one table of
    /// descriptors, one environment, the same clocks and one source of random bytes,
    /// and share the trace, which tells calls through the new one as of `thread`.
    ///
    /// ```
    /// use silica_wasi_p1::{GuestMemory, WasiP1Context};
    /// let mut context = WasiP1Context::builder().build();
    /// let mut other = context.for_thread(1);
    /// let mut bytes = [0; 16];
    /// let memory = &mut GuestMemory::new(&mut bytes);
    /// other.fd_close(memory, 2)?;
    /// assert!(context.fd_close(memory, 2).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn for_thread(&self, thread: u32) -> WasiP1Context {
        WasiP1Context {
            table: self.table.clone(),
            environment: Arc::clone(&self.environment),
            clocks: self.clocks.clone(),
            random: self.random.clone(),
            quotas: self.quotas,
            network: self.network.clone(),
            tracer: self.tracer.as_ref().map(|tracer| tracer.for_thread(thread)),
            // Of the store that the first call comes from.
            interruption: None,
        }
    }
}
