//! What is known of a module while its functions are translated.

use silica_contract::{
    layout::ContextLayout,
    settings::{MemoryStyle, Settings},
};
use silica_module::{FunctionType, MemoryType, Module, TableType};

/// A module and the settings it is compiled with. Shared by all functions, on all threads.
#[derive(Debug)]
pub struct Environment<'a> {
    /// The module.
    pub module: &'a Module,
    /// The settings.
    pub settings: &'a Settings,
    /// Offsets of the context's fields.
    pub layout: ContextLayout,
}

impl<'a> Environment<'a> {
    /// Collects what translation needs to know.
    #[must_use]
    pub fn new(module: &'a Module, settings: &'a Settings) -> Environment<'a> {
        Environment {
            module,
            settings,
            layout: ContextLayout::new(module),
        }
    }

    pub(crate) fn function_type(&self, type_index: u32) -> &'a FunctionType {
        self.module
            .function_type(type_index)
            .expect("the validator proved that this is a function type")
    }

    pub(crate) fn memory(&self, memory: u32) -> &'a MemoryType {
        &self.module.memories[memory as usize]
    }

    pub(crate) fn memory_style(&self, memory: u32) -> MemoryStyle {
        self.settings.memory_style(self.memory(memory))
    }

    pub(crate) fn table(&self, table: u32) -> &'a TableType {
        &self.module.tables[table as usize].ty
    }
}
