//! Lanes of vectors: scalars put into them and taken out, and lanes in another order.

use cranelift_codegen::ir::{InstBuilder, Value, types};
use silica_operator::LaneShape;

use super::{state::CraneliftBackend, vector::lane_type};

impl CraneliftBackend<'_> {
    /// A scalar as wide as a lane.
    fn lane_scalar(&mut self, shape: LaneShape, scalar: Value) -> Value {
        match shape {
            LaneShape::I8x16 => self.ins().ireduce(types::I8, scalar),
            LaneShape::I16x8 => self.ins().ireduce(types::I16, scalar),
            LaneShape::I32x4 | LaneShape::I64x2 | LaneShape::F32x4 | LaneShape::F64x2 => scalar,
        }
    }

    pub(super) fn emit_vector_splat(&mut self, shape: LaneShape, a: Value) -> Value {
        let lane = self.lane_scalar(shape, a);
        self.ins().splat(lane_type(shape), lane)
    }

    pub(super) fn emit_vector_extract_lane(
        &mut self,
        shape: LaneShape,
        lane: u8,
        signed: bool,
        a: Value,
    ) -> Value {
        let a = self.shaped(a, shape);
        let value = self.ins().extractlane(a, lane);
        match (shape, signed) {
            (LaneShape::I8x16 | LaneShape::I16x8, true) => self.ins().sextend(types::I32, value),
            (LaneShape::I8x16 | LaneShape::I16x8, false) => self.ins().uextend(types::I32, value),
            (LaneShape::I32x4 | LaneShape::I64x2 | LaneShape::F32x4 | LaneShape::F64x2, _) => value,
        }
    }

    pub(super) fn emit_vector_replace_lane(
        &mut self,
        shape: LaneShape,
        lane: u8,
        a: Value,
        scalar: Value,
    ) -> Value {
        let a = self.shaped(a, shape);
        let scalar = self.lane_scalar(shape, scalar);
        self.ins().insertlane(a, scalar, lane)
    }

    pub(super) fn emit_vector_shuffle(&mut self, lanes: [u8; 16], a: Value, b: Value) -> Value {
        let (a, b) = self.shaped_pair(a, b, LaneShape::I8x16);
        let mask = self.builder.func.dfg.immediates.push(lanes[..].into());
        self.ins().shuffle(a, b, mask)
    }
}
