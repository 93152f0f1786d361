//! A component as its bytes say it: items in order, with indices that its scopes resolve.

use silica_module::ByteRange;
use wasmparser::{
    CanonicalFunction, ComponentAlias, ComponentExport, ComponentImport, ComponentInstance,
    ComponentType, Instance,
};

use crate::layout::FlatType;

/// The type of a core function that a built-in becomes, as far as the host can give one.
#[derive(Debug)]
pub(crate) struct CoreSignature {
    pub(crate) params: Vec<FlatType>,
    pub(crate) results: Vec<FlatType>,
}

/// One definition, import or export.
#[derive(Debug)]
pub(crate) enum Item<'a> {
    CoreModule(ByteRange),
    CoreInstance(Instance<'a>),
    CoreType,
    Component(Definition<'a>),
    Instance(ComponentInstance<'a>),
    Alias(ComponentAlias<'a>),
    Type(ComponentType<'a>),
    /// With the core function's type, where it is no matter of component types.
    Canonical(CanonicalFunction, Option<CoreSignature>),
    Import(ComponentImport<'a>),
    Export(ComponentExport<'a>),
}

/// A component.
#[derive(Debug, Default)]
pub(crate) struct Definition<'a> {
    pub(crate) items: Vec<Item<'a>>,
}
