//! Whether what is given for an import fits it ("External type matching").

use silica_module::{EntityType, GlobalType, Import, MemoryType, TableType};

use crate::{
    CompiledModule, RegisteredType,
    handles::{Extern, Global, Table},
    memory::MemoryPlan,
    state::StoreState,
    value,
};

/// How something does not fit an import.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImportMismatch {
    /// Another kind of thing.
    #[error("it is another kind of thing")]
    Kind,
    /// A function of another type.
    #[error("expected a function of type {:?}, found {:?}", expected.function(), found.function())]
    Function {
        /// The import's type.
        expected: RegisteredType,
        /// The function's type.
        found: RegisteredType,
    },
    /// A tag of another type.
    #[error("expected a tag of type {:?}, found {:?}", expected.function(), found.function())]
    Tag {
        /// The import's type.
        expected: RegisteredType,
        /// The tag's type.
        found: RegisteredType,
    },
    /// A table of another type or size.
    #[error("expected a table {expected:?}, found {found:?} of {size} elements")]
    Table {
        /// The import's type, canonical.
        expected: TableType,
        /// The table's type, canonical.
        found: TableType,
        /// How many elements it has.
        size: u64,
    },
    /// A memory of another type or size.
    #[error("expected a memory {expected:?}, found {found:?} of {size} pages")]
    Memory {
        /// The import's type.
        expected: MemoryType,
        /// The memory's type.
        found: MemoryType,
        /// How many pages it has.
        size: u64,
    },
    /// A memory with less address space than the module's code counts on.
    #[error("the memory was made with settings for memories that the module was not compiled with")]
    MemoryPlan,
    /// A global of another type.
    #[error("expected a global {expected:?}, found {found:?}")]
    Global {
        /// The import's type, canonical.
        expected: GlobalType,
        /// The global's type, canonical.
        found: GlobalType,
    },
}

/// Whether what is given fits an import of a module.
pub(crate) fn check_import(
    store: &StoreState,
    module: &CompiledModule,
    import: &Import,
    given: &Extern,
) -> Result<(), ImportMismatch> {
    match (&import.entity, given) {
        (EntityType::Function(index), Extern::Function(function)) => {
            let expected = &module.types()[*index as usize];
            // Nearly always it is the very type, which needs no look into the table of types.
            if function.type_id(store) == expected.id() {
                return Ok(());
            }
            let found = function.ty(store);
            let fits = match import.exact {
                true => found.id() == expected.id(),
                false => found.is_subtype_of(expected),
            };
            if fits {
                return Ok(());
            }
            Err(ImportMismatch::Function {
                expected: expected.clone(),
                found,
            })
        }
        (EntityType::Table(ty), Extern::Table(table)) => check_table(store, module, ty, table),
        (EntityType::Memory(ty), Extern::Memory(memory)) => {
            let entry = memory.entry(store);
            check_memory(
                module,
                ty,
                &entry.ty,
                memory.size(store),
                entry.memory.plan(),
            )
        }
        (EntityType::Memory(ty), Extern::SharedMemory(memory)) => {
            check_memory(module, ty, &memory.ty(), memory.size(), memory.plan())
        }
        (EntityType::Global(ty), Extern::Global(global)) => check_global(store, module, ty, global),
        (EntityType::Tag(ty), Extern::Tag(tag)) => {
            let expected = &module.types()[ty.function as usize];
            let found = tag.ty(store);
            // Whoever throws and whoever catches must agree on what an exception carries: no subtype will do.
            if found.id() == expected.id() {
                return Ok(());
            }
            Err(ImportMismatch::Tag {
                expected: expected.clone(),
                found,
            })
        }
        (
            EntityType::Function(_)
            | EntityType::Table(_)
            | EntityType::Memory(_)
            | EntityType::Global(_)
            | EntityType::Tag(_),
            Extern::Function(_)
            | Extern::Table(_)
            | Extern::Memory(_)
            | Extern::SharedMemory(_)
            | Extern::Global(_)
            | Extern::Tag(_),
        ) => Err(ImportMismatch::Kind),
    }
}

fn check_table(
    store: &StoreState,
    module: &CompiledModule,
    ty: &TableType,
    table: &Table,
) -> Result<(), ImportMismatch> {
    let expected = TableType {
        element: module.canonical_ref(ty.element),
        ..*ty
    };
    let (found, size) = (table.ty(store), table.size(store));
    let fits = found.element == expected.element
        && found.index == expected.index
        && limits_fit((expected.min, expected.max), (size, found.max));
    if fits {
        return Ok(());
    }
    Err(ImportMismatch::Table {
        expected,
        found,
        size,
    })
}

fn check_global(
    store: &StoreState,
    module: &CompiledModule,
    ty: &GlobalType,
    global: &Global,
) -> Result<(), ImportMismatch> {
    let expected = GlobalType {
        value: module.canonical(ty.value),
        mutable: ty.mutable,
    };
    let found = global.ty(store);
    let fits = found.mutable == expected.mutable
        && if found.mutable {
            found.value == expected.value
        } else {
            value::is_subtype(store, found.value, expected.value)
        };
    if fits {
        return Ok(());
    }
    Err(ImportMismatch::Global { expected, found })
}

fn check_memory(
    module: &CompiledModule,
    expected: &MemoryType,
    found: &MemoryType,
    size: u64,
    plan: &MemoryPlan,
) -> Result<(), ImportMismatch> {
    let fits = found.index == expected.index
        && found.shared == expected.shared
        && found.page_size_log2 == expected.page_size_log2
        && limits_fit((expected.min, expected.max), (size, found.max));
    if !fits {
        return Err(ImportMismatch::Memory {
            expected: *expected,
            found: *found,
            size,
        });
    }
    let style = module.metadata().settings.memory_style(expected);
    if plan.suits(style) {
        Ok(())
    } else {
        Err(ImportMismatch::MemoryPlan)
    }
}

/// Whether something of a size and a maximum fits the limits of an import.
fn limits_fit(expected: (u64, Option<u64>), (size, max): (u64, Option<u64>)) -> bool {
    let max_fits = match expected.1 {
        None => true,
        Some(expected) => max.is_some_and(|max| max <= expected),
    };
    size >= expected.0 && max_fits
}
