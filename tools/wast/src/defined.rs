//! What a script defines.

use silica::component::Component;
use silica::{Engine, Module};
use wast::QuoteWat;

use crate::outcome::is_component;
use crate::report::Failed;

/// A module or a component.
#[derive(Clone)]
pub(crate) enum Defined {
    Module(Module),
    Component(Component),
}

impl Defined {
    /// Compiles what a script writes.
    pub(crate) fn compile(engine: &Engine, mut module: QuoteWat<'_>) -> Result<Defined, Failed> {
        let is_component = is_component(&module);
        let bytes = module.encode()?;
        let defined = if is_component {
            Component::new(engine, &bytes).map(Defined::Component)
        } else {
            Module::new(engine, &bytes).map(Defined::Module)
        };
        defined.map_err(|e| Failed::engine("module refused", &e))
    }
}
