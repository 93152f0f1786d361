//! Numeric operators of WebAssembly as a few classes, and what each computes.
//!
//! An operator is named by its class and its type: `i32.add` is
//! `(IntBinary::Add, IntType::I32)`. Every later step matches these enums without
//! a `_` arm, so the compiler names an operator that somebody forgot.
//!
//! `evaluate` gives each operator's meaning as a pure function. It is
//! used for constant expressions and as the oracle that compiled code is tested
//! against. This crate knows nothing of memories, control flow or code generation.

#![forbid(unsafe_code)]

mod atomic;
mod memory;
mod scalar;
mod vector;

pub use atomic::{AtomicRmw, AtomicWidth};
pub use memory::{LoadKind, StoreKind, VectorLoad};
pub use scalar::{
    Convert, FloatBinary, FloatCompare, FloatType, FloatUnary, IntBinary, IntCompare, IntType,
    IntUnary, WideBinary,
};
pub use vector::{
    LaneShape, VectorBinary, VectorCompare, VectorReduce, VectorShift, VectorTernary, VectorUnary,
};

/// A machine-level value type: what a value is once its WebAssembly type was checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum MachineType {
    /// 32-bit integer.
    I32,
    /// 64-bit integer.
    I64,
    /// 32-bit IEEE 754 float.
    F32,
    /// 64-bit IEEE 754 float.
    F64,
    /// 128-bit vector.
    V128,
    /// A pointer-sized reference (`funcref`, `externref`): 64 bits wide, 0 is null.
    Reference,
}

impl MachineType {
    /// Size of a value of this type in bytes.
    #[must_use]
    pub const fn bytes(self) -> u32 {
        match self {
            MachineType::I32 | MachineType::F32 => 4,
            MachineType::I64 | MachineType::F64 | MachineType::Reference => 8,
            MachineType::V128 => 16,
        }
    }

    /// Whether a value of this type travels in an integer register.
    #[must_use]
    pub const fn is_integer_class(self) -> bool {
        match self {
            MachineType::I32 | MachineType::I64 | MachineType::Reference => true,
            MachineType::F32 | MachineType::F64 | MachineType::V128 => false,
        }
    }
}
