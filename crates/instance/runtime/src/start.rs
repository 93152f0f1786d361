//! The beginning: a runtime, and the process's handler of faults.

use crate::{Runtime, RuntimeConfig, error::RuntimeError, fault};

impl Runtime {
    /// A runtime; the first one of a process installs the handler of faults.
    ///
    /// # Errors
    /// [`RuntimeError::System`] when the system refuses the handler.
    pub fn new(config: RuntimeConfig) -> Result<Runtime, RuntimeError> {
        let signal = config
            .interrupt_signal
            .unwrap_or(silica_os::INTERRUPT_SIGNAL_DEFAULT);
        silica_os::install(fault::on_fault, signal)?;
        Ok(Runtime::with_signal(config, signal))
    }
}
