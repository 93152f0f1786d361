//! Components: compile them, give them what they import, call what they export.
//!
//! A component is modules with an interface: functions that take and give strings, lists, records and resources,
//! which are copied between memories that nobody shares. [`Component`] is one, compiled; [`Linker`] finds what it
//! imports; [`Instance`] has functions, called with [`Val`]s or, as a [`TypedFunc`], with Rust's own types.
//!
//! The plan of what to make is `silica_component_describe`'s; the code between two components
//! `silica_component_adapter`'s. Here values pass between guests and the host, by the canonical ABI, through the
//! engine's public interface.

#![forbid(unsafe_code)]

mod call;
mod component;
mod context;
mod error;
mod func;
mod handles;
mod host;
mod instance;
mod instantiate;
mod lift;
mod linker;
mod lower;
mod resource;
mod state;
mod strings;
mod trampolines;
mod val;
mod values;

pub use silica_component_describe as describe;

pub use component::Component;
pub use context::{FlatValues, LiftContext, LowerContext};
pub use error::{CanonicalTrap, ComponentError};
pub use func::{Func, TypedFunc};
pub use instance::{ComponentExportIndex, ExportLookup, Instance};
pub use linker::{InstancePre, Linker, LinkerInstance};
pub use resource::{Resource, ResourceAny, ResourceType};
pub use val::Val;
pub use values::{ComponentNamedList, ComponentType, Lift, LiftList, Lower, LowerList, TypeCheck};
