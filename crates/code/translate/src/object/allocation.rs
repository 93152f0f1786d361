//! New objects: in the nursery by moving one number, or by a builtin where that is full.

use silica_contract::{
    builtin::Builtin,
    layout::store,
    object::{self, ALIGNMENT, ArrayLayout, CONTINUATION_BYTES, CONTINUATION_PLACE, type_id},
};
use silica_module::IndexType;
use silica_operator::{IntBinary, IntCompare, IntType, MachineType};

use super::place::one;
use crate::{Backend, FieldType, control::plain, function::Translator};

/// What a new object begins with.
#[derive(Clone, Copy)]
enum Header {
    /// The canonical id of a type of the module.
    Type(u32),
    /// That of all continuations.
    Continuation,
}

const WORD: FieldType = FieldType::Value(MachineType::I32);
/// Arrays of more elements are made by the builtin: it clears them faster.
pub(super) const INLINE_LENGTH_MAX: u32 = 64;

impl<B: Backend> Translator<'_, '_, '_, B> {
    /// A new struct of so many bytes, with its type and nothing else: its fields have to be written before the next call.
    pub(super) fn new_struct(&mut self, type_index: u32, bytes: u32) -> B::Value {
        let slow = self.backend.block(&[], false);
        let done = self.backend.block(&[MachineType::Object], false);
        self.backend.mark_cold(slow);
        let size = self.i64(bytes.into());
        let object = self.bump(Header::Type(type_index), size, slow);
        self.backend.jump(one(done, object));
        self.backend.enter_block(slow);
        let object = self.zeroed_struct(type_index, bytes);
        self.backend.jump(one(done, object));
        self.continue_with(done)
    }

    /// A new continuation that names none: its place has to be written before it is used.
    pub(crate) fn new_continuation(&mut self) -> B::Value {
        let slow = self.backend.block(&[], false);
        let done = self.backend.block(&[MachineType::Object], false);
        self.backend.mark_cold(slow);
        let header = Header::Continuation;
        let size = self.i64(CONTINUATION_BYTES.into());
        let object = self.bump(header, size, slow);
        let copy = self.backend.duplicate(&object);
        let none = self.backend.constant(MachineType::I32, 0);
        self.header_set(copy, CONTINUATION_PLACE, none);
        self.backend.jump(one(done, object));
        self.backend.enter_block(slow);
        let id = self.header_id(header);
        let id = self.widen(IndexType::I32, id);
        let size = self.i64(CONTINUATION_BYTES.into());
        let object = self.builtin_value(Builtin::ObjectNew, vec![id, size]);
        self.backend.jump(one(done, object));
        self.continue_with(done)
    }

    /// What a new object begins with.
    fn header_id(&mut self, header: Header) -> B::Value {
        match header {
            Header::Type(index) => self.type_id(index),
            Header::Continuation => self
                .backend
                .constant(MachineType::I32, type_id::CONTINUATION.into()),
        }
    }

    /// A new struct of so many bytes, all zero.
    pub(super) fn zeroed_struct(&mut self, type_index: u32, bytes: u32) -> B::Value {
        let id = self.type_id(type_index);
        let id = self.widen(IndexType::I32, id);
        let bytes = self.i64(bytes.into());
        self.builtin_value(Builtin::ObjectNew, vec![id, bytes])
    }

    /// A new array of a length that is an operand. Its elements are zero, or where `cleared` is not asked for have to be
    /// written before the next call.
    pub(super) fn new_array(
        &mut self,
        type_index: u32,
        layout: ArrayLayout,
        length: &B::Value,
        cleared: bool,
    ) -> B::Value {
        let slow = self.backend.block(&[], false);
        let done = self.backend.block(&[MachineType::Object], false);
        self.backend.mark_cold(slow);
        self.branch_if_long(length, slow);
        let bytes = self.array_bytes(layout, length);
        let copy = self.backend.duplicate(&bytes);
        let object = self.bump(Header::Type(type_index), copy, slow);
        self.write_length(&object, length);
        if cleared {
            self.clear(&object, bytes);
        } else {
            self.backend.discard(bytes);
        }
        self.backend.jump(one(done, object));
        self.backend.enter_block(slow);
        let object = self.zeroed_array(type_index, length);
        self.backend.jump(one(done, object));
        self.continue_with(done)
    }

    /// A new array of that many elements, which have to be written before the next call.
    pub(super) fn new_array_of(
        &mut self,
        type_index: u32,
        layout: ArrayLayout,
        length: u32,
    ) -> B::Value {
        let slow = self.backend.block(&[], false);
        let done = self.backend.block(&[MachineType::Object], false);
        self.backend.mark_cold(slow);
        let count = self.backend.constant(MachineType::I32, length.into());
        let bytes = self.i64(layout.bytes(length));
        let object = self.bump(Header::Type(type_index), bytes, slow);
        self.write_length(&object, &count);
        self.backend.jump(one(done, object));
        self.backend.enter_block(slow);
        let object = self.zeroed_array(type_index, &count);
        self.backend.discard(count);
        self.backend.jump(one(done, object));
        self.continue_with(done)
    }

    fn zeroed_array(&mut self, type_index: u32, length: &B::Value) -> B::Value {
        let id = self.type_id(type_index);
        let id = self.widen(IndexType::I32, id);
        let copy = self.backend.duplicate(length);
        let length = self.widen(IndexType::I32, copy);
        self.builtin_value(Builtin::ArrayNew, vec![id, length])
    }

    fn write_length(&mut self, object: &B::Value, length: &B::Value) {
        let copies = (
            self.backend.duplicate(object),
            self.backend.duplicate(length),
        );
        self.header_set(copies.0, object::ARRAY_LENGTH, copies.1);
    }

    /// Makes everything of a new array zero, but its header.
    fn clear(&mut self, object: &B::Value, bytes: B::Value) {
        let copy = self.backend.duplicate(object);
        let start = self.heap_address(copy);
        let copy = self.backend.duplicate(&start);
        let end = self.backend.pointer_add(copy, bytes);
        let header = self.i64(ALIGNMENT.into());
        let start = self.backend.pointer_add(start, header);
        self.for_each(start, end, ALIGNMENT, |this, place| {
            let zero = this.i64(0);
            let field = super::place::object_field(0, FieldType::Value(MachineType::I64), None);
            this.backend.field_set(place, field, zero);
        });
    }

    /// Does something with each address from `start` on, `step` bytes apart, that is below `end`. No call may be in it.
    pub(super) fn for_each(
        &mut self,
        start: B::Value,
        end: B::Value,
        step: u32,
        mut each: impl FnMut(&mut Self, B::Value),
    ) {
        let head = self.backend.block(&[MachineType::I64], true);
        let body = self.backend.block(&[], false);
        let done = self.backend.block(&[], false);
        self.backend.jump(one(head, start));
        let at = self.backend.enter_block(head).pop();
        let at = at.expect("the block was made with one parameter");
        let copy = self.backend.duplicate(&at);
        let more = self
            .backend
            .int_compare(IntCompare::LtU, IntType::I64, copy, end);
        self.backend.branch(more, plain(body), plain(done));
        self.backend.seal(body);
        self.backend.enter_block(body);
        let copy = self.backend.duplicate(&at);
        each(self, copy);
        let step = self.i64(step.into());
        let next = self.backend.pointer_add(at, step);
        self.backend.jump(one(head, next));
        self.backend.seal(head);
        self.backend.seal(done);
        self.backend.enter_block(done);
    }

    fn branch_if_long(&mut self, length: &B::Value, slow: B::Block) {
        let short = self.backend.block(&[], false);
        let copy = self.backend.duplicate(length);
        let max = self
            .backend
            .constant(MachineType::I32, INLINE_LENGTH_MAX.into());
        let long = self
            .backend
            .int_compare(IntCompare::GtU, IntType::I32, copy, max);
        self.backend.branch(long, plain(slow), plain(short));
        self.backend.seal(short);
        self.backend.enter_block(short);
    }

    /// Bytes of an array with a length of which it is known that they are not many.
    fn array_bytes(&mut self, layout: ArrayLayout, length: &B::Value) -> B::Value {
        let copy = self.backend.duplicate(length);
        let length = self.widen(IndexType::I32, copy);
        let shift = self.i64(layout.element_shift.into());
        let mut bytes = self
            .backend
            .int_binary(IntBinary::Shl, IntType::I64, length, shift);
        let round = layout.element_shift < ALIGNMENT.trailing_zeros();
        let more = layout.elements + if round { ALIGNMENT - 1 } else { 0 };
        let more = self.i64(more.into());
        bytes = self
            .backend
            .int_binary(IntBinary::Add, IntType::I64, bytes, more);
        if round {
            let mask = self.i64(!u64::from(ALIGNMENT - 1));
            bytes = self
                .backend
                .int_binary(IntBinary::And, IntType::I64, bytes, mask);
        }
        bytes
    }

    /// Takes so many bytes (`i64`) of the nursery, for an object with that header; goes to `slow`, which it seals, where there are
    /// too few.
    fn bump(&mut self, header: Header, bytes: B::Value, slow: B::Block) -> B::Value {
        let fast = self.backend.block(&[], false);
        let next = self.store_field_get(store::NURSERY_NEXT, WORD);
        let copy = self.backend.duplicate(&next);
        let wide = self.widen(IndexType::I32, copy);
        let end = self
            .backend
            .int_binary(IntBinary::Add, IntType::I64, wide, bytes);
        let limit = self.store_field_get(store::NURSERY_LIMIT, WORD);
        let limit = self.widen(IndexType::I32, limit);
        let copy = self.backend.duplicate(&end);
        let full = self
            .backend
            .int_compare(IntCompare::GtU, IntType::I64, copy, limit);
        self.backend.branch(full, plain(slow), plain(fast));
        self.backend.seal(slow);
        self.backend.seal(fast);
        self.backend.enter_block(fast);
        let end = self.narrow(IndexType::I32, end);
        self.store_field_set(store::NURSERY_NEXT, WORD, end);
        let object = self.backend.object(next);
        let id = self.header_id(header);
        let copy = self.backend.duplicate(&object);
        self.header_set(copy, object::TYPE, id);
        object
    }
}
