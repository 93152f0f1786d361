//! Components: compile them, give them what they import, call what they export.
//!
//! A component is modules with an interface: functions that take and give strings, lists, records and resources,
//! which are copied between memories that nobody shares. [`Component`] is one, compiled; [`Linker`] finds what it
//! imports; [`Instance`] has functions, called with [`Val`]s or, as a [`TypedFunc`], with Rust's own types.
//!
//! Of an interface in WIT, [`bindgen!`] makes Rust's types and traits, for the host's side.
//!
//! The plan of what to make is `silica_component_describe`'s; the code between two components
//! `silica_component_adapter`'s. Here values pass between guests and the host, by the canonical ABI, through the
//! engine's public interface.

mod call;
mod component;
mod context;
mod data;
mod error;
mod func;
mod handles;
mod host;
mod instance;
mod instantiate;
mod lift;
mod linker;
mod links;
mod list_types;
mod load;
mod lower;
mod names;
mod resource;
mod state;
mod strings;
mod table;
mod trace;
mod trampolines;
mod val;
mod values;

pub use silica_component_describe as describe;
pub use silica_component_macro::{ComponentType, Lift, Lower, bindgen, flags};

/// What generated code names, so that whoever uses it needs no other crate.
#[doc(hidden)]
pub mod __internal {
    pub use crate::values::{CheckType, TypeLayout, invalid_discriminant, part};
    pub use anyhow::Error;
    pub use silica_component_describe::ValueType;
    pub use silica_engine::{AsContextMut, Engine, Result, StoreContextMut};
}

pub use component::Component;
pub use context::{FlatValues, LiftContext, LowerContext};
pub use data::{HasData, HasSelf};
pub use error::{CanonicalTrap, ComponentError};
pub use func::{Func, TypedFunc};
pub use instance::{ComponentExportIndex, ExportLookup, Instance};
pub use linker::{InstancePre, Linker, LinkerInstance};
pub use resource::{Resource, ResourceAny, ResourceType};
pub use table::{ResourceTable, ResourceTableError};
pub use trace::CallRecord;
pub use val::Val;
pub use values::{ComponentNamedList, ComponentType, Lift, LiftList, Lower, LowerList, TypeCheck};
