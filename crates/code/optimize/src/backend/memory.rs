//! Fields, and linear memory.
//!
//! What may be merged, moved or reordered is said here, by memory flags and alias regions: a load of a constant
//! field may go anywhere, an access of one region never disturbs another, and an access that may
//! fault stays where it is.

use cranelift_codegen::ir::{
    self, AliasRegion, AtomicRmwOp, InstBuilder, MemFlagsData, Value,
    types::{self, Type},
};
use silica_contract::{settings::Architecture, trap::TrapCode};
use silica_operator::{
    AtomicRmw, AtomicWidth, IntType, LoadKind, MachineType, StoreKind, VectorLoad,
};
use silica_translate::{Access, Field, FieldKind, FieldType, Region};

use super::{
    region::region_index,
    state::CraneliftBackend,
    types::{int_type, ir_type, trap_code},
};

fn width_type(width: AtomicWidth) -> Type {
    match width {
        AtomicWidth::B1 => types::I8,
        AtomicWidth::B2 => types::I16,
        AtomicWidth::B4 => types::I32,
        AtomicWidth::B8 => types::I64,
    }
}

fn rmw_op(op: AtomicRmw) -> AtomicRmwOp {
    match op {
        AtomicRmw::Add => AtomicRmwOp::Add,
        AtomicRmw::Sub => AtomicRmwOp::Sub,
        AtomicRmw::And => AtomicRmwOp::And,
        AtomicRmw::Or => AtomicRmwOp::Or,
        AtomicRmw::Xor => AtomicRmwOp::Xor,
        AtomicRmw::Xchg => AtomicRmwOp::Xchg,
    }
}

impl CraneliftBackend<'_> {
    pub(super) fn region(&self, region: Region) -> AliasRegion {
        self.regions[region_index(region)]
    }

    fn field_flags(&self, field: Field) -> MemFlagsData {
        let mut flags = MemFlagsData::new();
        // Objects begin at a multiple of 8 bytes.
        if field.region != Region::Object || field.ty != FieldType::Value(MachineType::V128) {
            flags = flags.with_aligned();
        }
        let flags = flags
            .with_trap_code(field.trap.map(trap_code))
            .with_alias_region(Some(self.region(field.region)));
        match (field.kind, field.trap) {
            // The object that it refers to may move in a call: then this load may not take the place of a later one.
            _ if field.ty == FieldType::Value(MachineType::Object) => flags,
            (FieldKind::Constant, None) => flags.with_readonly().with_can_move(),
            (FieldKind::Constant, Some(_)) => flags.with_readonly(),
            (FieldKind::Mutable, _) => flags,
        }
    }

    pub(super) fn emit_field_get(&mut self, pointer: Value, field: Field) -> Value {
        let flags = self.field_flags(field);
        let (pointer, offset) = self.displace(pointer, field.offset);
        match field.ty {
            FieldType::Pointer => self.ins().load(types::I64, flags, pointer, offset),
            FieldType::I8 { signed: false } => {
                self.ins().uload8(types::I32, flags, pointer, offset)
            }
            FieldType::I8 { signed: true } => self.ins().sload8(types::I32, flags, pointer, offset),
            FieldType::I16 { signed: false } => {
                self.ins().uload16(types::I32, flags, pointer, offset)
            }
            FieldType::I16 { signed: true } => {
                self.ins().sload16(types::I32, flags, pointer, offset)
            }
            FieldType::Value(ty) => {
                let value = self.ins().load(ir_type(ty), flags, pointer, offset);
                self.known(ty, value)
            }
        }
    }

    pub(super) fn emit_field_set(&mut self, pointer: Value, field: Field, value: Value) {
        let flags = self.field_flags(field);
        let (pointer, offset) = self.displace(pointer, field.offset);
        match field.ty {
            FieldType::I8 { .. } => self.ins().istore8(flags, value, pointer, offset),
            FieldType::I16 { .. } => self.ins().istore16(flags, value, pointer, offset),
            FieldType::Pointer | FieldType::Value(_) => {
                self.ins().store(flags, value, pointer, offset)
            }
        };
    }

    /// A pointer and an offset that an instruction can hold.
    fn displace(&mut self, pointer: Value, offset: u32) -> (Value, i32) {
        match i32::try_from(offset) {
            Ok(offset) => (pointer, offset),
            Err(_) => {
                let bytes = self.ins().iconst(types::I64, i64::from(offset));
                (self.ins().iadd(pointer, bytes), 0)
            }
        }
    }

    fn heap_flags(&self, access: Access) -> MemFlagsData {
        let trap = access
            .faults
            .then_some(trap_code(TrapCode::MemoryOutOfBounds));
        MemFlagsData::new()
            .with_endianness(ir::Endianness::Little)
            .with_trap_code(trap)
            .with_alias_region(Some(self.region(Region::Heap)))
    }

    pub(super) fn emit_load(&mut self, kind: LoadKind, access: Access, address: Value) -> Value {
        let flags = self.heap_flags(access);
        let (p, offset) = self.displace(address, access.offset);
        let (i32, i64) = (types::I32, types::I64);
        let ins = self.ins();
        match kind {
            LoadKind::I32 => ins.load(i32, flags, p, offset),
            LoadKind::I64 => ins.load(i64, flags, p, offset),
            LoadKind::F32 => ins.load(types::F32, flags, p, offset),
            LoadKind::F64 => ins.load(types::F64, flags, p, offset),
            LoadKind::V128 => ins.load(types::I8X16, flags, p, offset),
            LoadKind::I32Load8S => ins.sload8(i32, flags, p, offset),
            LoadKind::I32Load8U => ins.uload8(i32, flags, p, offset),
            LoadKind::I32Load16S => ins.sload16(i32, flags, p, offset),
            LoadKind::I32Load16U => ins.uload16(i32, flags, p, offset),
            LoadKind::I64Load8S => ins.sload8(i64, flags, p, offset),
            LoadKind::I64Load8U => ins.uload8(i64, flags, p, offset),
            LoadKind::I64Load16S => ins.sload16(i64, flags, p, offset),
            LoadKind::I64Load16U => ins.uload16(i64, flags, p, offset),
            LoadKind::I64Load32S => ins.sload32(flags, p, offset),
            LoadKind::I64Load32U => ins.uload32(flags, p, offset),
        }
    }

    pub(super) fn emit_store(
        &mut self,
        kind: StoreKind,
        access: Access,
        address: Value,
        value: Value,
    ) {
        let flags = self.heap_flags(access);
        let (p, offset) = self.displace(address, access.offset);
        let ins = self.ins();
        match kind {
            StoreKind::I32 | StoreKind::I64 | StoreKind::F32 | StoreKind::F64 | StoreKind::V128 => {
                ins.store(flags, value, p, offset)
            }
            StoreKind::I32Store8 | StoreKind::I64Store8 => ins.istore8(flags, value, p, offset),
            StoreKind::I32Store16 | StoreKind::I64Store16 => ins.istore16(flags, value, p, offset),
            StoreKind::I64Store32 => ins.istore32(flags, value, p, offset),
        };
    }

    pub(super) fn emit_vector_load(
        &mut self,
        kind: VectorLoad,
        access: Access,
        address: Value,
    ) -> Value {
        let flags = self.heap_flags(access);
        let (p, offset) = self.displace(address, access.offset);
        match kind {
            VectorLoad::Extend { lane_bits, signed } => {
                let ins = self.ins();
                match (lane_bits, signed) {
                    (8, true) => ins.sload8x8(flags, p, offset),
                    (8, false) => ins.uload8x8(flags, p, offset),
                    (16, true) => ins.sload16x4(flags, p, offset),
                    (16, false) => ins.uload16x4(flags, p, offset),
                    (_, true) => ins.sload32x2(flags, p, offset),
                    (_, false) => ins.uload32x2(flags, p, offset),
                }
            }
            VectorLoad::Splat { lane_bits } => {
                let (lane, vector) = lane_types(lane_bits);
                let scalar = self.ins().load(lane, flags, p, offset);
                self.ins().splat(vector, scalar)
            }
            VectorLoad::Zero { lane_bits } => {
                let (lane, vector) = lane_types(lane_bits);
                let scalar = self.ins().load(lane, flags, p, offset);
                self.ins().scalar_to_vector(vector, scalar)
            }
        }
    }

    /// An atomic instruction's address: it takes no offset.
    fn atomic_address(&mut self, access: Access, address: Value) -> Value {
        match access.offset {
            0 => address,
            offset => {
                let bytes = self.ins().iconst(types::I64, i64::from(offset));
                self.ins().iadd(address, bytes)
            }
        }
    }

    fn atomic_flags(&self, access: Access) -> MemFlagsData {
        // Alignment was checked before.
        self.heap_flags(access).with_aligned()
    }

    fn widen(&mut self, ty: IntType, value: Value) -> Value {
        if self.type_of(value) == int_type(ty) {
            return value;
        }
        self.ins().uextend(int_type(ty), value)
    }

    fn narrow(&mut self, width: AtomicWidth, value: Value) -> Value {
        if self.type_of(value) == width_type(width) {
            return value;
        }
        self.ins().ireduce(width_type(width), value)
    }

    pub(super) fn emit_atomic_load(
        &mut self,
        ty: IntType,
        width: AtomicWidth,
        access: Access,
        address: Value,
    ) -> Value {
        let flags = self.atomic_flags(access);
        let address = self.atomic_address(access, address);
        let value = self.ins().atomic_load(width_type(width), flags, address);
        self.widen(ty, value)
    }

    pub(super) fn emit_atomic_store(
        &mut self,
        width: AtomicWidth,
        access: Access,
        address: Value,
        value: Value,
    ) {
        let flags = self.atomic_flags(access);
        let address = self.atomic_address(access, address);
        let value = self.narrow(width, value);
        if self.target.architecture() == Architecture::X86_64 {
            // An exchange is a barrier and costs less than a store and a fence, which Cranelift would make of it.
            let op = AtomicRmwOp::Xchg;
            self.ins()
                .atomic_rmw(width_type(width), flags, op, address, value);
        } else {
            self.ins().atomic_store(flags, value, address);
        }
    }

    pub(super) fn emit_atomic_rmw(
        &mut self,
        op: AtomicRmw,
        (ty, width): (IntType, AtomicWidth),
        access: Access,
        address: Value,
        value: Value,
    ) -> Value {
        let flags = self.atomic_flags(access);
        let address = self.atomic_address(access, address);
        let value = self.narrow(width, value);
        let before = self
            .ins()
            .atomic_rmw(width_type(width), flags, rmw_op(op), address, value);
        self.widen(ty, before)
    }

    pub(super) fn emit_compare_exchange(
        &mut self,
        (ty, width): (IntType, AtomicWidth),
        access: Access,
        address: Value,
        (expected, replacement): (Value, Value),
    ) -> Value {
        let flags = self.atomic_flags(access);
        let address = self.atomic_address(access, address);
        // The proposal's table: `expected` is wrapped to the access's width before it is compared.
        let narrow_expected = self.narrow(width, expected);
        let replacement = self.narrow(width, replacement);
        let before = self
            .ins()
            .atomic_cas(flags, address, narrow_expected, replacement);
        self.widen(ty, before)
    }
}

fn lane_types(lane_bits: u8) -> (Type, Type) {
    match lane_bits {
        8 => (types::I8, types::I8X16),
        16 => (types::I16, types::I16X8),
        32 => (types::I32, types::I32X4),
        _ => (types::I64, types::I64X2),
    }
}
