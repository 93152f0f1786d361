//! Why components cannot be composed.

use silica_module::DecodeError;

/// Why components cannot be composed, or an interface cannot be said.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ComposeError {
    /// Bytes that are no component.
    #[error("{0}: a core module, or no WebAssembly at all, where a component is needed")]
    NotComponent(String),
    /// Bytes that end early, or make no sense.
    #[error("{name}: {error}")]
    Decode {
        /// Of which part.
        name: String,
        /// What is wrong, with the byte.
        error: wasmparser::BinaryReaderError,
    },
    /// A plug of which the component needs nothing.
    #[error("{plug}: exports nothing that {socket} imports, which is {imports}")]
    NothingPlugged {
        /// The plug.
        plug: String,
        /// What it was to be plugged into.
        socket: String,
        /// What that imports.
        imports: String,
    },
    /// Two plugs that export the same.
    #[error("{plug}: exports `{name}`, which an earlier plug gives")]
    PluggedTwice {
        /// The later plug.
        plug: String,
        /// The import that both would be.
        name: String,
    },
    /// An import whose type depends on something that only the component itself has.
    #[error("{component}: import `{name}` cannot be handed on")]
    Import {
        /// The component.
        component: String,
        /// Its import.
        name: String,
    },
    /// The parts fit by name, but not by type.
    #[error("the components do not fit together: {0}")]
    Misfit(DecodeError),
    /// What cannot be said in WIT.
    #[error("{name}: {text}")]
    Wit {
        /// Of which component.
        name: String,
        /// Why.
        text: String,
    },
}
