//! Anything that is imported or exported.

use silica_runtime as rt;

use crate::{AsContext, ExternType, Func, Global, Memory, SharedMemory, Table, Tag};

/// Something that can be imported or exported.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names are the specification's")]
pub enum Extern {
    Func(Func),
    Global(Global),
    Table(Table),
    Memory(Memory),
    SharedMemory(SharedMemory),
    Tag(Tag),
}

macro_rules! accessors {
    ($($into:ident $variant:ident $ty:ty, $what:literal;)*) => { $(
        #[doc = concat!("The ", $what, ", if it is one.")]
        #[must_use]
        pub fn $into(self) -> Option<$ty> {
            if let Extern::$variant(it) = self { Some(it) } else { None }
        }
    )* };
}

impl Extern {
    accessors! {
        into_func Func Func, "function";
        into_global Global Global, "global";
        into_table Table Table, "table";
        into_memory Memory Memory, "memory";
        into_shared_memory SharedMemory SharedMemory, "shared memory";
        into_tag Tag Tag, "tag";
    }

    /// Its type.
    ///
    /// # Panics
    /// If it belongs to another store.
    pub fn ty(&self, store: impl AsContext) -> ExternType {
        match self {
            Extern::Func(it) => it.ty(store).into(),
            Extern::Global(it) => it.ty(store).into(),
            Extern::Table(it) => it.ty(store).into(),
            Extern::Memory(it) => it.ty(store).into(),
            Extern::SharedMemory(it) => it.ty().into(),
            Extern::Tag(it) => it.ty(store).into(),
        }
    }

    pub(crate) fn from_raw(raw: rt::Extern) -> Extern {
        match raw {
            rt::Extern::Function(it) => Extern::Func(Func::from_raw(it)),
            rt::Extern::Memory(it) => Extern::Memory(Memory::from_raw(it)),
            rt::Extern::SharedMemory(it) => Extern::SharedMemory(SharedMemory::from_raw(it)),
            rt::Extern::Table(it) => Extern::Table(Table::from_raw(it)),
            rt::Extern::Global(it) => Extern::Global(Global::from_raw(it)),
            rt::Extern::Tag(it) => Extern::Tag(Tag::from_raw(it)),
        }
    }

    pub(crate) fn into_raw(self) -> rt::Extern {
        match self {
            Extern::Func(it) => rt::Extern::Function(it.into_raw()),
            Extern::Global(it) => rt::Extern::Global(it.into_raw()),
            Extern::Table(it) => rt::Extern::Table(it.into_raw()),
            Extern::Memory(it) => rt::Extern::Memory(it.into_raw()),
            Extern::SharedMemory(it) => rt::Extern::SharedMemory(it.into_raw()),
            Extern::Tag(it) => rt::Extern::Tag(it.into_raw()),
        }
    }
}

macro_rules! into_extern {
    ($($ty:ident $variant:ident),*) => { $(
        impl From<$ty> for Extern {
            fn from(it: $ty) -> Extern { Extern::$variant(it) }
        }
    )* };
}
into_extern!(
    Func Func,
    Global Global,
    Table Table,
    Memory Memory,
    SharedMemory SharedMemory,
    Tag Tag
);

/// An export of an instance: its name, and what it is.
#[derive(Clone, Debug)]
pub struct Export<'instance> {
    name: &'instance str,
    definition: Extern,
}

impl<'instance> Export<'instance> {
    pub(crate) fn new(name: &'instance str, definition: Extern) -> Self {
        Export { name, definition }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &'instance str {
        self.name
    }

    /// Its type.
    ///
    /// # Panics
    /// If it belongs to another store.
    pub fn ty(&self, store: impl AsContext) -> ExternType {
        self.definition.ty(store)
    }

    /// What it is.
    #[must_use]
    pub fn into_extern(self) -> Extern {
        self.definition
    }

    /// The function, if it is one.
    #[must_use]
    pub fn into_func(self) -> Option<Func> {
        self.definition.into_func()
    }

    /// The memory, if it is one.
    #[must_use]
    pub fn into_memory(self) -> Option<Memory> {
        self.definition.into_memory()
    }

    /// The table, if it is one.
    #[must_use]
    pub fn into_table(self) -> Option<Table> {
        self.definition.into_table()
    }

    /// The tag, if it is one.
    #[must_use]
    pub fn into_tag(self) -> Option<Tag> {
        self.definition.into_tag()
    }

    /// The global, if it is one.
    #[must_use]
    pub fn into_global(self) -> Option<Global> {
        self.definition.into_global()
    }
}
