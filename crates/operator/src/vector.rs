//! Classes of the vector operators (specification, "Vector Instructions"; relaxed SIMD).

/// How 128 bits are cut into lanes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[expect(missing_docs, reason = "the names are the specification's")]
pub enum LaneShape {
    I8x16,
    I16x8,
    I32x4,
    I64x2,
    F32x4,
    F64x2,
}

impl LaneShape {
    /// How many lanes.
    #[must_use]
    pub const fn lanes(self) -> u8 {
        match self {
            LaneShape::I8x16 => 16,
            LaneShape::I16x8 => 8,
            LaneShape::I32x4 | LaneShape::F32x4 => 4,
            LaneShape::I64x2 | LaneShape::F64x2 => 2,
        }
    }

    /// The shape itself if its lanes are floats.
    #[must_use]
    pub const fn if_float(self) -> Option<LaneShape> {
        match self {
            LaneShape::F32x4 | LaneShape::F64x2 => Some(self),
            LaneShape::I8x16 | LaneShape::I16x8 | LaneShape::I32x4 | LaneShape::I64x2 => None,
        }
    }

    /// Bits of a lane.
    #[must_use]
    pub const fn lane_bits(self) -> u32 {
        128 / self.lanes() as u32
    }
}

/// `v128 -> v128`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum VectorUnary {
    /// `v128.not`
    Not,
    /// Integer `abs`, by shape.
    Abs(LaneShape),
    /// Integer or float `neg`, by shape. Float `abs` is [`VectorUnary::Abs`] with a float shape.
    Neg(LaneShape),
    /// `i8x16.popcnt`
    Popcnt,
    /// `f32x4.ceil`, `f64x2.ceil`
    Ceil(LaneShape),
    /// `floor`
    Floor(LaneShape),
    /// `trunc`
    Trunc(LaneShape),
    /// `nearest`
    Nearest(LaneShape),
    /// `sqrt`
    Sqrt(LaneShape),
    /// `extadd_pairwise` from this narrower shape.
    ExtAddPairwise {
        /// Shape of the operand (`I8x16` or `I16x8`).
        from: LaneShape,
        /// Whether lanes are read as signed.
        signed: bool,
    },
    /// `extend_low` / `extend_high` from this narrower shape.
    Extend {
        /// Shape of the operand.
        from: LaneShape,
        /// The upper half of the lanes, else the lower.
        high: bool,
        /// Whether lanes are read as signed.
        signed: bool,
    },
    /// `i32x4.trunc_sat_f32x4_s/u`; relaxed form says so.
    TruncSatF32x4 {
        /// Whether the result is signed.
        signed: bool,
        /// `i32x4.relaxed_trunc_f32x4_*`
        relaxed: bool,
    },
    /// `i32x4.trunc_sat_f64x2_s/u_zero`.
    TruncSatF64x2Zero {
        /// Whether the result is signed.
        signed: bool,
        /// `i32x4.relaxed_trunc_f64x2_*_zero`
        relaxed: bool,
    },
    /// `f32x4.convert_i32x4_s/u`
    ConvertI32x4 {
        /// Whether lanes are read as signed.
        signed: bool,
    },
    /// `f64x2.convert_low_i32x4_s/u`
    ConvertLowI32x4 {
        /// Whether lanes are read as signed.
        signed: bool,
    },
    /// `f32x4.demote_f64x2_zero`
    DemoteF64x2Zero,
    /// `f64x2.promote_low_f32x4`
    PromoteLowF32x4,
}

impl VectorUnary {
    /// The float shape of the result, where the specification lets the operator choose
    /// among NaNs.
    #[must_use]
    pub const fn arithmetic_shape(self) -> Option<LaneShape> {
        match self {
            VectorUnary::Ceil(shape)
            | VectorUnary::Floor(shape)
            | VectorUnary::Trunc(shape)
            | VectorUnary::Nearest(shape)
            | VectorUnary::Sqrt(shape) => Some(shape),
            VectorUnary::DemoteF64x2Zero => Some(LaneShape::F32x4),
            VectorUnary::PromoteLowF32x4 => Some(LaneShape::F64x2),
            VectorUnary::Not
            | VectorUnary::Abs(_)
            | VectorUnary::Neg(_)
            | VectorUnary::Popcnt
            | VectorUnary::ExtAddPairwise { .. }
            | VectorUnary::Extend { .. }
            | VectorUnary::TruncSatF32x4 { .. }
            | VectorUnary::TruncSatF64x2Zero { .. }
            | VectorUnary::ConvertI32x4 { .. }
            | VectorUnary::ConvertLowI32x4 { .. } => None,
        }
    }
}

/// `v128 v128 -> v128`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum VectorBinary {
    /// `v128.and`
    And,
    /// `v128.andnot`
    AndNot,
    /// `v128.or`
    Or,
    /// `v128.xor`
    Xor,
    /// Lane-wise `add` (integer or float shape).
    Add(LaneShape),
    /// Lane-wise `sub`.
    Sub(LaneShape),
    /// Lane-wise `mul`.
    Mul(LaneShape),
    /// Float `div`.
    Div(LaneShape),
    /// Saturating `add`.
    AddSat {
        /// Shape.
        shape: LaneShape,
        /// Signedness.
        signed: bool,
    },
    /// Saturating `sub`.
    SubSat {
        /// Shape.
        shape: LaneShape,
        /// Signedness.
        signed: bool,
    },
    /// Integer `min_s/u`.
    IntMin {
        /// Shape.
        shape: LaneShape,
        /// Signedness.
        signed: bool,
    },
    /// Integer `max_s/u`.
    IntMax {
        /// Shape.
        shape: LaneShape,
        /// Signedness.
        signed: bool,
    },
    /// Float `min` (relaxed form may differ on NaN and zeros).
    FloatMin {
        /// Shape.
        shape: LaneShape,
        /// `relaxed_min`
        relaxed: bool,
    },
    /// Float `max`.
    FloatMax {
        /// Shape.
        shape: LaneShape,
        /// `relaxed_max`
        relaxed: bool,
    },
    /// Float `pmin`.
    PMin(LaneShape),
    /// Float `pmax`.
    PMax(LaneShape),
    /// `avgr_u`
    AvgrU(LaneShape),
    /// `i16x8.q15mulr_sat_s` and its relaxed form.
    Q15MulrSatS {
        /// `i16x8.relaxed_q15mulr_s`
        relaxed: bool,
    },
    /// `narrow` from this wider shape.
    Narrow {
        /// Shape of the operands.
        from: LaneShape,
        /// Whether the result saturates as signed.
        signed: bool,
    },
    /// `extmul_low` / `extmul_high` from this narrower shape.
    ExtMul {
        /// Shape of the operands.
        from: LaneShape,
        /// The upper half of the lanes, else the lower.
        high: bool,
        /// Signedness.
        signed: bool,
    },
    /// `i32x4.dot_i16x8_s`
    DotI16x8S,
    /// `i8x16.swizzle` and its relaxed form.
    Swizzle {
        /// `i8x16.relaxed_swizzle`
        relaxed: bool,
    },
    /// `i16x8.relaxed_dot_i8x16_i7x16_s`
    RelaxedDotI8x16I7x16S,
}

impl VectorBinary {
    /// The float shape of the result, where the specification lets the operator choose
    /// among NaNs.
    #[must_use]
    pub const fn arithmetic_shape(self) -> Option<LaneShape> {
        match self {
            VectorBinary::Add(shape)
            | VectorBinary::Sub(shape)
            | VectorBinary::Mul(shape)
            | VectorBinary::Div(shape)
            | VectorBinary::FloatMin { shape, .. }
            | VectorBinary::FloatMax { shape, .. } => shape.if_float(),
            VectorBinary::And
            | VectorBinary::AndNot
            | VectorBinary::Or
            | VectorBinary::Xor
            | VectorBinary::AddSat { .. }
            | VectorBinary::SubSat { .. }
            | VectorBinary::IntMin { .. }
            | VectorBinary::IntMax { .. }
            | VectorBinary::PMin(_)
            | VectorBinary::PMax(_)
            | VectorBinary::AvgrU(_)
            | VectorBinary::Q15MulrSatS { .. }
            | VectorBinary::Narrow { .. }
            | VectorBinary::ExtMul { .. }
            | VectorBinary::DotI16x8S
            | VectorBinary::Swizzle { .. }
            | VectorBinary::RelaxedDotI8x16I7x16S => None,
        }
    }
}

/// `v128 v128 v128 -> v128`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum VectorTernary {
    /// `v128.bitselect`
    Bitselect,
    /// `relaxed_laneselect`, by shape.
    RelaxedLaneselect(LaneShape),
    /// `relaxed_madd`, by float shape.
    RelaxedMadd(LaneShape),
    /// `relaxed_nmadd`, by float shape.
    RelaxedNmadd(LaneShape),
    /// `i32x4.relaxed_dot_i8x16_i7x16_add_s`
    RelaxedDotI8x16I7x16AddS,
}

impl VectorTernary {
    /// The float shape of the result, where the specification lets the operator choose
    /// among NaNs.
    #[must_use]
    pub const fn arithmetic_shape(self) -> Option<LaneShape> {
        match self {
            VectorTernary::RelaxedMadd(shape) | VectorTernary::RelaxedNmadd(shape) => Some(shape),
            VectorTernary::Bitselect
            | VectorTernary::RelaxedLaneselect(_)
            | VectorTernary::RelaxedDotI8x16I7x16AddS => None,
        }
    }
}

/// `v128 i32 -> v128`; the count is taken modulo the lane's bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[expect(missing_docs, reason = "the names are the specification's")]
pub enum VectorShift {
    Shl,
    ShrS,
    ShrU,
}

/// `v128 v128 -> v128` of all-ones and all-zeros lanes. For float shapes only the
/// forms with no signedness, written as their signed name, exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[expect(missing_docs, reason = "the names are the specification's")]
pub enum VectorCompare {
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

/// `v128 -> i32`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum VectorReduce {
    /// `v128.any_true`
    AnyTrue,
    /// `all_true`, by shape.
    AllTrue(LaneShape),
    /// `bitmask`, by shape.
    Bitmask(LaneShape),
}
