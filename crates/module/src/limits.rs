//! How large a module may be, so that its bytes bound what the host allocates for it.
//!
//! The defaults are the limits that the engines of the web agreed on (JavaScript API, "Implementation-defined
//! Limits") where there is one, and generous for real programs. Sizes of tables and memories at run
//! time are not limited here: a module may declare what an instance is then refused.

use crate::DecodeError;

/// Limits on counts and sizes of one module.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of the module. At most 4 GiB - 1 in any case, because ranges are 32-bit.
    pub module_bytes: u64,
    /// Types, rec groups flattened.
    pub types: u32,
    /// Parameters of a function type.
    pub parameters: u32,
    /// Results of a function type.
    pub results: u32,
    /// Imports.
    pub imports: u32,
    /// Bytes of all imports' names together: a compact encoding may repeat one name many times.
    pub import_name_bytes: u64,
    /// Functions, imported ones included.
    pub functions: u32,
    /// Tables, imported ones included.
    pub tables: u32,
    /// Memories, imported ones included.
    pub memories: u32,
    /// Globals, imported ones included.
    pub globals: u32,
    /// Exception tags, imported ones included.
    pub tags: u32,
    /// Exports.
    pub exports: u32,
    /// Element segments.
    pub element_segments: u32,
    /// Elements of one segment.
    pub segment_elements: u32,
    /// Data segments.
    pub data_segments: u32,
    /// Custom sections.
    pub custom_sections: u32,
    /// Bytes of a name: of an import, an export or a custom section.
    pub name_bytes: u32,
    /// Operators of one constant expression.
    pub constant_operators: u32,
    /// Bytes of one function body.
    pub body_bytes: u32,
    /// Locals of one function, parameters included.
    pub locals: u32,
    /// Locals of all functions together, beyond one for each byte of the module. Six bytes can declare
    /// 50,000 locals, and each costs compile time.
    pub locals_in_all: u64,
    /// Targets of one `br_table`. Enforced by whoever reads a body's operators.
    pub br_table_targets: u32,
    /// Depth of nested blocks. Enforced by whoever reads a body's operators.
    pub nesting: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            module_bytes: 1 << 30,
            types: 1_000_000,
            parameters: 1_000,
            results: 1_000,
            imports: 1_000_000,
            import_name_bytes: 64 << 20,
            functions: 1_000_000,
            tables: 100_000,
            memories: 100,
            globals: 1_000_000,
            tags: 1_000_000,
            exports: 1_000_000,
            element_segments: 100_000,
            segment_elements: 10_000_000,
            data_segments: 100_000,
            custom_sections: 100_000,
            name_bytes: 100_000,
            constant_operators: 1_000_000,
            body_bytes: 7_654_321,
            locals: 50_000,
            locals_in_all: 1_000_000,
            br_table_targets: 65_520,
            nesting: 50_000,
        }
    }
}

impl Limits {
    /// Checks a count or a size against its limit.
    ///
    /// # Errors
    /// [`DecodeError::Limit`] if `found` is above `limit`.
    pub fn check(
        what: &'static str,
        found: u64,
        limit: impl Into<u64>,
        offset: u64,
    ) -> Result<(), DecodeError> {
        let limit = limit.into();
        if found <= limit {
            return Ok(());
        }
        Err(DecodeError::Limit {
            what,
            found,
            limit,
            offset,
        })
    }
}
