//! Lanes of vectors: splats, single lanes, shuffles, and loads that fill vectors in other ways.

use silica_contract::trap::TrapCode;
use silica_operator::{LaneShape, MachineType, VectorLoad};
use silica_translate::Access;

use super::{
    BaselineBackend,
    register::{FLOAT_SCRATCH, Register, SCRATCH},
    table::{
        INSERTPS, MOVAPS, MOVD, MOVDDUP, MOVLHPS, MOVSX8, MOVSX16, MOVU, MOVZX8, MOVZX16, PEXTRB,
        PEXTRD, PEXTRW, PINSRB, PINSRD, PINSRW, PMOVSXBW, PMOVSXDQ, PMOVSXWD, PMOVZXBW, PMOVZXDQ,
        PMOVZXWD, POR, PSHUFB, PSHUFD, PSHUFLW, PXOR, SD, SS,
    },
};
use crate::Value;

impl BaselineBackend {
    // ---- splats ----

    pub(super) fn emit_vector_splat(&mut self, shape: LaneShape, a: Value) -> Value {
        let a = self.simple(a);
        let to = match shape {
            LaneShape::F32x4 | LaneShape::F64x2 => self.take_register(a),
            LaneShape::I8x16 | LaneShape::I16x8 | LaneShape::I32x4 | LaneShape::I64x2 => {
                let from = self.use_register(a);
                self.release(a);
                let to = self.allocate(true);
                self.asm.op(MOVD, shape == LaneShape::I64x2, to, from);
                to
            }
        };
        self.spread(shape, to);
        self.vector_in(to)
    }

    /// Copies the lowest lane to all.
    fn spread(&mut self, shape: LaneShape, to: Register) {
        match shape {
            LaneShape::I8x16 => {
                self.vop(PXOR, FLOAT_SCRATCH, FLOAT_SCRATCH);
                self.vop(PSHUFB, to, FLOAT_SCRATCH);
            }
            LaneShape::I16x8 => {
                self.asm.op_imm8(PSHUFLW, false, to, to, 0);
                self.asm.op_imm8(PSHUFD, false, to, to, 0);
            }
            LaneShape::I32x4 | LaneShape::F32x4 => self.asm.op_imm8(PSHUFD, false, to, to, 0),
            LaneShape::I64x2 | LaneShape::F64x2 => self.asm.op_imm8(PSHUFD, false, to, to, 0x44),
        }
    }

    // ---- single lanes ----

    pub(super) fn emit_extract_lane(
        &mut self,
        shape: LaneShape,
        lane: u8,
        signed: bool,
        a: Value,
    ) -> Value {
        let a = self.simple(a);
        let ty = match shape {
            LaneShape::F32x4 => MachineType::F32,
            LaneShape::F64x2 => MachineType::F64,
            LaneShape::I64x2 => MachineType::I64,
            LaneShape::I8x16 | LaneShape::I16x8 | LaneShape::I32x4 => MachineType::I32,
        };
        let from = self.use_register(a);
        let to = self.allocate_for(ty);
        match shape {
            LaneShape::I8x16 => {
                self.asm.op_imm8(PEXTRB, false, from, to, lane);
                if signed {
                    self.asm.op(MOVSX8, false, to, to);
                }
            }
            LaneShape::I16x8 => {
                self.asm.op_imm8(PEXTRW, false, to, from, lane);
                if signed {
                    self.asm.op(MOVSX16, false, to, to);
                }
            }
            LaneShape::I32x4 => self.asm.op_imm8(PEXTRD, false, from, to, lane),
            LaneShape::I64x2 => self.asm.op_imm8(PEXTRD, true, from, to, lane),
            LaneShape::F32x4 => self.asm.op_imm8(PSHUFD, false, to, from, lane),
            LaneShape::F64x2 => {
                let lanes = if lane == 0 { 0x44 } else { 0xee };
                self.asm.op_imm8(PSHUFD, false, to, from, lanes);
            }
        }
        self.release(a);
        self.in_register(to, ty)
    }

    pub(super) fn emit_replace_lane(
        &mut self,
        shape: LaneShape,
        lane: u8,
        a: Value,
        scalar: Value,
    ) -> Value {
        let (a, scalar) = (self.simple(a), self.simple(scalar));
        let (to, from) = self.take_pair(a, scalar);
        match shape {
            LaneShape::I8x16 => self.asm.op_imm8(PINSRB, false, to, from, lane),
            LaneShape::I16x8 => self.asm.op_imm8(PINSRW, false, to, from, lane),
            LaneShape::I32x4 => self.asm.op_imm8(PINSRD, false, to, from, lane),
            LaneShape::I64x2 => self.asm.op_imm8(PINSRD, true, to, from, lane),
            LaneShape::F32x4 => self.asm.op_imm8(INSERTPS, false, to, from, lane << 4),
            // Between registers this move leaves the upper half alone.
            LaneShape::F64x2 if lane == 0 => self.vop(MOVU.prefixed(SD), to, from),
            LaneShape::F64x2 => self.vop(MOVLHPS, to, from),
        }
        self.release(scalar);
        self.vector_in(to)
    }

    pub(super) fn emit_vector_shuffle(&mut self, lanes: [u8; 16], a: Value, b: Value) -> Value {
        let (a, b) = (self.simple(a), self.simple(b));
        let (to, other) = self.take_pair(a, b);
        // What comes from the other operand has an index whose highest bit chooses 0.
        let of_a = lanes.map(|lane| if lane < 16 { lane } else { 0x80 });
        let of_b = lanes.map(|lane| if lane < 16 { 0x80 } else { lane & 15 });
        if of_b == [0x80; 16] {
            self.permute(to, of_a);
        } else if of_a == [0x80; 16] {
            self.vop(MOVAPS, to, other);
            self.permute(to, of_b);
        } else {
            let rest = self.copy_of(other);
            self.permute(to, of_a);
            self.permute(rest, of_b);
            self.vop(POR, to, rest);
        }
        self.release(b);
        self.vector_in(to)
    }

    fn permute(&mut self, to: Register, lanes: [u8; 16]) {
        let indices = self.scratch_constant(u128::from_le_bytes(lanes));
        self.vop(PSHUFB, to, indices);
    }

    // ---- loads ----

    pub(super) fn emit_vector_load(
        &mut self,
        kind: VectorLoad,
        access: Access,
        address: Value,
    ) -> Value {
        let memory = self.access_memory(access, address.0);
        let to = self.allocate(true);
        if access.faults {
            self.trap_site(TrapCode::MemoryOutOfBounds);
        }
        match kind {
            VectorLoad::Extend { lane_bits, signed } => {
                let op = match (lane_bits, signed) {
                    (8, true) => PMOVSXBW,
                    (8, false) => PMOVZXBW,
                    (16, true) => PMOVSXWD,
                    (16, false) => PMOVZXWD,
                    (_, true) => PMOVSXDQ,
                    (_, false) => PMOVZXDQ,
                };
                self.asm.op(op, false, to, memory);
            }
            VectorLoad::Splat { lane_bits: 8 } => {
                self.asm.op(MOVZX8, false, SCRATCH, memory);
                self.asm.op(MOVD, false, to, SCRATCH);
                self.spread(LaneShape::I8x16, to);
            }
            VectorLoad::Splat { lane_bits: 16 } => {
                self.asm.op(MOVZX16, false, SCRATCH, memory);
                self.asm.op(MOVD, false, to, SCRATCH);
                self.spread(LaneShape::I16x8, to);
            }
            VectorLoad::Splat { lane_bits: 32 } => {
                self.asm.op(MOVU.prefixed(SS), false, to, memory);
                self.spread(LaneShape::I32x4, to);
            }
            VectorLoad::Splat { .. } => self.asm.op(MOVDDUP, false, to, memory),
            VectorLoad::Zero { lane_bits } => {
                let prefix = if lane_bits == 32 { SS } else { SD };
                self.asm.op(MOVU.prefixed(prefix), false, to, memory);
            }
        }
        self.release(address.0);
        self.vector_in(to)
    }
}
