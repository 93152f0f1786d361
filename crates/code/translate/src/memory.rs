//! Linear memory: addresses, bounds and accesses.
//!
//! The one place where an address is formed and checked. See [`MemoryStyle`] for the two ways of
//! keeping an access in bounds.

use silica_contract::{
    builtin::Builtin,
    layout::{Slot, memory},
    settings::MemoryStyle,
    trap::TrapCode,
};
use silica_module::{IndexType, MemoryType};
use silica_operator::{AtomicWidth, Convert, IntBinary, IntCompare, IntType, MachineType};

use crate::{
    Access, Backend, Field, FieldKind, FieldType, Memory, Region,
    class::{Class, MemoryArgument},
    function::Translator,
    numeric::{int_machine, load_machine},
};

/// Constant offsets up to here are given to the backend with the access.
const INLINE_OFFSET_MAX: u64 = i32::MAX as u64;

pub(crate) const POINTER: FieldType = FieldType::Pointer;

/// A field of the context, or of a definition that it points to.
pub(crate) const fn context_field(offset: u32, ty: FieldType, kind: FieldKind) -> Field {
    Field {
        offset,
        ty,
        kind,
        region: Region::Context,
        trap: None,
    }
}

/// An access at an index, with no offset and no promise of alignment.
const fn start_of(memory: u32) -> MemoryArgument {
    MemoryArgument {
        memory,
        offset: 0,
        align_log2: 0,
    }
}

/// Bytes of a memory at the start, where they can be counted.
fn minimum_bytes(ty: &MemoryType) -> Option<u64> {
    let page = 1u64.checked_shl(ty.page_size_log2.into())?;
    ty.min.checked_mul(page)
}

impl<B: Backend> Translator<'_, '_, '_, B> {
    // ---- the definition ----

    /// A field of a definition that is either in the context or pointed to from it.
    pub(crate) fn definition_field(
        &mut self,
        slot: Slot,
        offset: u32,
        ty: FieldType,
        kind: FieldKind,
    ) -> B::Value {
        let context = self.backend.context();
        match slot {
            Slot::Inline(at) => self
                .backend
                .field_get(context, context_field(at + offset, ty, kind)),
            Slot::Pointer(at) => {
                let field = context_field(at, POINTER, FieldKind::Constant);
                let definition = self.backend.field_get(context, field);
                self.backend
                    .field_get(definition, context_field(offset, ty, kind))
            }
        }
    }

    /// The address of a memory's definition.
    pub(crate) fn memory_definition(&mut self, index: u32) -> B::Value {
        let context = self.backend.context();
        match self.environment.layout.memory(index) {
            Slot::Inline(at) => {
                let offset = self.i64(at.into());
                self.backend.pointer_add(context, offset)
            }
            Slot::Pointer(at) => {
                let field = context_field(at, POINTER, FieldKind::Constant);
                self.backend.field_get(context, field)
            }
        }
    }

    #[inline]
    fn memory_base(&mut self, index: u32) -> B::Value {
        let slot = self.environment.layout.memory(index);
        let kind = match self.environment.memory_style(index) {
            MemoryStyle::Checked { moves: true, .. } => FieldKind::Mutable,
            MemoryStyle::Checked { moves: false, .. } | MemoryStyle::Reserved { .. } => {
                FieldKind::Constant
            }
        };
        self.definition_field(slot, memory::BASE, POINTER, kind)
    }

    /// The current length in bytes.
    pub(crate) fn memory_length(&mut self, index: u32) -> B::Value {
        let slot = self.environment.layout.memory(index);
        let ty = self.environment.memory(index);
        let fixed = ty.max == Some(ty.min) && index >= self.environment.module.imported_memories;
        if let Some(bytes) = minimum_bytes(ty).filter(|_| fixed) {
            return self.i64(bytes);
        }
        let value = FieldType::Value(MachineType::I64);
        self.definition_field(slot, memory::LENGTH, value, FieldKind::Mutable)
    }

    // ---- small helpers ----

    pub(crate) fn i64(&mut self, value: u64) -> B::Value {
        self.backend.constant(MachineType::I64, value.into())
    }

    /// An address or index of the given type as an `i64`.
    #[inline]
    pub(crate) fn widen(&mut self, index: IndexType, value: B::Value) -> B::Value {
        match index {
            IndexType::I32 => self
                .backend
                .convert(Convert::Extend { signed: false }, value),
            IndexType::I64 => value,
        }
    }

    /// An `i64` as an address or index of the given type.
    pub(crate) fn narrow(&mut self, index: IndexType, value: B::Value) -> B::Value {
        match index {
            IndexType::I32 => self.backend.convert(Convert::Wrap, value),
            IndexType::I64 => value,
        }
    }

    fn compare(&mut self, op: IntCompare, a: B::Value, b: B::Value) -> B::Value {
        self.backend.int_compare(op, IntType::I64, a, b)
    }

    // ---- addresses ----

    /// Forms the address of an access and sees to its bounds.
    fn address(
        &mut self,
        memarg: MemoryArgument,
        bytes: u32,
        index: B::Value,
    ) -> (Access, B::Value) {
        let memory = memarg.memory;
        let environment = self.environment;
        let ty = environment.memory(memory);
        let index = self.widen(ty.index, index);
        match environment.memory_style(memory) {
            MemoryStyle::Reserved { guard } => {
                self.reserved_address(memarg, bytes, index, ty, guard)
            }
            MemoryStyle::Checked { guard, .. } => {
                self.checked_address(memarg, bytes, index, ty, guard)
            }
        }
    }

    #[inline]
    fn reserved_address(
        &mut self,
        memarg: MemoryArgument,
        bytes: u32,
        index: B::Value,
        ty: &MemoryType,
        guard: u64,
    ) -> (Access, B::Value) {
        match memarg.offset.checked_add(bytes.into()) {
            Some(end) if end <= guard => self.access(memarg, true, index),
            end => self.whole_checked_address(memarg, end, index, ty),
        }
    }

    fn checked_address(
        &mut self,
        memarg: MemoryArgument,
        bytes: u32,
        index: B::Value,
        ty: &MemoryType,
        guard: u64,
    ) -> (Access, B::Value) {
        let end = memarg.offset.checked_add(bytes.into());
        if ty.page_size_log2 >= 16 && end.is_some_and(|end| end <= guard) {
            let length = self.memory_length(memarg.memory);
            return self.bounded(memarg, true, index, (IntCompare::LtU, length));
        }
        self.whole_checked_address(memarg, end, index, ty)
    }

    /// The address of so many bytes, few enough for any guard. Where they are not all there, a load of
    /// the highest of them traps at the latest.
    pub(crate) fn bytes_to_read(
        &mut self,
        memory: u32,
        index: B::Value,
        bytes: u32,
    ) -> (Access, B::Value) {
        self.address(start_of(memory), bytes, index)
    }

    /// The address of so many bytes. Where they are not all there, nothing is written.
    pub(crate) fn bytes_to_write(
        &mut self,
        memory: u32,
        index: B::Value,
        bytes: u32,
    ) -> (Access, B::Value) {
        let ty = *self.environment.memory(memory);
        let index = self.widen(ty.index, index);
        self.whole_checked_address(start_of(memory), Some(bytes.into()), index, &ty)
    }

    /// Compares the end of the accessed bytes: `index <= length - end`, where `end <= length`.
    fn whole_checked_address(
        &mut self,
        memarg: MemoryArgument,
        end: Option<u64>,
        index: B::Value,
        ty: &MemoryType,
    ) -> (Access, B::Value) {
        let length = self.memory_length(memarg.memory);
        // Memories never shrink: what the first length has room for needs no comparison.
        let fits = end.is_some_and(|end| minimum_bytes(ty).is_some_and(|least| end <= least));
        // Where the end overflows, no length is enough.
        let end = self.i64(end.unwrap_or(u64::MAX));
        if !fits {
            let copies = (
                self.backend.duplicate(&length),
                self.backend.duplicate(&end),
            );
            let short = self.compare(IntCompare::LtU, copies.0, copies.1);
            self.backend.trap_if(short, TrapCode::MemoryOutOfBounds);
        }
        let last = self
            .backend
            .int_binary(IntBinary::Sub, IntType::I64, length, end);
        self.bounded(memarg, false, index, (IntCompare::LeU, last))
    }

    /// The access at an index that must compare with a bound as said. Where speculation is guarded, an address
    /// out of bounds becomes null with no branch, and the access itself faults.
    fn bounded(
        &mut self,
        memarg: MemoryArgument,
        faults: bool,
        index: B::Value,
        (inside, bound): (IntCompare, B::Value),
    ) -> (Access, B::Value) {
        let copy = self.backend.duplicate(&index);
        if !self.environment.settings.spectre_guards {
            let outside = self.compare(inside.inverse(), copy, bound);
            self.backend.trap_if(outside, TrapCode::MemoryOutOfBounds);
            return self.access(memarg, faults, index);
        }
        let inside = self.compare(inside, copy, bound);
        let (mut access, mut address) = self.access(memarg, true, index);
        // The whole address is guarded: an offset from null might be mapped.
        if access.offset != 0 {
            let offset = self.i64(access.offset.into());
            address = self.backend.pointer_add(address, offset);
            access.offset = 0;
        }
        (access, self.backend.speculation_guard(inside, address))
    }

    /// The access at an index whose bounds have been seen to.
    #[inline]
    fn access(
        &mut self,
        memarg: MemoryArgument,
        faults: bool,
        index: B::Value,
    ) -> (Access, B::Value) {
        let base = self.memory_base(memarg.memory);
        let mut address = self.backend.pointer_add(base, index);
        let mut offset = memarg.offset;
        if offset > INLINE_OFFSET_MAX {
            let distance = self.i64(offset);
            address = self.backend.pointer_add(address, distance);
            offset = 0;
        }
        let access = Access {
            offset: offset as u32,
            faults,
            align_log2: memarg.align_log2,
            memory: Memory(memarg.memory),
        };
        (access, address)
    }

    // ---- accesses ----

    pub(crate) fn memory_access(&mut self, class: Class) {
        match class {
            Class::Load(kind, memarg) => {
                let index = self.pop();
                let (access, address) = self.address(memarg, kind.bytes(), index);
                let value = self.backend.load(kind, access, address);
                self.push(load_machine(kind), value);
            }
            Class::Store(kind, memarg) => {
                let value = self.pop();
                let index = self.pop();
                let (access, address) = self.address(memarg, kind.bytes(), index);
                self.backend.store(kind, access, address, value);
            }
            Class::VectorLoad(kind, memarg) => {
                let index = self.pop();
                let (access, address) = self.address(memarg, kind.bytes(), index);
                let value = self.backend.vector_load(kind, access, address);
                self.push(MachineType::V128, value);
            }
            Class::LoadLane(kind, shape, lane, memarg) => {
                let vector = self.pop();
                let index = self.pop();
                let (access, address) = self.address(memarg, kind.bytes(), index);
                let scalar = self.backend.load(kind, access, address);
                let value = self
                    .backend
                    .vector_replace_lane(shape, lane, vector, scalar);
                self.push(MachineType::V128, value);
            }
            Class::StoreLane(kind, shape, lane, memarg) => {
                let vector = self.pop();
                let index = self.pop();
                let scalar = self.backend.vector_extract_lane(shape, lane, false, vector);
                let (access, address) = self.address(memarg, kind.bytes(), index);
                self.backend.store(kind, access, address, scalar);
            }
            _ => unreachable!("`numeric` sends only memory accesses here"),
        }
    }

    /// The address of an atomic access, which must be aligned at run time.
    fn atomic_address(
        &mut self,
        memarg: MemoryArgument,
        width: AtomicWidth,
        index: B::Value,
    ) -> (Access, B::Value) {
        if width != AtomicWidth::B1 {
            let copy = self.backend.duplicate(&index);
            let ty = self.environment.memory(memarg.memory).index;
            let wide = self.widen(ty, copy);
            let offset = self.i64(memarg.offset);
            let address = self
                .backend
                .int_binary(IntBinary::Add, IntType::I64, wide, offset);
            let mask = self.i64(u64::from(width.bytes() - 1));
            let low = self
                .backend
                .int_binary(IntBinary::And, IntType::I64, address, mask);
            let zero = self.i64(0);
            let unaligned = self.compare(IntCompare::Ne, low, zero);
            self.backend.trap_if(unaligned, TrapCode::UnalignedAtomic);
        }
        self.address(memarg, width.bytes(), index)
    }

    pub(crate) fn atomic_access(&mut self, class: Class) {
        match class {
            Class::AtomicLoad(ty, width, memarg) => {
                let index = self.pop();
                let (access, address) = self.atomic_address(memarg, width, index);
                let value = self.backend.atomic_load(ty, width, access, address);
                self.push(int_machine(ty), value);
            }
            Class::AtomicStore(ty, width, memarg) => {
                let value = self.pop();
                let index = self.pop();
                let (access, address) = self.atomic_address(memarg, width, index);
                self.backend.atomic_store(ty, width, access, address, value);
            }
            Class::AtomicRmw(op, ty, width, memarg) => {
                let value = self.pop();
                let index = self.pop();
                let (access, address) = self.atomic_address(memarg, width, index);
                let old = self
                    .backend
                    .atomic_rmw(op, ty, width, access, address, value);
                self.push(int_machine(ty), old);
            }
            Class::AtomicCompareExchange(ty, width, memarg) => {
                let replacement = self.pop();
                let expected = self.pop();
                let index = self.pop();
                let (access, address) = self.atomic_address(memarg, width, index);
                let old = self.backend.atomic_compare_exchange(
                    ty,
                    width,
                    access,
                    address,
                    expected,
                    replacement,
                );
                self.push(int_machine(ty), old);
            }
            _ => unreachable!("`numeric` sends only atomic accesses here"),
        }
    }

    // ---- waiting ----

    /// The effective address that `wait` and `notify` get: with the offset, and no wrapping around.
    fn effective_address(&mut self, memarg: MemoryArgument, index: B::Value) -> B::Value {
        let ty = self.environment.memory(memarg.memory).index;
        let index = self.widen(ty, index);
        if memarg.offset == 0 {
            return index;
        }
        let copy = self.backend.duplicate(&index);
        let offset = self.i64(memarg.offset);
        let address = self
            .backend
            .int_binary(IntBinary::Add, IntType::I64, index, offset);
        let address_copy = self.backend.duplicate(&address);
        let wrapped = self.compare(IntCompare::LtU, address_copy, copy);
        self.backend.trap_if(wrapped, TrapCode::MemoryOutOfBounds);
        address
    }

    pub(crate) fn atomic_wait(&mut self, memarg: MemoryArgument, ty: IntType) {
        let timeout = self.pop();
        let expected = self.pop();
        let index = self.pop();
        let address = self.effective_address(memarg, index);
        let (builtin, expected) = match ty {
            IntType::I32 => (Builtin::AtomicWait32, self.widen(IndexType::I32, expected)),
            IntType::I64 => (Builtin::AtomicWait64, expected),
        };
        let memory = self.i64(memarg.memory.into());
        self.builtin_i32(builtin, vec![memory, address, expected, timeout]);
    }

    pub(crate) fn atomic_notify(&mut self, memarg: MemoryArgument) {
        let count = self.pop();
        let index = self.pop();
        let address = self.effective_address(memarg, index);
        let count = self.widen(IndexType::I32, count);
        let memory = self.i64(memarg.memory.into());
        self.builtin_i32(Builtin::AtomicNotify, vec![memory, address, count]);
    }

    /// Calls a builtin whose result is an `i32`.
    fn builtin_i32(&mut self, builtin: Builtin, arguments: Vec<B::Value>) {
        let value = self.builtin_value(builtin, arguments);
        let value = self.backend.convert(Convert::Wrap, value);
        self.push(MachineType::I32, value);
    }

    pub(crate) fn builtin_value(&mut self, builtin: Builtin, arguments: Vec<B::Value>) -> B::Value {
        self.settle_fuel();
        self.backend
            .call_builtin(builtin, arguments)
            .expect("this builtin has a result")
    }

    pub(crate) fn builtin_effect(&mut self, builtin: Builtin, arguments: Vec<B::Value>) {
        self.settle_fuel();
        let none = self.backend.call_builtin(builtin, arguments);
        debug_assert!(none.is_none(), "{builtin:?} has no result");
    }
}

/// Type of the length of a copy between two index types.
pub(crate) const fn narrower(a: IndexType, b: IndexType) -> IndexType {
    match (a, b) {
        (IndexType::I64, IndexType::I64) => IndexType::I64,
        (IndexType::I32, _) | (_, IndexType::I32) => IndexType::I32,
    }
}

pub(crate) const fn index_machine(ty: IndexType) -> MachineType {
    match ty {
        IndexType::I32 => MachineType::I32,
        IndexType::I64 => MachineType::I64,
    }
}
