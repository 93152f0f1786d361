//! What one program was granted.

use std::sync::Arc;

use silica_engine::InterruptHandle;
use silica_wasi_host::{
    Clocks, Directory, Environment, InputStream, Network, OutputStream, Quotas, Random,
};

use crate::room::Room;
use crate::waiter::Waiter;

/// What one program was granted. Its open resources are in the [`ResourceTable`](silica_component::ResourceTable)
/// beside it.
#[derive(Debug)]
pub struct WasiContext {
    pub(crate) environment: Environment,
    pub(crate) initial_directory: Option<String>,
    pub(crate) stdin: Arc<InputStream>,
    pub(crate) stdout: Arc<OutputStream>,
    pub(crate) stderr: Arc<OutputStream>,
    pub(crate) preopens: Vec<(Arc<Directory>, String)>,
    /// What `wasi:config` gives, by name.
    pub(crate) settings: Vec<(String, String)>,
    pub(crate) random: Random,
    pub(crate) insecure_random: Option<Random>,
    pub(crate) insecure_seed: Option<(u64, u64)>,
    pub(crate) quotas: Quotas,
    pub(crate) network: Network,
    /// Open files and directories.
    pub(crate) descriptors: Room,
    pub(crate) waiter: Waiter,
}

impl WasiContext {
    /// Says whose interruption ends waits. Without it, a call that waits is not interrupted before it has what it
    /// waits for.
    ///
    /// ```
    /// use silica_engine::{Engine, Store};
    /// use silica_wasi_p2::WasiContext;
    /// let mut store = Store::new(&Engine::default(), WasiContext::builder().build());
    /// let handle = store.interrupt_handle();
    /// store.data_mut().set_interrupt_handle(handle);
    /// ```
    pub fn set_interrupt_handle(&mut self, handle: InterruptHandle) {
        self.waiter.set_interruption(handle);
    }

    /// What waits for the program, on its clocks.
    #[must_use]
    pub fn waiter(&self) -> &Waiter {
        &self.waiter
    }

    /// The clocks.
    pub(crate) fn clocks(&self) -> &Clocks {
        self.waiter.clocks()
    }
}
