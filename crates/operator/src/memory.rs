//! Shapes of loads and stores: how many bytes, and what becomes of them.

/// What a scalar load reads and how it widens it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[expect(missing_docs, reason = "the names are the specification's")]
pub enum LoadKind {
    I32,
    I64,
    F32,
    F64,
    V128,
    I32Load8S,
    I32Load8U,
    I32Load16S,
    I32Load16U,
    I64Load8S,
    I64Load8U,
    I64Load16S,
    I64Load16U,
    I64Load32S,
    I64Load32U,
}

impl LoadKind {
    /// Bytes read from memory.
    #[must_use]
    pub const fn bytes(self) -> u32 {
        match self {
            LoadKind::I32Load8S
            | LoadKind::I32Load8U
            | LoadKind::I64Load8S
            | LoadKind::I64Load8U => 1,
            LoadKind::I32Load16S
            | LoadKind::I32Load16U
            | LoadKind::I64Load16S
            | LoadKind::I64Load16U => 2,
            LoadKind::I32 | LoadKind::F32 | LoadKind::I64Load32S | LoadKind::I64Load32U => 4,
            LoadKind::I64 | LoadKind::F64 => 8,
            LoadKind::V128 => 16,
        }
    }
}

/// What a store writes: the operand is narrowed to these bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[expect(missing_docs, reason = "the names are the specification's")]
pub enum StoreKind {
    I32,
    I64,
    F32,
    F64,
    V128,
    I32Store8,
    I32Store16,
    I64Store8,
    I64Store16,
    I64Store32,
}

impl StoreKind {
    /// Bytes written to memory.
    #[must_use]
    pub const fn bytes(self) -> u32 {
        match self {
            StoreKind::I32Store8 | StoreKind::I64Store8 => 1,
            StoreKind::I32Store16 | StoreKind::I64Store16 => 2,
            StoreKind::I32 | StoreKind::F32 | StoreKind::I64Store32 => 4,
            StoreKind::I64 | StoreKind::F64 => 8,
            StoreKind::V128 => 16,
        }
    }
}

/// Vector loads that do more than fill sixteen bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum VectorLoad {
    /// `v128.loadNxM_s` / `_u`: eight bytes, each lane widened to twice its size.
    /// The field is the width in bits of a lane in memory (8, 16 or 32).
    Extend {
        /// Bits of a lane in memory.
        lane_bits: u8,
        /// Whether lanes are read as signed.
        signed: bool,
    },
    /// `v128.loadN_splat`: one lane of so many bits copied to all.
    Splat {
        /// Bits of the lane.
        lane_bits: u8,
    },
    /// `v128.loadN_zero`: the low lane of so many bits, the rest 0.
    Zero {
        /// Bits of the lane (32 or 64).
        lane_bits: u8,
    },
}

impl VectorLoad {
    /// Bytes read from memory.
    #[must_use]
    pub const fn bytes(self) -> u32 {
        match self {
            VectorLoad::Extend { .. } => 8,
            VectorLoad::Splat { lane_bits } | VectorLoad::Zero { lane_bits } => {
                lane_bits as u32 / 8
            }
        }
    }
}
