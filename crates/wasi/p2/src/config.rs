//! `wasi:config/store`, of a draft: settings by name. It is granted apart from the rest, by [`add_to_linker`].

use silica_component::Linker;
use silica_engine::Result;

use crate::bindings::config::wasi::config::store;
use crate::view::{HasWasi, WasiContextView, WasiView};

/// Grants `wasi:config/store`: the settings that the context has.
///
/// # Errors
/// If it is defined already.
pub fn add_to_linker<T: WasiView>(linker: &mut Linker<T>) -> Result<()> {
    store::add_to_linker::<T, HasWasi>(linker, T::wasi)
}

impl store::Host for WasiContextView<'_> {
    fn get(&mut self, key: String) -> Result<std::result::Result<Option<String>, store::Error>> {
        let all = self.context.settings.iter();
        let mut found = all.filter(|(name, _)| *name == key);
        Ok(Ok(found.next().map(|(_, value)| value.clone())))
    }

    fn get_all(&mut self) -> Result<std::result::Result<Vec<(String, String)>, store::Error>> {
        Ok(Ok(self.context.settings.clone()))
    }
}
