//! What a store owns behind its handles: memories, tables and globals, and where compiled code finds each.

use silica_contract::layout;
use silica_module::{GlobalType, MemoryType, TableType};

use crate::{
    RegisteredType,
    error::RuntimeError,
    heap::{Damaged, Visit},
    memory::{LinearMemory, MemoryDefinition},
};

/// What a `funcref` points to ([`silica_contract::layout::function`]).
#[repr(C)]
pub(crate) struct FunctionReference {
    pub(crate) code: usize,
    pub(crate) context: *mut u8,
    pub(crate) type_id: u32,
    /// 0 as long as it has none.
    pub(crate) number: u32,
}

const _: () = {
    assert!(std::mem::offset_of!(FunctionReference, code) == layout::function::CODE as usize);
    assert!(std::mem::offset_of!(FunctionReference, context) == layout::function::CONTEXT as usize);
    assert!(std::mem::offset_of!(FunctionReference, type_id) == layout::function::TYPE as usize);
    assert!(std::mem::offset_of!(FunctionReference, number) == layout::function::NUMBER as usize);
    assert!(size_of::<FunctionReference>() == layout::function::REFERENCE_BYTES as usize);
};

/// A global of the embedder's.
pub(crate) struct GlobalEntry {
    pub(crate) value: std::cell::UnsafeCell<u128>,
    pub(crate) ty: GlobalType,
    /// The type that its type mentions, kept alive.
    pub(crate) _mentioned: Option<RegisteredType>,
}

// SAFETY: the value is read and written only by who has the store, through `&StoreState` and
// `&mut StoreState` or by its code.
unsafe impl Send for GlobalEntry {}
// SAFETY: as above.
unsafe impl Sync for GlobalEntry {}

impl GlobalEntry {
    /// Tells the reference to an object that is its value, for the collector, and puts what it gets in its place.
    pub(crate) fn visit_object(&self, visit: &mut Visit<'_>) -> Result<(), Damaged> {
        let place = self.value.get().cast::<u32>();
        // SAFETY: the value is only used by who has the store, as the collector's caller.
        unsafe { *place = visit(*place)? };
        Ok(())
    }
}

const _: () = assert!(size_of::<u128>() == layout::GLOBAL_BYTES as usize);

/// Where a global is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum GlobalPlace {
    /// The embedder's, by number.
    Host(u32),
    /// Of an instance: which, and which of its globals; never an imported one.
    Instance(u32, u32),
}

/// A memory, and where compiled code finds it.
pub(crate) struct MemoryEntry {
    pub(crate) memory: LinearMemory,
    pub(crate) ty: MemoryType,
    /// In the context of the instance that defines it, or of its own.
    pub(crate) definition: *mut MemoryDefinition,
    /// The definition, of a memory that no instance defines.
    owned: Option<Box<MemoryDefinition>>,
}

// SAFETY: the definition is in a context of the same store, or owned; it is followed only by who has the store.
unsafe impl Send for MemoryEntry {}
// SAFETY: as above.
unsafe impl Sync for MemoryEntry {}

impl MemoryEntry {
    pub(crate) fn new(memory: LinearMemory, ty: MemoryType) -> MemoryEntry {
        MemoryEntry {
            memory,
            ty,
            definition: std::ptr::null_mut(),
            owned: None,
        }
    }

    /// Tells compiled code where the memory is and how long.
    pub(crate) fn publish(&self) {
        // SAFETY: the definition lives as long as the store, and no code runs while it is borrowed.
        unsafe {
            self.definition.write(MemoryDefinition {
                base: self.memory.base(),
                length: self.memory.length() as u64,
            });
        }
    }

    /// Makes `definition` the place that tells compiled code about this memory.
    ///
    /// # Safety
    /// It can be written, and lives as long as the store.
    pub(crate) unsafe fn define_at(&mut self, definition: *mut MemoryDefinition) {
        self.definition = definition;
        self.publish();
    }

    /// Makes the definition a place of its own.
    pub(crate) fn define_alone(&mut self) {
        let owned = self.owned.insert(Box::new(MemoryDefinition {
            base: std::ptr::null_mut(),
            length: 0,
        }));
        self.definition = std::ptr::from_mut(&mut **owned);
        self.publish();
    }
}

/// What compiled code reads of a table.
#[repr(C)]
pub(crate) struct TableDefinition {
    pub(crate) base: *mut u64,
    pub(crate) length: u64,
}

const _: () = {
    assert!(std::mem::offset_of!(TableDefinition, base) == layout::table::BASE as usize);
    assert!(std::mem::offset_of!(TableDefinition, length) == layout::table::LENGTH as usize);
    assert!(size_of::<TableDefinition>() == layout::table::BYTES as usize);
    assert!(size_of::<u64>() == layout::table::ELEMENT_BYTES as usize);
};

/// A table, and where compiled code finds it.
pub(crate) struct TableEntry {
    /// Elements as compiled code has them. Compiled code writes them too, so they are only used through
    /// [`TableEntry::elements`] and while no code runs.
    pub(crate) elements: Vec<u64>,
    /// Its type, canonical.
    pub(crate) ty: TableType,
    pub(crate) definition: *mut TableDefinition,
    owned: Option<Box<TableDefinition>>,
    /// The type that its type mentions, kept alive.
    mentioned: Option<RegisteredType>,
}

// SAFETY: the definition is in a context of the same store, or owned; it is followed only by who has the store.
unsafe impl Send for TableEntry {}
// SAFETY: as above.
unsafe impl Sync for TableEntry {}

/// Why elements cannot be read or written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TableError;

impl TableEntry {
    /// A table with its minimum of elements, which the limiter has allowed.
    pub(crate) fn new(ty: TableType, value: u64) -> Result<TableEntry, RuntimeError> {
        let mut entry = TableEntry {
            elements: Vec::new(),
            ty,
            definition: std::ptr::null_mut(),
            owned: None,
            mentioned: None,
        };
        let length = usize::try_from(ty.min).map_err(|_| RuntimeError::OutOfMemory("a table"))?;
        entry.extend(length, value)?;
        Ok(entry)
    }

    pub(crate) fn extend(&mut self, length: usize, value: u64) -> Result<(), RuntimeError> {
        let more = length - self.elements.len();
        if value == 0 && self.elements.is_empty() {
            // Zeroed memory comes from the system untouched.
            self.elements = zeroed(length)?;
        } else {
            self.elements
                .try_reserve(more)
                .map_err(|_| RuntimeError::OutOfMemory("a table"))?;
            self.elements.resize(length, value);
        }
        Ok(())
    }

    /// Makes `definition` the place that tells compiled code about this table.
    ///
    /// # Safety
    /// It can be written, and lives as long as the store.
    pub(crate) unsafe fn define_at(&mut self, definition: *mut TableDefinition) {
        self.definition = definition;
        self.publish();
    }

    /// Makes the definition a place of its own, and keeps the type that the table's type mentions.
    pub(crate) fn define_alone(&mut self, mentioned: Option<RegisteredType>) {
        self.mentioned = mentioned;
        let owned = self.owned.insert(Box::new(TableDefinition {
            base: std::ptr::null_mut(),
            length: 0,
        }));
        self.definition = std::ptr::from_mut(&mut **owned);
        self.publish();
    }

    pub(crate) fn publish(&mut self) {
        // SAFETY: the definition lives as long as the store, and no code runs while it is borrowed.
        unsafe {
            self.definition.write(TableDefinition {
                base: self.elements.as_mut_ptr(),
                length: self.elements.len() as u64,
            });
        }
    }

    pub(crate) fn elements(&self) -> &[u64] {
        &self.elements
    }

    pub(crate) fn elements_mut(&mut self) -> &mut [u64] {
        &mut self.elements
    }

    /// `count` elements from `start`, if there are so many.
    pub(crate) fn range_mut(&mut self, start: u64, count: u64) -> Result<&mut [u64], TableError> {
        let range = checked_range(self.elements.len(), start, count)?;
        Ok(&mut self.elements[range])
    }
}

/// Indices of `count` elements from `start`, within `length`.
pub(crate) fn checked_range(
    length: usize,
    start: u64,
    count: u64,
) -> Result<std::ops::Range<usize>, TableError> {
    let end = start
        .checked_add(count)
        .filter(|end| *end <= length as u64)
        .ok_or(TableError)?;
    Ok(start as usize..end as usize)
}

/// A vector of zeros; an error when there is no memory for it.
fn zeroed(length: usize) -> Result<Vec<u64>, RuntimeError> {
    if length == 0 {
        return Ok(Vec::new());
    }
    let out_of_memory = RuntimeError::OutOfMemory("a table");
    let Ok(layout) = std::alloc::Layout::array::<u64>(length) else {
        return Err(out_of_memory);
    };
    // SAFETY: the layout is not empty; the memory is zeroed, which are valid `u64`s, and was allocated
    // as a vector of that capacity would be.
    unsafe {
        let pointer = std::alloc::alloc_zeroed(layout).cast::<u64>();
        if pointer.is_null() {
            Err(out_of_memory)
        } else {
            Ok(Vec::from_raw_parts(pointer, length, length))
        }
    }
}
