//! Making an instance of a module.
//!
//! The order is the specification's ("Instantiation"): imports are checked and limits asked first, without
//! effect; then everything is made and connected; then element segments and data segments are written, in order,
//! each as a whole or not at all; then the start function runs. What a segment has written before a later one
//! traps stays written.

use std::ptr::NonNull;

use silica_contract::layout::{self, Slot};
use silica_module::{DataMode, ElementMode, IndexType, TableType};

use crate::{
    CallError, CompiledModule, RuntimeError, builtins,
    call::{run, trap_at_once},
    entries::{MemoryEntry, TableEntry},
    entry::{Activation, Entrance, FUEL},
    handles::{Extern, Tag, ask_memory_minimum, ask_table_minimum},
    imports::{ImportMismatch, check_import},
    instance::Instance,
    limiter::Counts,
    memory::{LinearMemory, SharedMemory},
    record::{InstanceRecord, MemoryRef},
    resolve,
    segments::{self, evaluate, write_elements},
    state::{State, StoreState},
};

/// Why there is no instance.
#[derive(Debug, thiserror::Error)]
pub enum InstantiateError {
    /// What was given for an import does not fit it.
    #[error("import {index}: {mismatch}")]
    Import {
        /// Which of the module's imports.
        index: usize,
        /// What is wrong.
        mismatch: ImportMismatch,
    },
    /// More or fewer imports than the module has.
    #[error("expected {expected} imports, found {found}")]
    ImportCount {
        /// How many the module has.
        expected: usize,
        /// How many were given.
        found: usize,
    },
    /// Something could not be made.
    #[error(transparent)]
    Resource(#[from] RuntimeError),
    /// A segment did not fit or the start function ended.
    #[error(transparent)]
    Call(#[from] CallError),
}

fn check_imports(
    store: &StoreState,
    module: &CompiledModule,
    imports: &[Extern],
) -> Result<(), InstantiateError> {
    let expected = &module.module().imports;
    if expected.len() != imports.len() {
        return Err(InstantiateError::ImportCount {
            expected: expected.len(),
            found: imports.len(),
        });
    }
    for (index, (import, given)) in expected.iter().zip(imports).enumerate() {
        check_import(store, module, import, given)
            .map_err(|mismatch| InstantiateError::Import { index, mismatch })?;
    }
    Ok(())
}

impl StoreState {
    /// Makes an instance of a module, with one thing for each of its imports, and runs its start function.
    ///
    /// # Errors
    /// [`InstantiateError`].
    ///
    /// # Panics
    /// If the module belongs to another engine or an import to another store. Goes on with the panic of
    /// a host function.
    pub fn instantiate(
        &mut self,
        module: &CompiledModule,
        imports: &[Extern],
    ) -> Result<Instance, InstantiateError> {
        assert!(
            module.runtime().same(self.runtime()),
            "the module belongs to another engine"
        );
        if module.metadata().settings.fuel != self.counts_fuel() {
            let counts = RuntimeError::Unsupported(
                "a module that counts fuel in a store that does not, or the reverse,",
            );
            return Err(counts.into());
        }
        check_imports(self, module, imports)?;
        let description = module.module();
        let defined = |all: usize, imported: u32| all - imported as usize;
        self.state_mut().ask_counts(Counts {
            instances: 1,
            memories: defined(description.memories.len(), description.imported_memories),
            tables: defined(description.tables.len(), description.imported_tables),
        })?;
        let state = self.raw();
        let index = self.state().instances.len() as u32;
        let record = InstanceRecord::new(module, state.cast(), index);
        let before = self.state();
        let before = (
            before.memories.len(),
            before.tables.len(),
            before.tags.len(),
        );
        let functions = self.state().functions.count();
        if let Err(error) = build(self, record, imports) {
            // Nothing refers to what was made for it.
            let state = self.state_mut();
            state.forget_functions(functions);
            state.instances.truncate(index as usize);
            state.memories.truncate(before.0);
            state.tables.truncate(before.1);
            state.tags.truncate(before.2);
            return Err(error.into());
        }
        let instance = Instance {
            store: self.id(),
            index,
        };
        initialize(self, module, index)?;
        Ok(instance)
    }
}

/// Makes and connects everything, without effect on anything that was there before but the store's lists.
fn build(
    store: &mut StoreState,
    mut record: Box<InstanceRecord>,
    imports: &[Extern],
) -> Result<(), RuntimeError> {
    if record.module().growing().is_some() {
        let routine = resolve::resolve as *const () as usize;
        store.state_mut().prepare_resolve(routine)?;
    }
    let builtins = builtins::table(store.counts_fuel());
    store.state_mut().know_types();
    let fields = store.raw().cast();
    record.connect(fields, builtins);
    connect_imports(store, &mut record, imports);
    make_memories(store, &mut record)?;
    make_tables(store, &mut record)?;
    make_tags(store, &mut record);
    let module = record.module().clone();
    if module.uses_objects() {
        let base = store.state_mut().make_heap()?;
        record.connect_heap(base);
    }
    if module.may_suspend() {
        store.state_mut().make_continuations();
    }
    let index = record.index;
    // From here on the collector knows the instance's objects.
    let state = store.state_mut();
    state.instances.push(record);
    initialize_globals(state, &module, index)?;
    initialize_tables(state, &module, index)?;
    segments::make_objects(state, index)
}

fn initialize_globals(
    state: &mut State,
    module: &CompiledModule,
    instance: u32,
) -> Result<(), RuntimeError> {
    let first = module.module().imported_globals;
    for (index, global) in (0..).zip(&module.module().globals).skip(first as usize) {
        if let Some(initial) = &global.initial {
            let bits = evaluate(state, instance, initial)?;
            let address = state.instances[instance as usize].global_address(index);
            // SAFETY: the address is of a place in the record's context; no code of the instance has run yet.
            unsafe { *address = bits };
        }
    }
    Ok(())
}

fn connect_imports(store: &mut StoreState, record: &mut InstanceRecord, imports: &[Extern]) {
    let module = record.module().clone();
    let layout = module.layout();
    let (mut functions, mut tables, mut memories) = (0_u32, 0_u32, 0_u32);
    let mut globals = Vec::new();
    // Both ascend.
    let mut escaping = (0..).zip(&module.module().escaping_functions).peekable();
    for import in imports {
        match import {
            Extern::Function(function) => {
                let (code, context) = function.entry();
                let place = layout.imported_function(functions);
                record.put(place + layout::function::CODE, code);
                record.put(place + layout::function::CONTEXT, context);
                if let Some((place, _)) = escaping.next_if(|(_, index)| **index == functions) {
                    let reference = layout.reference(place);
                    record.put(reference + layout::function::CODE, code);
                    record.put(reference + layout::function::CONTEXT, context);
                    // The function's own type, which may be a subtype of the import's.
                    record.put(reference + layout::function::TYPE, function.type_id(store));
                }
                functions += 1;
            }
            Extern::Table(table) => {
                put_pointer(
                    record,
                    layout.table(tables),
                    table.entry(store).definition as usize,
                );
                record.tables.push(table.index);
                tables += 1;
            }
            Extern::Tag(tag) => {
                record.put(layout.tag(record.tags.len() as u32), tag.number);
                record.tags.push(tag.number);
            }
            Extern::Memory(memory) => {
                put_pointer(
                    record,
                    layout.memory(memories),
                    memory.entry(store).definition as usize,
                );
                record.memories.push(MemoryRef::Store(memory.index));
                memories += 1;
            }
            Extern::SharedMemory(memory) => {
                put_pointer(
                    record,
                    layout.memory(memories),
                    memory.definition() as usize,
                );
                record.memories.push(MemoryRef::Shared(memory.clone()));
                memories += 1;
            }
            Extern::Global(global) => {
                put_pointer(
                    record,
                    layout.global(globals.len() as u32),
                    global.address(store) as usize,
                );
                globals.push(*global);
            }
        }
    }
    record.imported_globals = globals.iter().map(|global| global.place).collect();
}

/// Writes the address of something that is defined elsewhere.
fn put_pointer(record: &mut InstanceRecord, slot: Slot, address: usize) {
    match slot {
        Slot::Pointer(offset) => record.put(offset, address),
        Slot::Inline(_) => {
            unreachable!("the layout has a pointer for everything imported or shared")
        }
    }
}

fn make_memories(store: &mut StoreState, record: &mut InstanceRecord) -> Result<(), RuntimeError> {
    let module = record.module().clone();
    let first = module.module().imported_memories;
    for (index, ty) in (0..).zip(&module.module().memories).skip(first as usize) {
        let state = store.state_mut();
        ask_memory_minimum(state, ty)?;
        let style = module.metadata().settings.memory_style(ty);
        let contents = module.contents(index);
        if ty.shared {
            let memory = SharedMemory::with_contents(&state.runtime, *ty, style, contents)?;
            put_pointer(
                record,
                module.layout().memory(index),
                memory.definition() as usize,
            );
            record.memories.push(MemoryRef::Shared(memory));
            continue;
        }
        let memory = LinearMemory::new(&state.runtime, ty, style, contents)?;
        let mut entry = MemoryEntry::new(memory, *ty);
        // SAFETY: the definition is in the context of the record, which the store will own; if it does not come
        // to that, the entry is dropped with the record.
        unsafe { entry.define_at(record.memory_definition(index)) };
        record
            .memories
            .push(MemoryRef::Store(state.memories.len() as u32));
        state.memories.push(entry);
    }
    Ok(())
}

fn make_tables(store: &mut StoreState, record: &mut InstanceRecord) -> Result<(), RuntimeError> {
    let module = record.module().clone();
    let first = module.module().imported_tables;
    for (index, table) in (0..).zip(&module.module().tables).skip(first as usize) {
        let ty = TableType {
            element: module.canonical_ref(table.ty.element),
            ..table.ty
        };
        let state = store.state_mut();
        ask_table_minimum(state, &ty)?;
        let mut entry = TableEntry::new(ty, 0)?;
        // SAFETY: as for memories.
        unsafe { entry.define_at(record.table_definition(index)) };
        record.tables.push(state.tables.len() as u32);
        state.tables.push(entry);
    }
    Ok(())
}

/// Gives each tag that the module defines a number of its own.
fn make_tags(store: &mut StoreState, record: &mut InstanceRecord) {
    let module = record.module().clone();
    let first = module.module().imported_tags;
    for (index, tag) in (0..).zip(&module.module().tags).skip(first as usize) {
        let ty = module.types()[tag.function as usize].clone();
        let tag = Tag::new(store, ty);
        record.put(module.layout().tag(index), tag.number);
        record.tags.push(tag.number);
    }
}

/// Fills tables whose elements do not begin as null.
fn initialize_tables(
    state: &mut State,
    module: &CompiledModule,
    instance: u32,
) -> Result<(), RuntimeError> {
    for (index, table) in module.module().tables.iter().enumerate() {
        if let Some(initial) = &table.initial {
            let bits = evaluate(state, instance, initial)? as u64;
            let number = state.instances[instance as usize].tables[index];
            state.tables[number as usize].elements_mut().fill(bits);
        }
    }
    Ok(())
}

/// Writes the active segments and runs the start function.
fn initialize(
    store: &mut StoreState,
    module: &CompiledModule,
    index: u32,
) -> Result<(), InstantiateError> {
    let description = module.module();
    for (segment, element) in (0..).zip(&description.elements) {
        match &element.mode {
            ElementMode::Passive => continue,
            ElementMode::Declared => {}
            ElementMode::Active { table, offset } => {
                let wide = description.tables[*table as usize].ty.index;
                let offset = address(evaluate(store.state_mut(), index, offset)?, wide);
                let number = store.state().instances[index as usize].tables[*table as usize];
                let count = element.items.len() as u64;
                write_elements(
                    store.state_mut(),
                    index,
                    (segment, 0),
                    (number, offset),
                    count,
                )
                .map_err(|raise| stopped(store, raise))?;
            }
        }
        store.state_mut().instances[index as usize].drop_elements(segment as usize);
    }
    initialize_data(store, module, index)?;
    match description.start {
        None => Ok(()),
        Some(start) => Ok(run_start(store, index, start)?),
    }
}

fn initialize_data(
    store: &mut StoreState,
    module: &CompiledModule,
    index: u32,
) -> Result<(), InstantiateError> {
    let description = module.module();
    let mut in_images = module.metadata().data_in_images;
    for (segment, data) in (0_u32..).zip(&description.data) {
        let DataMode::Active { memory, offset } = &data.mode else {
            continue;
        };
        if in_images > 0 {
            in_images -= 1;
        } else {
            let wide = description.memories[*memory as usize].index;
            let offset = address(evaluate(store.state_mut(), index, offset)?, wide);
            let length = u64::from(data.bytes.end - data.bytes.start);
            builtins::write_data(
                store.state_mut(),
                index,
                (segment, 0),
                (*memory, offset),
                length,
            )
            .map_err(|raise| stopped(store, raise))?;
        }
        store.state_mut().instances[index as usize].dropped_data[segment as usize] = true;
    }
    Ok(())
}

/// An address, from what a constant expression gave.
fn address(bits: u128, index: IndexType) -> u64 {
    match index {
        IndexType::I32 => u64::from(bits as u32),
        IndexType::I64 => bits as u64,
    }
}

fn stopped(store: &StoreState, raise: crate::raise::Raise) -> InstantiateError {
    use crate::raise::Raise;
    match raise {
        Raise::Trap(code) => trap_at_once(store, code).into(),
        Raise::Error(error) => CallError::Host {
            error,
            backtrace: store.backtrace(),
        }
        .into(),
        Raise::Panic(payload) => std::panic::resume_unwind(payload),
        Raise::Exception => CallError::Exception {
            backtrace: store.backtrace(),
        }
        .into(),
    }
}

fn run_start(store: &mut StoreState, index: u32, start: u32) -> Result<(), CallError> {
    let record = &store.state().instances[index as usize];
    let reference = NonNull::new(record.reference(start)).expect("the start function escapes");
    // SAFETY: the reference is in the context of the instance.
    let (code, context) = unsafe { (reference.as_ref().code, reference.as_ref().context) };
    let counts_fuel = store.counts_fuel();
    let state = store.raw();
    let flags = if counts_fuel { FUEL } else { 0 };
    let mut place = std::mem::MaybeUninit::uninit();
    let activation = Activation::init(&mut place, state.cast());
    let entrance = Entrance {
        code,
        context: context as u64,
        flags,
    };
    // SAFETY: validation proved that the start function takes and gives nothing; `store` is not used while it runs.
    unsafe { run(state, activation, entrance) }
}
