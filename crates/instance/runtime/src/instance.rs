//! Instances: handles to the records of a store.

use std::ptr::NonNull;

use silica_module::EntityType;

use crate::{
    CompiledModule,
    entries::GlobalPlace,
    handles::{Extern, Function, Global, Memory, Table, Tag},
    identity::StoreId,
    record::{InstanceRecord, MemoryRef},
    state::StoreState,
};

impl InstanceRecord {
    /// An escaping function.
    pub(crate) fn function(&self, store: StoreId, function: u32) -> Option<Function> {
        let reference = NonNull::new(self.reference(function))?;
        // SAFETY: the reference is in the context, which lives as long as the store.
        Some(unsafe { Function::new(store, reference) })
    }

    /// A global of the index space, named by the instance that defines it.
    pub(crate) fn global(&self, store: StoreId, index: u32) -> Global {
        match self.imported_globals.get(index as usize) {
            Some(place) => Global {
                store,
                place: *place,
            },
            None => Global {
                store,
                place: GlobalPlace::Instance(self.index, index),
            },
        }
    }
}

/// An instance of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Instance {
    pub(crate) store: StoreId,
    pub(crate) index: u32,
}

impl Instance {
    fn record<'a>(&self, store: &'a StoreState) -> &'a InstanceRecord {
        store.check(self.store, "the instance");
        &store.state().instances[self.index as usize]
    }

    /// The module that it is an instance of.
    ///
    /// # Panics
    /// If it belongs to another store.
    #[must_use]
    pub fn module<'a>(&self, store: &'a StoreState) -> &'a CompiledModule {
        self.record(store).module()
    }

    /// The export at `index` of [`silica_module::Module::exports`]; `None` beyond the last.
    ///
    /// # Panics
    /// If it belongs to another store.
    #[must_use]
    pub fn export(&self, store: &StoreState, index: usize) -> Option<Extern> {
        let record = self.record(store);
        let export = record.module().module().exports.get(index)?;
        let at = export.index as usize;
        let id = self.store;
        match export.entity {
            EntityType::Function(_) => record.function(id, export.index).map(Extern::Function),
            EntityType::Table(_) => Some(Extern::Table(Table {
                store: id,
                index: record.tables[at],
            })),
            EntityType::Memory(_) => Some(match &record.memories[at] {
                MemoryRef::Store(index) => Extern::Memory(Memory {
                    store: id,
                    index: *index,
                }),
                MemoryRef::Shared(memory) => Extern::SharedMemory(memory.clone()),
            }),
            EntityType::Global(_) => Some(Extern::Global(record.global(id, export.index))),
            EntityType::Tag(_) => Some(Extern::Tag(Tag {
                store: id,
                number: record.tags[at],
            })),
        }
    }

    /// The export of that name.
    ///
    /// # Panics
    /// If it belongs to another store.
    #[must_use]
    pub fn export_by_name(&self, store: &StoreState, name: &str) -> Option<Extern> {
        let exports = &self.record(store).module().module().exports;
        let index = exports.iter().position(|export| export.name == name)?;
        self.export(store, index)
    }
}
