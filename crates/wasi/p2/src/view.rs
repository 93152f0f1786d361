//! Where an embedder's data has what host functions work on.

use silica_component::{HasData, ResourceTable};

use crate::context::WasiContext;

/// A store's data that has a program's WASI.
///
/// ```
/// use silica_component::ResourceTable;
/// use silica_wasi_p2::{WasiContext, WasiContextView, WasiView};
/// struct Data { wasi: WasiContext, table: ResourceTable }
/// impl WasiView for Data {
///     fn wasi(&mut self) -> WasiContextView<'_> {
///         WasiContextView { context: &mut self.wasi, table: &mut self.table }
///     }
/// }
/// ```
pub trait WasiView: Send + 'static {
    /// What host functions work on.
    fn wasi(&mut self) -> WasiContextView<'_>;
}

/// A program's WASI, with the table of its resources.
#[derive(Debug)]
pub struct WasiContextView<'a> {
    /// What it was granted.
    pub context: &'a mut WasiContext,
    /// What it has open, and other resources of the embedder's.
    pub table: &'a mut ResourceTable,
}

/// Says that host functions work on [`WasiContextView`].
#[derive(Debug)]
pub struct HasWasi;

impl HasData for HasWasi {
    type Data<'a> = WasiContextView<'a>;
}
