//! Fields and linear memory: addresses, loads and stores.

use silica_contract::trap::TrapCode;
use silica_operator::{IntBinary, IntType, LoadKind, MachineType, StoreKind};
use silica_translate::{Access, Field, FieldKind, FieldType};

use super::{
    BaselineBackend, LastLoad, Parity,
    assembler::Memory,
    place::is_wide,
    register::SCRATCH,
    table::{
        Alu, Condition, Instruction, MOV, MOV_TO, MOV_TO8, MOV_TO16, MOVSX8, MOVSX16, MOVSXD, MOVU,
        MOVU_TO, MOVZX8, MOVZX16, PS, SD, SS,
    },
};
use crate::{
    Value,
    value::{Id, Lazy, MEMORY_BASE, State},
};

const fn field_machine(ty: FieldType) -> MachineType {
    match ty {
        FieldType::Pointer => MachineType::I64,
        FieldType::Value(ty) => ty,
        FieldType::I8 { .. } | FieldType::I16 { .. } => MachineType::I32,
    }
}

const fn field_load(ty: FieldType) -> LoadKind {
    match ty {
        FieldType::Pointer | FieldType::Value(_) => whole_load(field_machine(ty)),
        FieldType::I8 { signed: true } => LoadKind::I32Load8S,
        FieldType::I8 { signed: false } => LoadKind::I32Load8U,
        FieldType::I16 { signed: true } => LoadKind::I32Load16S,
        FieldType::I16 { signed: false } => LoadKind::I32Load16U,
    }
}

const fn field_store(ty: FieldType) -> StoreKind {
    match ty {
        FieldType::Pointer | FieldType::Value(_) => whole_store(field_machine(ty)),
        FieldType::I8 { .. } => StoreKind::I32Store8,
        FieldType::I16 { .. } => StoreKind::I32Store16,
    }
}

/// The instruction of a load, whether it is wide, and the type of what it gives.
const fn load_instruction(kind: LoadKind) -> (Instruction, bool, MachineType) {
    const I32: MachineType = MachineType::I32;
    const I64: MachineType = MachineType::I64;
    match kind {
        LoadKind::I32 => (MOV, false, I32),
        LoadKind::I64 => (MOV, true, I64),
        LoadKind::F32 => (MOVU.prefixed(SS), false, MachineType::F32),
        LoadKind::F64 => (MOVU.prefixed(SD), false, MachineType::F64),
        LoadKind::V128 => (MOVU.prefixed(PS), false, MachineType::V128),
        LoadKind::I32Load8S => (MOVSX8, false, I32),
        LoadKind::I32Load8U => (MOVZX8, false, I32),
        LoadKind::I32Load16S => (MOVSX16, false, I32),
        LoadKind::I32Load16U => (MOVZX16, false, I32),
        LoadKind::I64Load8S => (MOVSX8, true, I64),
        LoadKind::I64Load8U => (MOVZX8, false, I64),
        LoadKind::I64Load16S => (MOVSX16, true, I64),
        LoadKind::I64Load16U => (MOVZX16, false, I64),
        LoadKind::I64Load32S => (MOVSXD, true, I64),
        LoadKind::I64Load32U => (MOV, false, I64),
    }
}

/// The load of a whole value.
const fn whole_load(ty: MachineType) -> LoadKind {
    match ty {
        MachineType::I32 | MachineType::Object => LoadKind::I32,
        MachineType::I64 | MachineType::Reference => LoadKind::I64,
        MachineType::F32 => LoadKind::F32,
        MachineType::F64 => LoadKind::F64,
        MachineType::V128 => LoadKind::V128,
    }
}

/// The store of a whole value.
const fn whole_store(ty: MachineType) -> StoreKind {
    match ty {
        MachineType::I32 | MachineType::Object => StoreKind::I32,
        MachineType::I64 | MachineType::Reference => StoreKind::I64,
        MachineType::F32 => StoreKind::F32,
        MachineType::F64 => StoreKind::F64,
        MachineType::V128 => StoreKind::V128,
    }
}

/// The instruction of a store, and whether it is wide.
const fn store_instruction(kind: StoreKind) -> (Instruction, bool) {
    match kind {
        StoreKind::I32 | StoreKind::I64Store32 => (MOV_TO, false),
        StoreKind::I64 => (MOV_TO, true),
        StoreKind::F32 => (MOVU_TO.prefixed(SS), false),
        StoreKind::F64 => (MOVU_TO.prefixed(SD), false),
        StoreKind::V128 => (MOVU_TO.prefixed(PS), false),
        StoreKind::I32Store8 | StoreKind::I64Store8 => (MOV_TO8, false),
        StoreKind::I32Store16 | StoreKind::I64Store16 => (MOV_TO16, false),
    }
}

const fn is_float_store(kind: StoreKind) -> bool {
    match kind {
        StoreKind::F32 | StoreKind::F64 | StoreKind::V128 => true,
        StoreKind::I32
        | StoreKind::I64
        | StoreKind::I32Store8
        | StoreKind::I32Store16
        | StoreKind::I64Store8
        | StoreKind::I64Store16
        | StoreKind::I64Store32 => false,
    }
}

impl BaselineBackend {
    // ---- addresses ----

    pub(super) fn emit_pointer_add(&mut self, pointer: Value, bytes: Value) -> Value {
        let pointer = self.simple(pointer);
        let mut scale_log2 = 0;
        let mut index = bytes.0;
        // A shifted index is what addresses are made of.
        if let State::Lazy(Lazy::Int(IntBinary::Shl, IntType::I64, a, b)) = self.values.state(index)
            && self.is_last_use(index)
            && let Some(count @ 1..=3) = self.constant_of(b)
        {
            self.values.set_state(index, State::Constant(0));
            self.release(index);
            self.release(b);
            (index, scale_log2) = (a, count as u8);
        }
        self.force(index);
        let lazy = Lazy::Address(pointer, index, scale_log2);
        self.value(MachineType::I64, State::Lazy(lazy))
    }

    /// Memory at an address that may be a lazy sum; its registers are locked. The address is not used up.
    pub(super) fn memory_at(&mut self, address: Id, offset: u32) -> Memory {
        let Ok(displacement) = i32::try_from(offset) else {
            return self.far_memory(address, offset);
        };
        if let State::Lazy(Lazy::Address(base, index, scale)) = self.values.state(address) {
            return self.sum_memory(base, index, scale, displacement);
        }
        Memory::new(self.use_register(address), displacement)
    }

    /// Memory at an offset that an instruction cannot hold.
    fn far_memory(&mut self, address: Id, offset: u32) -> Memory {
        self.force(address);
        self.load_into(SCRATCH, address);
        let register = self.allocate(false);
        self.asm.mov_imm(register, offset.into());
        self.asm.alu(Alu::Add, true, register, SCRATCH);
        Memory::new(register, 0)
    }

    /// Memory at a pointer, so many bytes on.
    pub(super) fn sum_memory(
        &mut self,
        base: Id,
        index: Id,
        scale_log2: u8,
        displacement: i32,
    ) -> Memory {
        let register = self.use_register(base);
        if let Some(bits) = self.constant_of(index)
            && let Some(bytes) = bits.checked_mul(1 << scale_log2)
            && let Ok(bytes) = i32::try_from(bytes)
            && let Some(displacement) = displacement.checked_add(bytes)
        {
            return Memory::new(register, displacement);
        }
        Memory {
            base: register,
            index: Some(self.use_register(index)),
            scale_log2,
            displacement,
        }
    }

    /// The memory of an access, whose instruction comes next.
    pub(super) fn access_memory(&mut self, access: Access, address: Id) -> Memory {
        self.memory_at(address, access.offset)
    }

    pub(super) fn access_site(&mut self, access: Access) {
        if access.faults {
            self.trap_site(TrapCode::MemoryOutOfBounds);
        }
    }

    // ---- fields ----

    pub(super) fn emit_field_get(&mut self, pointer: Value, field: Field) -> Value {
        let ty = field_machine(field.ty);
        if field.kind == FieldKind::Constant
            && field.trap.is_none()
            && ty.is_integer_class()
            && ty != MachineType::Object
            && matches!(field.ty, FieldType::Pointer | FieldType::Value(_))
            && i32::try_from(field.offset).is_ok()
        {
            let via = match self.values.state(pointer.0) {
                State::Context => Some(None),
                State::Field { via: None, offset } => Some(Some(offset)),
                State::Free(_)
                | State::Constant(_)
                | State::Vector(_)
                | State::Register(_)
                | State::Frame(_)
                | State::Local(_)
                | State::Field { via: Some(_), .. }
                | State::Lazy(_) => None,
            };
            if let Some(via) = via {
                self.release(pointer.0);
                let offset = field.offset;
                if self.base_field == Some((via, offset)) {
                    return self.share(MEMORY_BASE);
                }
                return self.value(ty, State::Field { via, offset });
            }
        }
        let memory = self.memory_at(pointer.0, field.offset);
        let value = self.finish_load(field_load(field.ty), memory, pointer.0, field.trap);
        self.values.entry_mut(value.0).ty = ty;
        value
    }

    pub(super) fn emit_field_set(&mut self, pointer: Value, field: Field, value: Value) {
        let value = self.simple(value);
        let memory = self.memory_at(pointer.0, field.offset);
        let kind = field_store(field.ty);
        self.finish_store(kind, memory, value, field.trap);
        self.release(pointer.0);
        self.unlock();
    }

    // ---- loads and stores ----

    pub(super) fn emit_load(&mut self, kind: LoadKind, access: Access, address: Value) -> Value {
        let memory = self.access_memory(access, address.0);
        let trap = access.faults.then_some(TrapCode::MemoryOutOfBounds);
        self.finish_load(kind, memory, address.0, trap)
    }

    /// Writes the load's one instruction; uses the address up.
    fn finish_load(
        &mut self,
        kind: LoadKind,
        memory: Memory,
        address: Id,
        trap: Option<TrapCode>,
    ) -> Value {
        let (instruction, wide, ty) = load_instruction(kind);
        // The address's own register will do, since it is read before the result is written.
        self.release(address);
        self.unlock();
        let to = self.allocate_for(ty);
        if let Some(code) = trap {
            self.trap_site(code);
        }
        let start = self.asm.offset();
        self.asm.op(instruction, wide, to, memory);
        let end = self.asm.offset();
        let value = self.in_register(to, ty);
        self.last_load = Some(LastLoad {
            start,
            end,
            instruction,
            wide,
            memory,
            id: value.0,
        });
        value
    }

    pub(super) fn emit_store(
        &mut self,
        kind: StoreKind,
        access: Access,
        address: Value,
        value: Value,
    ) {
        let value = self.simple(value);
        let memory = self.access_memory(access, address.0);
        let trap = access.faults.then_some(TrapCode::MemoryOutOfBounds);
        self.finish_store(kind, memory, value, trap);
        self.release(address.0);
        self.unlock();
    }

    fn finish_store(&mut self, kind: StoreKind, memory: Memory, value: Id, trap: Option<TrapCode>) {
        let (instruction, wide) = store_instruction(kind);
        let immediate = match is_float_store(kind) {
            true => None,
            false => self
                .constant_of(value)
                .and_then(|bits| store_bits(bits, wide)),
        };
        let from = match immediate {
            Some(_) => None,
            None => Some(self.use_register(value)),
        };
        if let Some(code) = trap {
            self.trap_site(code);
        }
        match (from, immediate) {
            (Some(from), _) => self.asm.op(instruction, wide, from, memory),
            (None, Some(bits)) => self.asm.store_imm(kind.bytes(), memory, bits),
            (None, None) => {}
        }
        self.release(value);
    }

    // ---- guards ----

    pub(super) fn emit_guard(&mut self, condition: Value, pointer: Value) -> Value {
        self.ready(&condition);
        let pointer = self.simple(pointer);
        let to = self.take_register(pointer);
        let test = self.test(condition);
        self.asm.mov_imm(SCRATCH, 0);
        self.asm.cmov(test.condition.inverse(), true, to, SCRATCH);
        if test.parity != Parity::Ignored {
            // Guards compare integers; a comparison of floats is taken with care all the same.
            self.asm.cmov(Condition::Parity, true, to, SCRATCH);
        }
        self.in_register(to, MachineType::I64)
    }

    // ---- select ----

    /// Computes of a condition what is more than a comparison: while registers are locked that may need others.
    fn ready(&mut self, condition: &Value) {
        if let State::Lazy(Lazy::Int(..) | Lazy::Float(..) | Lazy::Address(..)) =
            self.values.state(condition.0)
        {
            self.force(condition.0);
        }
    }

    pub(super) fn emit_select(
        &mut self,
        ty: MachineType,
        condition: Value,
        yes: Value,
        no: Value,
    ) -> Value {
        self.ready(&condition);
        let (yes, no) = (self.simple(yes), self.simple(no));
        if ty.is_integer_class() {
            return self.select_int(ty, condition, yes, no);
        }
        let other = self.use_register(no);
        let to = self.take_register(yes);
        let test = self.test(condition);
        let skip = match test.parity {
            Parity::Ignored => None,
            Parity::False => {
                // Unordered: not the first.
                let ordered = self.asm.jcc_short(Condition::NotParity);
                self.move_register(to, other, ty);
                self.asm.bind_short(ordered);
                None
            }
            Parity::True => Some(self.asm.jcc_short(Condition::Parity)),
        };
        let taken = self.asm.jcc_short(test.condition);
        self.move_register(to, other, ty);
        self.asm.bind_short(taken);
        if let Some(skip) = skip {
            self.asm.bind_short(skip);
        }
        self.release(no);
        self.in_register(to, ty)
    }

    fn select_int(&mut self, ty: MachineType, condition: Value, yes: Id, no: Id) -> Value {
        let wide = is_wide(ty);
        let to = self.take_register(no);
        let chosen = self.operand(yes, wide);
        let test = self.test(condition);
        match test.parity {
            Parity::Ignored => self.asm.cmov(test.condition, wide, to, chosen),
            Parity::True => {
                self.asm.cmov(test.condition, wide, to, chosen);
                self.asm.cmov(Condition::Parity, wide, to, chosen);
            }
            Parity::False => {
                // Equal and ordered: kept aside where the outcome is unordered.
                self.asm.mov(true, SCRATCH, to);
                self.asm.cmov(test.condition, wide, to, chosen);
                self.asm.cmov(Condition::Parity, wide, to, SCRATCH);
            }
        }
        self.release(yes);
        self.in_register(to, ty)
    }
}

/// The constant, if an instruction that stores so wide can hold it.
fn store_bits(bits: u64, wide: bool) -> Option<i32> {
    match wide {
        true => i32::try_from(bits as i64).ok(),
        false => Some(bits as u32 as i32),
    }
}
