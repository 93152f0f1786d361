//! Constant expressions, in a form that needs no decoder and no compiler to evaluate.

use silica_operator::{IntBinary, IntType};

use crate::HeapType;

/// A validated constant expression: operators in postfix order, leaving one value.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct ConstExpression {
    /// Operators in evaluation order.
    pub operators: Box<[ConstOperator]>,
}

impl ConstExpression {
    /// The function of an expression that is only `ref.func`.
    #[must_use]
    pub fn as_function(&self) -> Option<u32> {
        match *self.operators {
            [ConstOperator::RefFunc(function)] => Some(function),
            _ => None,
        }
    }

    /// Functions whose reference it takes.
    pub fn functions(&self) -> impl Iterator<Item = u32> + '_ {
        self.operators.iter().filter_map(|operator| match operator {
            ConstOperator::RefFunc(function) => Some(*function),
            _ => None,
        })
    }
}

/// One operator of a constant expression (specification, "Constant Expressions").
/// Floats are kept as bits, so that a NaN's payload survives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[expect(missing_docs, reason = "the names are the specification's")]
pub enum ConstOperator {
    I32Const(i32),
    I64Const(i64),
    F32Const(u32),
    F64Const(u64),
    V128Const(u128),
    /// Add, sub or mul of integers (extended constants).
    IntBinary(IntBinary, IntType),
    GlobalGet(u32),
    RefNull(HeapType),
    RefFunc(u32),
    RefI31,
    StructNew(u32),
    StructNewDefault(u32),
    ArrayNew(u32),
    ArrayNewDefault(u32),
    ArrayNewFixed {
        array_type: u32,
        count: u32,
    },
    AnyConvertExtern,
    ExternConvertAny,
}
