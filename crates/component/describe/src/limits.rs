//! How large a component may be, so that its bytes bound what the host allocates for it.

/// Limits on counts and sizes of one component.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ComponentLimits {
    /// Bytes of the component. At most 4 GiB - 1 in any case, because ranges are 32-bit.
    pub component_bytes: u64,
    /// How deep components may be defined inside components, and instantiated inside one another.
    pub nesting: u32,
    /// Definitions that planning goes through, those of a component once for each time that it is instantiated: a
    /// few bytes can instantiate two, each of which instantiates two, and so on.
    pub definitions: u64,
    /// How deep a value's type may nest. Lifting and lowering recurse as deep.
    pub type_depth: u32,
    /// Component instances, those inside others included.
    pub instances: u32,
    /// Core modules to instantiate.
    pub core_instances: u32,
    /// Bytes of all names in a plan together.
    pub name_bytes: u64,
}

impl Default for ComponentLimits {
    fn default() -> Self {
        ComponentLimits {
            component_bytes: 1 << 30,
            nesting: 100,
            definitions: 4_000_000,
            type_depth: 100,
            instances: 10_000,
            core_instances: 10_000,
            name_bytes: 64 << 20,
        }
    }
}
