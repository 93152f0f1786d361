//! Arrays: making them, reading and writing their elements.

use silica_contract::{
    builtin::Builtin,
    object::{self, ALIGNMENT, ArrayLayout, storage_bytes},
    trap::TrapCode,
};
use silica_module::{IndexType, StorageType};
use silica_operator::{Convert, IntBinary, IntCompare, IntType, LaneShape, MachineType};
use wasmparser::Operator;

use super::place::{Place, is_object, object_field, stored_machine, unpacked};
use crate::{Backend, FieldType, TranslateError, function::Translator};

/// Arrays of more bytes than this, whose length is known and which begin as zero, are cleared in a loop.
const CLEARED_BYTES_MAX: u64 = 64;

impl<B: Backend> Translator<'_, '_, '_, B> {
    pub(crate) fn array_operator(&mut self, operator: &Operator<'_>) -> Result<(), TranslateError> {
        match *operator {
            Operator::ArrayNew { array_type_index } => self.array_new(array_type_index),
            Operator::ArrayNewDefault { array_type_index } => {
                self.array_new_default(array_type_index);
            }
            Operator::ArrayNewFixed {
                array_type_index,
                array_size,
            } => self.array_new_fixed(array_type_index, array_size),
            Operator::ArrayNewData {
                array_type_index,
                array_data_index,
            } => self.array_new_from(Builtin::ArrayNewData, array_type_index, array_data_index),
            Operator::ArrayNewElem {
                array_type_index,
                array_elem_index,
            } => self.array_new_from(Builtin::ArrayNewElem, array_type_index, array_elem_index),
            Operator::ArrayGet { array_type_index } | Operator::ArrayGetU { array_type_index } => {
                self.array_get(array_type_index, false);
            }
            Operator::ArrayGetS { array_type_index } => self.array_get(array_type_index, true),
            Operator::ArraySet { array_type_index } => self.array_set(array_type_index),
            _ => return self.array_bulk_operator(operator),
        }
        Ok(())
    }

    fn array_bulk_operator(&mut self, operator: &Operator<'_>) -> Result<(), TranslateError> {
        match *operator {
            Operator::ArrayLen => {
                let array = self.pop();
                let length = self.header_get(array, object::ARRAY_LENGTH, TrapCode::NullArray);
                self.push(MachineType::I32, length);
            }
            Operator::ArrayFill { array_type_index } => self.array_fill(array_type_index),
            Operator::ArrayCopy { .. } => self.array_copy(),
            Operator::ArrayInitData {
                array_data_index, ..
            } => self.array_init(Builtin::ArrayInitData, array_data_index),
            Operator::ArrayInitElem {
                array_elem_index, ..
            } => self.array_init(Builtin::ArrayInitElem, array_elem_index),
            _ => return self.cast_operator(operator),
        }
        Ok(())
    }

    // ---- making arrays ----

    fn array_new(&mut self, type_index: u32) {
        let storage = self.environment.array_element(type_index);
        let layout = ArrayLayout::new(storage);
        let length = self.pop();
        let value = self.pop();
        let value = self.stored(storage, value);
        let array = self.new_array(type_index, layout, &length, false);
        let copy = self.backend.duplicate(&array);
        let start = self.i32(layout.elements);
        let start = self
            .backend
            .int_binary(IntBinary::Add, IntType::I32, copy, start);
        // Nobody else knows it yet: no card is marked.
        self.fill(storage, start, length, value);
        self.push(MachineType::Object, array);
    }

    fn array_new_default(&mut self, type_index: u32) {
        let layout = ArrayLayout::new(self.environment.array_element(type_index));
        let length = self.pop();
        let known = self.backend.known_constant(&length);
        let known = known.and_then(|length| u32::try_from(length).ok());
        let array = match known.filter(|length| layout.bytes(*length) <= CLEARED_BYTES_MAX) {
            Some(length) => self.new_cleared_array(type_index, layout, length),
            None => self.new_array(type_index, layout, &length, true),
        };
        self.backend.discard(length);
        self.push(MachineType::Object, array);
    }

    /// A new array of a few zeros.
    fn new_cleared_array(&mut self, type_index: u32, layout: ArrayLayout, length: u32) -> B::Value {
        let array = self.new_array_of(type_index, layout, length);
        let bytes = layout.bytes(length) as u32;
        for offset in (ALIGNMENT..bytes).step_by(ALIGNMENT as usize) {
            let copy = self.backend.duplicate(&array);
            let address = self.heap_address(copy);
            let zero = self.i64(0);
            let word = object_field(offset, FieldType::Value(MachineType::I64), None);
            self.backend.field_set(address, word, zero);
        }
        array
    }

    fn array_new_fixed(&mut self, type_index: u32, count: u32) {
        let storage = self.environment.array_element(type_index);
        let layout = ArrayLayout::new(storage);
        let values = self.pop_many(count as usize);
        let stored: Vec<B::Value> = values
            .into_iter()
            .map(|value| self.stored(storage, value))
            .collect();
        let array = self.new_array_of(type_index, layout, count);
        for (index, value) in (0..).zip(stored) {
            let copy = self.backend.duplicate(&array);
            let place = Place {
                address: self.heap_address(copy),
                offset: layout.elements + (index << layout.element_shift),
                null: None,
            };
            self.write(place, storage, value);
        }
        self.push(MachineType::Object, array);
    }

    fn array_new_from(&mut self, builtin: Builtin, type_index: u32, segment: u32) {
        let (length, offset) = (self.pop(), self.pop());
        let length = self.widen(IndexType::I32, length);
        let offset = self.widen(IndexType::I32, offset);
        let id = self.type_id(type_index);
        let id = self.widen(IndexType::I32, id);
        let segment = self.i64(segment.into());
        let array = self.builtin_value(builtin, vec![id, segment, offset, length]);
        self.push(MachineType::Object, array);
    }

    // ---- elements ----

    /// The heap offset of an element whose index is checked here, computed in 32 bits so that it stays in the heap
    /// whatever the length says.
    fn array_element(
        &mut self,
        storage: StorageType,
        array: B::Value,
        index: B::Value,
    ) -> B::Value {
        let copies = (
            self.backend.duplicate(&array),
            self.backend.duplicate(&index),
        );
        let length = self.header_get(copies.0, object::ARRAY_LENGTH, TrapCode::NullArray);
        let outside = self
            .backend
            .int_compare(IntCompare::GeU, IntType::I32, copies.1, length);
        self.backend.trap_if(outside, TrapCode::ArrayOutOfBounds);
        self.element_offset(storage, array, index)
    }

    fn element_offset(
        &mut self,
        storage: StorageType,
        array: B::Value,
        index: B::Value,
    ) -> B::Value {
        let layout = ArrayLayout::new(storage);
        let shift = self.i32(layout.element_shift);
        let add = (IntBinary::Add, IntType::I32);
        let distance = self
            .backend
            .int_binary(IntBinary::Shl, IntType::I32, index, shift);
        let offset = self.backend.int_binary(add.0, add.1, array, distance);
        let elements = self.i32(layout.elements);
        self.backend.int_binary(add.0, add.1, offset, elements)
    }

    fn array_get(&mut self, type_index: u32, signed: bool) {
        let storage = self.environment.array_element(type_index);
        let (index, array) = (self.pop(), self.pop());
        let offset = self.array_element(storage, array, index);
        let place = self.element_place(offset);
        let value = self.read(place, storage, signed);
        self.push(unpacked(storage), value);
    }

    fn array_set(&mut self, type_index: u32) {
        let storage = self.environment.array_element(type_index);
        let (value, index, array) = (self.pop(), self.pop(), self.pop());
        let value = self.stored(storage, value);
        let offset = self.array_element(storage, array, index);
        if is_object(storage) {
            let copy = self.backend.duplicate(&offset);
            self.mark_card(copy);
        }
        let place = self.element_place(offset);
        self.write(place, storage, value);
    }

    /// The place of an element that exists, if the length was to be believed.
    fn element_place(&mut self, offset: B::Value) -> Place<B::Value> {
        Place {
            address: self.heap_address(offset),
            offset: 0,
            null: Some(TrapCode::HeapDamaged),
        }
    }

    // ---- many elements ----

    fn array_fill(&mut self, type_index: u32) {
        let storage = self.environment.array_element(type_index);
        let (length, value, index, array) = (self.pop(), self.pop(), self.pop(), self.pop());
        let value = self.stored(storage, value);
        let (low, high) = self.stored_bits(storage, value);
        let [array, index, length] =
            [array, index, length].map(|value| self.widen(IndexType::I32, value));
        self.builtin_effect(Builtin::ArrayFill, vec![array, index, length, low, high]);
    }

    /// The bits of a value as it lies in an object: the lowest 64, and those above.
    fn stored_bits(&mut self, storage: StorageType, value: B::Value) -> (B::Value, B::Value) {
        let low = match stored_machine(storage) {
            MachineType::I32 | MachineType::Object => self.widen(IndexType::I32, value),
            MachineType::I64 | MachineType::Reference => value,
            MachineType::F32 => {
                let to = Convert::ReinterpretToInt(IntType::I32);
                let bits = self.backend.convert(to, value);
                self.widen(IndexType::I32, bits)
            }
            MachineType::F64 => {
                let to = Convert::ReinterpretToInt(IntType::I64);
                self.backend.convert(to, value)
            }
            MachineType::V128 => {
                let copy = self.backend.duplicate(&value);
                let shape = LaneShape::I64x2;
                let low = self.backend.vector_extract_lane(shape, 0, false, copy);
                let high = self.backend.vector_extract_lane(shape, 1, false, value);
                return (low, high);
            }
        };
        (low, self.i64(0))
    }

    /// Addresses of the first element and behind the last.
    fn element_addresses(
        &mut self,
        bytes: u32,
        start: &B::Value,
        length: &B::Value,
    ) -> (B::Value, B::Value) {
        let copies = (
            self.backend.duplicate(start),
            self.backend.duplicate(length),
        );
        let start = self.heap_address(copies.0);
        let length = self.widen(IndexType::I32, copies.1);
        let shift = self.i64(bytes.trailing_zeros().into());
        let distance = self
            .backend
            .int_binary(IntBinary::Shl, IntType::I64, length, shift);
        let copy = self.backend.duplicate(&start);
        let end = self.backend.pointer_add(copy, distance);
        (start, end)
    }

    /// Writes a value, as it lies in an object, to so many elements from a heap offset on.
    fn fill(&mut self, storage: StorageType, start: B::Value, length: B::Value, value: B::Value) {
        let bytes = storage_bytes(storage);
        let (first, end) = self.element_addresses(bytes, &start, &length);
        self.backend.discard(start);
        self.backend.discard(length);
        self.for_each(first, end, bytes, |this, address| {
            let copy = this.backend.duplicate(&value);
            let place = Place {
                address,
                offset: 0,
                null: Some(TrapCode::HeapDamaged),
            };
            this.write(place, storage, copy);
        });
        self.backend.discard(value);
    }

    fn array_copy(&mut self) {
        let (length, source_index, source) = (self.pop(), self.pop(), self.pop());
        let (index, array) = (self.pop(), self.pop());
        let arguments = [array, index, source, source_index, length];
        let arguments = arguments.map(|value| self.widen(IndexType::I32, value));
        self.builtin_effect(Builtin::ArrayCopy, arguments.into());
    }

    fn array_init(&mut self, builtin: Builtin, segment: u32) {
        let (length, source_index, index) = (self.pop(), self.pop(), self.pop());
        let array = self.pop();
        let [array, index, source_index, length] =
            [array, index, source_index, length].map(|value| self.widen(IndexType::I32, value));
        let segment = self.i64(segment.into());
        let arguments = vec![array, segment, index, source_index, length];
        self.builtin_effect(builtin, arguments);
    }

    fn i32(&mut self, value: u32) -> B::Value {
        self.backend.constant(MachineType::I32, value.into())
    }
}
