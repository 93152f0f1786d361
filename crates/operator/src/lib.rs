//! Numeric operators of WebAssembly as a few classes, and what each computes.
//!
//! An operator is named by its class and its type: `i32.add` is
//! `(IntBinary::Add, IntType::I32)`. Every later step matches these enums without
//! a `_` arm, so the compiler names an operator that somebody forgot.
//!
//! The `evaluate_*` functions give each operator's meaning, pure and on plain bits:
//! the conventions are at the top of `evaluate.rs`. They serve constant expressions, and
//! are the oracle that compiled code is tested against. This crate knows nothing of
//! memories, control flow or code generation.
//!
//! ```
//! use silica_operator::{ArithmeticTrap, IntBinary, IntType, evaluate_int_binary};
//!
//! let remainder = |left, right| evaluate_int_binary(IntBinary::RemU, IntType::I64, left, right);
//! assert_eq!(remainder(7, 4), Ok(3));
//! assert_eq!(remainder(7, 0), Err(ArithmeticTrap::DivideByZero));
//! ```

#![forbid(unsafe_code)]

mod atomic;
mod evaluate;
mod memory;
mod scalar;
mod vector;

pub use atomic::{AtomicRmw, AtomicWidth};
pub use evaluate::{
    ArithmeticTrap, canonicalize_f32, canonicalize_f64, canonicalize_vector,
    evaluate_atomic_compare_exchange, evaluate_atomic_rmw, evaluate_convert, evaluate_extract_lane,
    evaluate_float_binary, evaluate_float_compare, evaluate_float_unary, evaluate_int_binary,
    evaluate_int_compare, evaluate_int_unary, evaluate_load, evaluate_replace_lane,
    evaluate_shuffle, evaluate_splat, evaluate_store, evaluate_vector_binary,
    evaluate_vector_compare, evaluate_vector_load, evaluate_vector_reduce, evaluate_vector_shift,
    evaluate_vector_ternary, evaluate_vector_unary, evaluate_wide_binary,
};
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
    /// A reference to a function: a pointer, 64 bits wide; 0 is null.
    Reference,
    /// A reference of the `any`, `extern` and `exn` hierarchies: 32 bits wide; 0 is null, odd is an `i31`, else the
    /// offset of an object in the store's heap.
    Object,
}

impl MachineType {
    /// Size of a value of this type in bytes.
    #[must_use]
    pub const fn bytes(self) -> u32 {
        match self {
            MachineType::I32 | MachineType::F32 | MachineType::Object => 4,
            MachineType::I64 | MachineType::F64 | MachineType::Reference => 8,
            MachineType::V128 => 16,
        }
    }

    /// Whether a value of this type travels in an integer register.
    #[must_use]
    pub const fn is_integer_class(self) -> bool {
        match self {
            MachineType::I32 | MachineType::I64 | MachineType::Reference | MachineType::Object => {
                true
            }
            MachineType::F32 | MachineType::F64 | MachineType::V128 => false,
        }
    }
}
