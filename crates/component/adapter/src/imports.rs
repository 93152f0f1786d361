//! What an adapter imports, in order: the runtime gives it by this list, whatever the names.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use silica_component_describe::{DefinedType, FlatType, Types, ValueType};
use wasm_encoder::{EntityType, GlobalType, ImportSection, MemoryType, TypeSection, ValType};

/// One of the two components.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Side {
    Caller,
    Callee,
}

impl Side {
    /// The one that is not this.
    #[must_use]
    pub const fn other(self) -> Side {
        match self {
            Side::Caller => Side::Callee,
            Side::Callee => Side::Caller,
        }
    }
}

/// Something that an adapter imports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum AdapterImport {
    /// The core function that is lifted.
    Callee,
    /// The callee's `post-return`.
    PostReturn,
    /// A side's `realloc`.
    Realloc(Side),
    /// A side's memory.
    Memory(Side),
    /// The global that is 1 while a side may call out.
    MayLeave(Side),
    /// Ends the call with an [`AdapterTrap`], by number.
    Trap,
    /// Begins a call that handles are lent to.
    Enter,
    /// Ends it.
    Exit,
    /// Passes an owned resource: takes a handle of one side, gives one of the other.
    Own {
        /// Of the plan's resource types.
        resource: u32,
        /// Who gets it.
        to: Side,
    },
    /// Lends the callee a resource of the caller's.
    Borrow {
        /// Of the plan's resource types.
        resource: u32,
    },
    /// Passes a string: takes a pointer and a length, gives those of the copy.
    String {
        /// Who gets it.
        to: Side,
    },
}

macro_rules! traps {
    ($($(#[$doc:meta])* $name:ident = $number:literal;)*) => {
        /// What an adapter finds wrong, by the number that it says it with.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u32)]
        pub enum AdapterTrap { $($(#[$doc])* $name = $number,)* }

        impl AdapterTrap {
            /// The trap with this number; the first if there is none.
            #[must_use]
            pub fn from_number(number: u32) -> AdapterTrap {
                match number {
                    $($number => AdapterTrap::$name,)*
                    _ => AdapterTrap::CannotEnter,
                }
            }
        }
    };
}

traps! {
    /// The callee is inside the caller, or the caller inside the callee.
    CannotEnter = 0;
    /// The caller must not call out.
    CannotLeave = 1;
    /// A pointer is not aligned.
    UnalignedPointer = 2;
    /// A pointer is not to its memory.
    PointerOutOfBounds = 3;
    /// A list is not within its memory.
    ListOutOfBounds = 4;
    /// A list is longer than any may be.
    ListTooLong = 5;
    /// There is no such case.
    InvalidDiscriminant = 6;
    /// A number is no character.
    InvalidChar = 7;
}

/// A function type's parameters and results.
type Key = (Vec<ValType>, Vec<ValType>);

/// The imports of a module that is being made, and its types.
#[derive(Default)]
pub(crate) struct Imports {
    pub(crate) list: Vec<AdapterImport>,
    index: HashMap<AdapterImport, u32>,
    pub(crate) section: ImportSection,
    pub(crate) types: TypeSection,
    type_index: HashMap<Key, u32>,
    pub(crate) functions: u32,
    memories: u32,
    globals: u32,
}

pub(crate) fn core(types: &[FlatType]) -> Vec<ValType> {
    types.iter().map(|ty| core_type(*ty)).collect()
}

pub(crate) fn core_type(ty: FlatType) -> ValType {
    match ty {
        FlatType::I32 => ValType::I32,
        FlatType::I64 => ValType::I64,
        FlatType::F32 => ValType::F32,
        FlatType::F64 => ValType::F64,
    }
}

impl Imports {
    pub(crate) fn function_type(&mut self, params: Vec<ValType>, results: Vec<ValType>) -> u32 {
        let types = &mut self.types;
        let key = (params, results);
        if let Some(&index) = self.type_index.get(&key) {
            return index;
        }
        let index = types.len();
        types
            .ty()
            .function(key.0.iter().copied(), key.1.iter().copied());
        self.type_index.insert(key, index);
        index
    }

    /// Imports a function of this type, unless it is imported already.
    pub(crate) fn function(
        &mut self,
        import: AdapterImport,
        params: Vec<ValType>,
        results: Vec<ValType>,
    ) {
        let ty = self.function_type(params, results);
        if self.add(import, self.functions, EntityType::Function(ty)) {
            self.functions += 1;
        }
    }

    pub(crate) fn memory(&mut self, side: Side) {
        let ty = MemoryType {
            minimum: 0,
            maximum: None,
            memory64: false,
            shared: false,
            page_size_log2: None,
        };
        let import = AdapterImport::Memory(side);
        if self.add(import, self.memories, EntityType::Memory(ty)) {
            self.memories += 1;
        }
    }

    pub(crate) fn may_leave(&mut self, side: Side) {
        let ty = GlobalType {
            val_type: ValType::I32,
            mutable: true,
            shared: false,
        };
        let import = AdapterImport::MayLeave(side);
        if self.add(import, self.globals, EntityType::Global(ty)) {
            self.globals += 1;
        }
    }

    pub(crate) fn realloc(&mut self, side: Side) {
        let import = AdapterImport::Realloc(side);
        self.function(import, vec![ValType::I32; 4], vec![ValType::I32]);
    }

    fn add(&mut self, import: AdapterImport, index: u32, ty: EntityType) -> bool {
        if self.index.contains_key(&import) {
            return false;
        }
        self.index.insert(import, index);
        let name = format!("{import:?}");
        self.section.import("adapter", &name, ty);
        self.list.push(import);
        true
    }

    /// The index that an import has in its space.
    pub(crate) fn at(&self, import: AdapterImport) -> u32 {
        self.index[&import]
    }

    /// Imports what passing values of `ty` needs.
    pub(crate) fn for_value(&mut self, types: &Types, ty: ValueType, to: Side, seen: &mut Seen) {
        let index = match ty {
            ValueType::String => {
                let two = || vec![ValType::I32; 2];
                self.function(AdapterImport::String { to }, two(), two());
                // What is in memory elsewhere is told apart by needing one.
                self.memory(to);
                self.memory(to.other());
                return;
            }
            ValueType::Defined(index) => index,
            _ => return,
        };
        if !seen.insert((index, to)) {
            return;
        }
        let one = || vec![ValType::I32];
        match types.defined(index) {
            DefinedType::Own(resource) => {
                let resource = *resource;
                self.function(AdapterImport::Own { resource, to }, one(), one());
            }
            DefinedType::Borrow(resource) => {
                let resource = *resource;
                self.function(AdapterImport::Borrow { resource }, one(), one());
            }
            DefinedType::List(_) | DefinedType::Map(..) => {
                self.realloc(to);
                self.memory(to);
                self.memory(to.other());
            }
            _ => {}
        }
        for part in types.parts(types.defined(index)) {
            self.for_value(types, part, to, seen);
        }
    }
}

pub(crate) type Seen = std::collections::HashSet<(u32, Side)>;
