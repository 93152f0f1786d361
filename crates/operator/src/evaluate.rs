//! What every operator computes, as pure functions named `evaluate_*`.
//!
//! Conventions, the same in every file below:
//! - integers and floats are their bits in a `u64`, zero-extended; a vector is a `u128`
//!   whose lane 0 is the lowest bits. Bits above an operand's width are ignored, bits
//!   above a result's width are 0.
//! - a NaN result is deterministic: the first NaN operand made quiet, else the positive
//!   canonical NaN. The specification allows more; who needs the deterministic profile
//!   passes results through [`canonicalize_f32`], [`canonicalize_f64`] or
//!   [`canonicalize_vector`].
//! - relaxed vector operators do what the specification's deterministic profile says.
//!
//! No function here allocates, branches on anything but its operands, or knows a memory.

mod atomic;
mod convert;
mod float;
mod integer;
mod lane;
mod memory;
mod nan;
mod vector_binary;
mod vector_compare;
mod vector_lanes;
mod vector_ternary;
mod vector_unary;
mod wide;

pub use atomic::{evaluate_atomic_compare_exchange, evaluate_atomic_rmw};
pub use convert::evaluate_convert;
pub use float::{evaluate_float_binary, evaluate_float_compare, evaluate_float_unary};
pub use integer::{evaluate_int_binary, evaluate_int_compare, evaluate_int_unary};
pub use memory::{evaluate_load, evaluate_store, evaluate_vector_load};
pub use nan::{canonicalize_f32, canonicalize_f64, canonicalize_vector};
pub use vector_binary::evaluate_vector_binary;
pub use vector_compare::{evaluate_vector_compare, evaluate_vector_reduce};
pub use vector_lanes::{
    evaluate_extract_lane, evaluate_replace_lane, evaluate_shuffle, evaluate_splat,
    evaluate_vector_shift,
};
pub use vector_ternary::evaluate_vector_ternary;
pub use vector_unary::evaluate_vector_unary;
pub use wide::evaluate_wide_binary;

/// Why a numeric operator has no result: the trap that the specification names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum ArithmeticTrap {
    /// Division or remainder by 0.
    #[error("integer divide by zero")]
    DivideByZero,
    /// A quotient or a truncated float that its type cannot hold.
    #[error("integer overflow")]
    IntegerOverflow,
    /// A NaN truncated to an integer.
    #[error("invalid conversion to integer")]
    BadConversionToInteger,
}
