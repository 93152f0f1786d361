//! Random modules, by `wasm-smith`, with every proposal that the engine has.

use arbitrary::{Arbitrary, Result, Unstructured};
use wasm_smith::{Config, Module};

/// What else a module must be like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To be compiled only: anything valid goes.
    Compile,
    /// To be run here and by `wasmi`: what `wasmi` has, ends soon, needs nothing, gives the same bits.
    Compare,
    /// To be run by the tiers here: with objects and exceptions.
    Tiers,
    /// To be run here and by V8: with objects and exceptions, and what V8 has.
    V8,
}

impl Purpose {
    fn has_objects(self) -> bool {
        matches!(self, Purpose::Tiers | Purpose::V8)
    }
}

/// A module made of the bytes.
///
/// # Errors
/// Where the bytes do not suffice.
pub fn generate(bytes: &mut Unstructured<'_>, purpose: Purpose) -> Result<Module> {
    let mut config = Config::arbitrary(bytes)?;
    config.gc_enabled =
        purpose.has_objects() || purpose == Purpose::Compile && bytes.arbitrary()?;
    config.reference_types_enabled |= config.gc_enabled;
    config.bulk_memory_enabled |= config.gc_enabled;
    // `wasmi` has none.
    config.exceptions_enabled =
        purpose.has_objects() || purpose == Purpose::Compile && bytes.arbitrary()?;
    config.custom_page_sizes_enabled = purpose != Purpose::V8 && bytes.arbitrary()?;
    config.wide_arithmetic_enabled = purpose != Purpose::V8 && bytes.arbitrary()?;
    // Small tables of everything else leave the bytes for the functions' bodies.
    config.max_types = if config.gc_enabled { 20 } else { 12 };
    config.max_imports = 6;
    config.max_globals = 8;
    config.max_exports = 12;
    config.max_element_segments = 4;
    config.max_elements = 12;
    config.max_data_segments = 4;
    config.max_tags = if config.exceptions_enabled { 3 } else { 0 };
    // Each number of things is mostly its least, since bytes must ask for every one beyond.
    config.min_types = bytes.int_in_range(1..=6)?;
    config.min_globals = bytes.int_in_range(0..=4)?;
    config.min_exports = bytes.int_in_range(1..=4)?;
    config.min_memories = bytes.int_in_range(0..=1)?;
    config.max_memories = config.max_memories.clamp(1, 4);
    config.min_tables = bytes.int_in_range(0..=1)?;
    config.max_tables = config.max_tables.clamp(1, 4);
    config.min_element_segments = bytes.int_in_range(0..=2)?;
    config.min_data_segments = bytes.int_in_range(0..=2)?;
    config.min_funcs = bytes.int_in_range(1..=8)?;
    config.max_funcs = 12;
    config.max_instructions = config.max_instructions.max(100);
    config.max_type_size = 200;
    config.allowed_instructions = wasm_smith::InstructionKinds::all();
    if purpose != Purpose::Compile {
        config.canonicalize_nans = true;
        config.relaxed_simd_enabled = false;
        config.threads_enabled = false;
        config.compact_imports_enabled = false;
        config.max_imports = 0;
        config.export_everything = true;
        config.max_memories = config.max_memories.min(3);
        config.max_tables = config.max_tables.min(4);
        config.max_memory32_bytes = 8 << 16;
        config.max_memory64_bytes = 8 << 16;
        config.max_table_elements = 1000;
        config.memory_max_size_required = true;
        config.table_max_size_required = true;
    }
    Module::new(config, bytes)
}
