//! Handles to what a store owns.
//!
//! A handle is a number or an address with the id of its store; using it with another store panics. What a handle
//! refers to lives as long as its store.

mod aggregate;
mod exception;
mod field;
mod function;
mod global;
mod memory;
mod object;
mod table;
mod tag;

pub use function::Function;
pub use global::{Global, GlobalI32};
pub use memory::Memory;
pub(crate) use memory::{ask_minimum as ask_memory_minimum, grow as grow_memory};
pub use object::{AnyObject, ExnObject, ExternObject, Object, OwnedObject, RootMark};
pub use table::Table;
pub(crate) use table::{
    ask_minimum as ask_table_minimum, copy as copy_elements, grow as grow_table,
};
pub use tag::Tag;

/// Something that can be imported and exported.
#[derive(Clone, Debug)]
pub enum Extern {
    /// A function.
    Function(Function),
    /// A memory of one store.
    Memory(Memory),
    /// A memory that threads share.
    SharedMemory(crate::SharedMemory),
    /// A table.
    Table(Table),
    /// A global.
    Global(Global),
    /// A tag.
    Tag(Tag),
}
