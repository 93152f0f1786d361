//! What can go wrong at this crate's level. How the runtime's outcomes become errors is in `outcome`.
//!
//! Every fallible function gives [`Error`](crate::Error), which is `anyhow`'s. Inside is, and can be asked for with
//! `downcast_ref`: an [`EngineError`], a [`Trap`](crate::Trap), whatever a host function gave, or a lower crate's error.

/// What can go wrong in the embedding API itself.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// An import that nothing provides.
    #[error("module imports `{module}.{name}`, a {expected}, which nothing provides")]
    UnknownImport {
        /// Module name of the import.
        module: String,
        /// Its field name.
        name: String,
        /// Its type in words.
        expected: String,
    },
    /// An import for which something else is provided.
    #[error("module imports `{module}.{name}` as a {expected}, but what is provided is a {found}")]
    ImportMismatch {
        /// Module name of the import.
        module: String,
        /// Its field name.
        name: String,
        /// Its type in words.
        expected: String,
        /// The type of what is provided, in words.
        found: String,
    },
    /// Another number of imports than the module has.
    #[error("module has {expected} imports, but {found} were given")]
    ImportCount {
        /// How many the module has.
        expected: usize,
        /// How many were given.
        found: usize,
    },
    /// A second definition of the same name.
    #[error(
        "`{module}.{name}` is defined twice in this linker (`allow_shadowing(true)` lets the second replace the first)"
    )]
    Duplicate {
        /// Module name.
        module: String,
        /// Field name.
        name: String,
    },
    /// An export that is absent, or is something else.
    #[error("no export `{name}` that is a {expected}: {found}")]
    Export {
        /// Its name.
        name: String,
        /// What was wanted.
        expected: String,
        /// What there is.
        found: String,
    },
    /// A function of another type than was asked for.
    #[error("function type mismatch: expected `{expected}`, found `{found}`")]
    FunctionType {
        /// The type asked for.
        expected: String,
        /// The function's.
        found: String,
    },
    /// A value of another type than is needed.
    #[error("type mismatch: expected {expected}, found {found}")]
    ValueType {
        /// What is needed.
        expected: String,
        /// What was given.
        found: String,
    },
    /// A type that cannot be declared a subtype of another.
    #[error("the type cannot have that supertype: {0}")]
    Supertype(String),
    /// Things of two engines used together.
    #[error("{0} belongs to another engine than the store")]
    AnotherEngine(&'static str),
    /// A compiled image that does not fit the engine.
    #[error("compiled image does not fit this engine: {0}")]
    ImageMismatch(String),
    /// Fuel is asked for where none is counted.
    #[error("fuel is not counted: `Config::consume_fuel(true)` turns it on")]
    FuelNotCounted,
}
