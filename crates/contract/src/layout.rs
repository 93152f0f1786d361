//! Where a field of the context lies.
//!
//! Compiled code gets one pointer, to the context of its instance. A context is a fixed header and then,
//! for each thing of the module, a place. [`ContextLayout`] computes every offset from the module's
//! description; the compiler and the runtime both ask it, and nothing else knows an offset.

use silica_module::Module;

/// Fixed fields at the start of a context.
pub mod header {
    /// Pointer to the store's [`super::store`] fields.
    pub const STORE: u32 = 0;
    /// Pointer to the table of builtins.
    pub const BUILTINS: u32 = 8;
    /// Pointer to the runtime's own record of the instance; compiled code never reads it.
    pub const INSTANCE: u32 = 16;
    /// The base of the store's heap of objects, in an instance of a module that uses objects
    /// ([`Module::uses_objects`](silica_module::Module::uses_objects)); else null. It does not change while the instance lives.
    pub const HEAP: u32 = 24;
    /// Bytes of the header; a multiple of 16.
    pub const BYTES: u32 = 32;
}

/// Fields of a host function's context: what a host function gets as callee's context.
pub mod host_context {
    /// Pointer to the store's fields, as in [`super::header::STORE`].
    pub const STORE: u32 = 0;
    /// Address of the host routine that the leaving stub jumps to.
    pub const CODE: u32 = 8;
}

/// Fields shared by all instances of a store, that code or the entry and exit stubs touch.
pub mod store {
    /// Frame pointer of the compiled frame that last called the host.
    pub const EXIT_FRAME: u32 = 0;
    /// Return address into compiled code of that call.
    pub const EXIT_PC: u32 = 8;
    /// What is called with the stack pointer below this runs on the reserve.
    pub const HOST_STACK_LIMIT: u32 = 16;
    /// Fuel that is left, while no compiled code runs (then it is in the pinned register).
    pub const FUEL: u32 = 24;
    /// Heap offset where the next object can be made, 32 bits: see [`crate::object`]. Code that makes one moves it on, and writes the
    /// object's type id and all of its fields before the next call.
    pub const NURSERY_NEXT: u32 = 32;
    /// Heap offset that such an object must not end beyond, 32 bits; else a builtin makes it.
    pub const NURSERY_LIMIT: u32 = 36;
    /// Pointer to the table of supertypes ([`crate::object::supertypes`]). It may change with any call.
    pub const SUPERTYPES: u32 = 40;
    /// Pointer to the store's functions by number, of those that have one (fields [`super::function`]): an array of pointers, the first of
    /// which is null. It may change with any call.
    pub const FUNCTIONS: u32 = 48;
    /// How many pointers that array has, 64 bits.
    pub const FUNCTIONS_LENGTH: u32 = 56;
    /// Nothing of the host can be called with the stack pointer below this: the stack's end is near, or it is the reserve already.
    pub const RESERVE_LIMIT: u32 = 64;
    /// Where the reserve begins to grow downwards.
    pub const RESERVE_TOP: u32 = 72;
    /// Address of the routine that `resume` calls ([`crate::continuation`]); it, and the next four, are constant in a store.
    pub const RESUME: u32 = 80;
    /// Address of the routine that `suspend` calls.
    pub const SUSPEND: u32 = 88;
    /// Address of the routine that `switch` calls.
    pub const SWITCH: u32 = 96;
    /// Pointer to the values that a stack passes to another: [`crate::continuation::SLOT_BYTES`] for each.
    pub const PASSED: u32 = 104;
    /// Pointer to the clauses of a `resume`: [`crate::continuation::CLAUSE_BYTES`] for each.
    pub const CLAUSES: u32 = 112;
    /// Bytes of these fields.
    pub const BYTES: u32 = 120;
}

/// A function that can be called: by import, through a table, through a reference.
pub mod function {
    /// Address of its code (compiled function, or the leaving stub).
    pub const CODE: u32 = 0;
    /// Its context: an instance's, or a host function's.
    pub const CONTEXT: u32 = 8;
    /// Canonical id of its type, 32 bits. (Absent in [`IMPORT_BYTES`].)
    pub const TYPE: u32 = 16;
    /// Its number in the store, 32 bits; 0 as long as it has none: then a builtin gives it one. (Absent there, too.)
    pub const NUMBER: u32 = 20;
    /// Bytes of a function that is referred to.
    pub const REFERENCE_BYTES: u32 = 24;
    /// Bytes of an imported function's place: code and context only.
    pub const IMPORT_BYTES: u32 = 16;
}

/// A memory's definition.
pub mod memory {
    /// Address of its first byte.
    pub const BASE: u32 = 0;
    /// Its length in bytes, 64 bits.
    pub const LENGTH: u32 = 8;
    /// Bytes of a definition.
    pub const BYTES: u32 = 16;
}

/// A table's definition.
pub mod table {
    /// Address of its first element; elements are 8 bytes. May move when the table grows.
    pub const BASE: u32 = 0;
    /// Its length in elements, 64 bits.
    pub const LENGTH: u32 = 8;
    /// Bytes of a definition.
    pub const BYTES: u32 = 16;
    /// Bytes of an element.
    pub const ELEMENT_BYTES: u32 = 8;
}

/// Bytes of a global's place, whatever its type.
pub const GLOBAL_BYTES: u32 = 16;

/// Where something's definition is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Slot {
    /// In the context itself, at this offset.
    Inline(u32),
    /// Elsewhere; the context has a pointer to it at this offset.
    Pointer(u32),
}

/// Offsets of the parts of a context that depend on the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContextLayout {
    types: u32,
    tags: u32,
    imported_functions: u32,
    memories: Box<[Slot]>,
    tables: Box<[Slot]>,
    globals: Box<[Slot]>,
    references: u32,
    bytes: u32,
}

impl ContextLayout {
    /// The layout of the contexts of `module`'s instances.
    #[must_use]
    pub fn new(module: &Module) -> ContextLayout {
        let mut end = header::BYTES;
        let mut take = |bytes: u32, count: usize, align: u32| {
            let start = end.next_multiple_of(align);
            end = start + bytes * count as u32;
            start
        };
        let mut slots = |count: usize, bytes: u32, pointer: &dyn Fn(usize) -> bool| {
            (0..count)
                .map(|i| {
                    if pointer(i) {
                        Slot::Pointer(take(8, 1, 8))
                    } else {
                        Slot::Inline(take(bytes, 1, bytes.min(16)))
                    }
                })
                .collect::<Box<[Slot]>>()
        };
        let memories = slots(module.memories.len(), memory::BYTES, &|i| {
            i < module.imported_memories as usize || module.memories[i].shared
        });
        let tables = slots(module.tables.len(), table::BYTES, &|i| {
            i < module.imported_tables as usize
        });
        let globals = slots(module.globals.len(), GLOBAL_BYTES, &|i| {
            i < module.imported_globals as usize
        });
        let imported_functions = take(
            function::IMPORT_BYTES,
            module.imported_functions as usize,
            16,
        );
        let types = take(4, module.types.len(), 8);
        let tags = take(4, module.tags.len(), 4);
        let references = take(
            function::REFERENCE_BYTES,
            module.escaping_functions.len(),
            8,
        );
        let bytes = end.next_multiple_of(16);
        ContextLayout {
            types,
            tags,
            imported_functions,
            memories,
            tables,
            globals,
            references,
            bytes,
        }
    }

    /// Bytes of a whole context.
    #[must_use]
    pub fn bytes(&self) -> u32 {
        self.bytes
    }

    /// Offset of the canonical id (32 bits) of type `index`.
    #[must_use]
    pub fn type_id(&self, index: u32) -> u32 {
        self.types + 4 * index
    }

    /// Offset of the number (32 bits) that tag `index` has in its store.
    #[must_use]
    pub fn tag(&self, index: u32) -> u32 {
        self.tags + 4 * index
    }

    /// Offset of the place of imported function `index` (fields [`function`]).
    #[must_use]
    pub fn imported_function(&self, index: u32) -> u32 {
        self.imported_functions + function::IMPORT_BYTES * index
    }

    /// Where the definition of memory `index` is (fields [`memory`]).
    #[must_use]
    pub fn memory(&self, index: u32) -> Slot {
        self.memories[index as usize]
    }

    /// Where the definition of table `index` is (fields [`table`]).
    #[must_use]
    pub fn table(&self, index: u32) -> Slot {
        self.tables[index as usize]
    }

    /// Where the value of global `index` is.
    #[must_use]
    pub fn global(&self, index: u32) -> Slot {
        self.globals[index as usize]
    }

    /// Offset of the reference (fields [`function`]) of the `escaping`-th escaping function
    /// ([`Module::escaping_index`]). Its address is the `funcref`.
    #[must_use]
    pub fn reference(&self, escaping: u32) -> u32 {
        self.references + function::REFERENCE_BYTES * escaping
    }
}
