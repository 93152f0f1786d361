//! What a class of operators is: the variants that the rows beside this file give, and the lowering matches on.

use silica_operator::{
    AtomicRmw, AtomicWidth, Convert, FloatBinary, FloatCompare, FloatType, FloatUnary, IntBinary,
    IntCompare, IntType, IntUnary, LaneShape, LoadKind, StoreKind, VectorBinary, VectorCompare,
    VectorLoad, VectorReduce, VectorShift, VectorTernary, VectorUnary, WideBinary,
};

/// The immediate of an access to linear memory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MemoryArgument {
    pub(crate) memory: u32,
    pub(crate) offset: u64,
    pub(crate) align_log2: u8,
}

/// A numeric operator or a memory access. Control, calls, tables and the rest have no class: each
/// has a function of its own.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Class {
    IntUnary(IntUnary, IntType),
    IntBinary(IntBinary, IntType),
    IntDivide(IntBinary, IntType),
    IntCompare(IntCompare, IntType),
    FloatUnary(FloatUnary, FloatType),
    FloatBinary(FloatBinary, FloatType),
    FloatCompare(FloatCompare, FloatType),
    Convert(Convert),
    WideBinary(WideBinary),
    VectorUnary(VectorUnary),
    VectorBinary(VectorBinary),
    VectorTernary(VectorTernary),
    VectorShift(VectorShift, LaneShape),
    VectorCompare(VectorCompare, LaneShape),
    VectorReduce(VectorReduce),
    Splat(LaneShape),
    ExtractLane {
        shape: LaneShape,
        lane: u8,
        signed: bool,
    },
    ReplaceLane(LaneShape, u8),
    Shuffle([u8; 16]),
    Load(LoadKind, MemoryArgument),
    Store(StoreKind, MemoryArgument),
    VectorLoad(VectorLoad, MemoryArgument),
    LoadLane(LoadKind, LaneShape, u8, MemoryArgument),
    StoreLane(StoreKind, LaneShape, u8, MemoryArgument),
    AtomicLoad(IntType, AtomicWidth, MemoryArgument),
    AtomicStore(IntType, AtomicWidth, MemoryArgument),
    AtomicRmw(AtomicRmw, IntType, AtomicWidth, MemoryArgument),
    AtomicCompareExchange(IntType, AtomicWidth, MemoryArgument),
}
