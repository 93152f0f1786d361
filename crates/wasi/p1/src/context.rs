//! The state of one program's WASI: its descriptors and everything else it was
//! granted.

use crate::table::Table;
use crate::trace::Tracer;
use silica_wasi_host::{Clocks, Environment, Quotas, Random};

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
    pub(crate) environment: Environment,
    pub(crate) clocks: Clocks,
    pub(crate) random: Random,
    pub(crate) quotas: Quotas,
    pub(crate) tracer: Option<Tracer>,
}
