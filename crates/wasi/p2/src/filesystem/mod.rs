//! `wasi:filesystem`: directories that were opened beforehand, and what is below them.
//!
//! Every operation goes to the capability of `silica_wasi_host`, which checks what it was granted and that no path
//! leaves its directory. Here are types and errors.

mod code;
mod convert;
mod descriptor;
mod entries;
mod error;
mod host;
mod stream;

pub use descriptor::Descriptor;
pub use entries::DirectoryEntryStream;
pub use error::{FsError, FsResult};

use std::sync::Arc;

use silica_component::{Linker, Resource};
use silica_engine::{Error, Result};

use crate::bindings::wasi::filesystem::{preopens, types};
use crate::view::{HasWasi, WasiContextView, WasiView};

/// Grants `wasi:filesystem`: the directories that the context has.
///
/// # Errors
/// If one of its interfaces is defined already.
pub fn add_to_linker<T: WasiView>(linker: &mut Linker<T>) -> Result<()> {
    types::add_to_linker::<T, HasWasi>(linker, T::wasi)?;
    preopens::add_to_linker::<T, HasWasi>(linker, T::wasi)
}

impl preopens::Host for WasiContextView<'_> {
    fn get_directories(&mut self) -> Result<Vec<(Resource<Descriptor>, String)>> {
        let WasiContextView { context, table } = self;
        let each = context.preopens.iter().map(|(directory, path)| {
            let descriptor = Descriptor::preopened(Arc::clone(directory));
            Ok::<_, Error>((table.push(descriptor)?, path.clone()))
        });
        each.collect()
    }
}
