//! A component's bytes to a [`Plan`]: what to instantiate, what to connect, in order.
//!
//! A component is a tree of components that instantiate and alias each other, all of it known before anything runs.
//! [`describe`] validates the bytes and follows that tree once, so that what is left is flat: core modules to
//! instantiate, functions to make between them, resource types, imports and exports with types in which every name is
//! resolved. Whoever runs a plan needs neither scopes nor aliases.
//!
//! Nothing here runs anything. Core modules are only found: they are decoded and compiled like any other module.

#![forbid(unsafe_code)]

mod builtins;
mod check;
mod decode;
mod definition;
mod display;
mod flatten;
mod layout;
mod limits;
mod plan;
mod table;
mod types;
mod version;

use silica_module::{DecodeError, Features};

pub use display::{function_text, value_type_text};
pub use layout::{
    FLAT_PARAMETERS_MAX, Flat, FlatType, Layout, align_to, discriminant_bytes, flags_bytes,
};
pub use limits::ComponentLimits;
pub use plan::{
    Builtin, BuiltinName, Callee, ComponentInstance, CoreArgument, CoreDefinition, Encoding,
    Export, ExportItem, Import, ImportItem, Lift, ModuleSource, Options, Plan, Resource, Step,
    Trampoline,
};
pub use table::{Signature, Types};
pub use types::{Case, DefinedType, Field, FunctionType, ValueType};
pub use version::{Track, compatible, version_track};

/// Validates a component but for the bodies of its functions, and plans it.
///
/// # Errors
/// [`DecodeError`], with the byte where that is known.
///
/// ```
/// use silica_component_describe::{ComponentLimits, describe};
/// use silica_module::{Features, parse_text};
/// let bytes = parse_text(b"(component (import \"f\" (func (param \"x\" u8))))", None)?;
/// let plan = describe(&bytes, Features::default(), &ComponentLimits::default())?;
/// assert_eq!(plan.imports[0].name, "f");
/// # Ok::<(), silica_module::DecodeError>(())
/// ```
pub fn describe(
    bytes: &[u8],
    features: Features,
    limits: &ComponentLimits,
) -> Result<Plan, DecodeError> {
    let root = decode::decode(bytes, features, limits, decode::Bodies::Skip)?;
    flatten::flatten(&root, limits)
}

/// Validates a component with all bodies of all modules in it. What it says is the specification's word: a valid
/// component may still be too large to plan, or have imports that no host can give.
///
/// # Errors
/// [`DecodeError`], with the byte where that is known.
pub fn validate(
    bytes: &[u8],
    features: Features,
    limits: &ComponentLimits,
) -> Result<(), DecodeError> {
    decode::decode(bytes, features, limits, decode::Bodies::Validate).map(drop)
}

/// Whether a binary starts as components do. A module has another layer in its first eight bytes.
#[must_use]
pub fn is_component(bytes: &[u8]) -> bool {
    wasmparser::Parser::is_component(bytes)
}
