//! Classes of the scalar numeric operators (specification, "Numeric Instructions").

/// Width of an integer operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum IntType {
    /// `i32`
    I32,
    /// `i64`
    I64,
}

impl IntType {
    /// Width in bits.
    #[must_use]
    pub const fn bits(self) -> u32 {
        match self {
            IntType::I32 => 32,
            IntType::I64 => 64,
        }
    }
}

/// Width of a float operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum FloatType {
    /// `f32`
    F32,
    /// `f64`
    F64,
}

impl FloatType {
    /// Width in bits.
    #[must_use]
    pub const fn bits(self) -> u32 {
        match self {
            FloatType::F32 => 32,
            FloatType::F64 => 64,
        }
    }
}

/// Integer operators of one operand; the result has the operand's type,
/// except for [`IntUnary::Eqz`], whose result is `i32`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[expect(missing_docs, reason = "the names are the specification's")]
pub enum IntUnary {
    Clz,
    Ctz,
    Popcnt,
    Eqz,
    Extend8S,
    Extend16S,
    /// Only for `i64`.
    Extend32S,
}

/// Integer operators of two operands of one type, with a result of that type.
/// Division and remainder trap: `translate` guards them before a backend sees
/// them, or the backend relies on the processor's own fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[expect(missing_docs, reason = "the names are the specification's")]
pub enum IntBinary {
    Add,
    Sub,
    Mul,
    DivS,
    DivU,
    RemS,
    RemU,
    And,
    Or,
    Xor,
    Shl,
    ShrS,
    ShrU,
    Rotl,
    Rotr,
}

/// Integer comparisons; the result is `i32` 0 or 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[expect(missing_docs, reason = "the names are the specification's")]
pub enum IntCompare {
    Eq,
    Ne,
    LtS,
    LtU,
    GtS,
    GtU,
    LeS,
    LeU,
    GeS,
    GeU,
}

impl IntCompare {
    /// The comparison that holds where this one does not.
    #[must_use]
    pub const fn inverse(self) -> IntCompare {
        match self {
            IntCompare::Eq => IntCompare::Ne,
            IntCompare::Ne => IntCompare::Eq,
            IntCompare::LtS => IntCompare::GeS,
            IntCompare::LtU => IntCompare::GeU,
            IntCompare::GtS => IntCompare::LeS,
            IntCompare::GtU => IntCompare::LeU,
            IntCompare::LeS => IntCompare::GtS,
            IntCompare::LeU => IntCompare::GtU,
            IntCompare::GeS => IntCompare::LtS,
            IntCompare::GeU => IntCompare::LtU,
        }
    }
}

/// Float operators of one operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[expect(missing_docs, reason = "the names are the specification's")]
pub enum FloatUnary {
    Abs,
    Neg,
    Ceil,
    Floor,
    Trunc,
    Nearest,
    Sqrt,
}

impl FloatUnary {
    /// Whether the specification lets the operator choose among NaNs; the others move bits.
    #[must_use]
    pub const fn is_arithmetic(self) -> bool {
        match self {
            FloatUnary::Abs | FloatUnary::Neg => false,
            FloatUnary::Ceil
            | FloatUnary::Floor
            | FloatUnary::Trunc
            | FloatUnary::Nearest
            | FloatUnary::Sqrt => true,
        }
    }
}

/// Float operators of two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[expect(missing_docs, reason = "the names are the specification's")]
pub enum FloatBinary {
    Add,
    Sub,
    Mul,
    Div,
    Min,
    Max,
    Copysign,
}

impl FloatBinary {
    /// Whether the specification lets the operator choose among NaNs; the others move bits.
    #[must_use]
    pub const fn is_arithmetic(self) -> bool {
        match self {
            FloatBinary::Copysign => false,
            FloatBinary::Add
            | FloatBinary::Sub
            | FloatBinary::Mul
            | FloatBinary::Div
            | FloatBinary::Min
            | FloatBinary::Max => true,
        }
    }
}

/// Float comparisons; the result is `i32` 0 or 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[expect(missing_docs, reason = "the names are the specification's")]
pub enum FloatCompare {
    Eq,
    Ne,
    Lt,
    Gt,
    Le,
    Ge,
}

/// Conversions between scalar types. `Trunc` traps on NaN and overflow,
/// `TruncSat` saturates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum Convert {
    /// `i32.wrap_i64`
    Wrap,
    /// `i64.extend_i32_s` / `_u`
    Extend {
        /// Whether the sign is copied.
        signed: bool,
    },
    /// `iNN.trunc_fMM_s` / `_u`
    Trunc {
        /// Operand type.
        from: FloatType,
        /// Result type.
        to: IntType,
        /// Whether the result is read as signed.
        signed: bool,
    },
    /// `iNN.trunc_sat_fMM_s` / `_u`
    TruncSat {
        /// Operand type.
        from: FloatType,
        /// Result type.
        to: IntType,
        /// Whether the result is read as signed.
        signed: bool,
    },
    /// `fNN.convert_iMM_s` / `_u`
    FromInt {
        /// Operand type.
        from: IntType,
        /// Result type.
        to: FloatType,
        /// Whether the operand is read as signed.
        signed: bool,
    },
    /// `f32.demote_f64`
    Demote,
    /// `f64.promote_f32`
    Promote,
    /// `iNN.reinterpret_fNN`: the width of both.
    ReinterpretToInt(IntType),
    /// `fNN.reinterpret_iNN`: the width of both.
    ReinterpretToFloat(FloatType),
}

impl Convert {
    /// The float type of the result, where the specification lets the operator choose
    /// among NaNs.
    #[must_use]
    pub const fn arithmetic_type(self) -> Option<FloatType> {
        match self {
            Convert::Demote => Some(FloatType::F32),
            Convert::Promote => Some(FloatType::F64),
            Convert::Wrap
            | Convert::Extend { .. }
            | Convert::Trunc { .. }
            | Convert::TruncSat { .. }
            | Convert::FromInt { .. }
            | Convert::ReinterpretToInt(_)
            | Convert::ReinterpretToFloat(_) => None,
        }
    }
}

/// The wide-arithmetic proposal. `Add128` and `Sub128` take four `i64` (low and high of
/// each operand), the multiplications two; all give a low and a high `i64`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[expect(missing_docs, reason = "the names are the proposal's")]
pub enum WideBinary {
    Add128,
    Sub128,
    MulWideS,
    MulWideU,
}
