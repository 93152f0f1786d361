//! What an exception is made of: an object with its tag's number and the values that it carries.
//!
//! The number is unique in the store. Exceptions are made by a builtin, always: they are rare, and large beside what they carry.

use silica_contract::{
    builtin::Builtin,
    layout::{header, store},
    object::{EXCEPTION_TAG, StructLayout},
    trap::TrapCode,
};
use silica_module::{IndexType, ValueType};
use silica_operator::{IntBinary, IntCompare, IntType, MachineType};

use crate::{
    Backend, Field, FieldKind, FieldType, Region,
    function::Translator,
    memory::{POINTER, context_field},
};

/// A field of an exception, which is not null. It is never said to be constant: another object may come to lie there.
const fn field(offset: u32, ty: MachineType) -> Field {
    Field {
        offset,
        ty: FieldType::Value(ty),
        kind: FieldKind::Mutable,
        region: Region::Object,
        trap: None,
    }
}

impl<B: Backend> Translator<'_, '_, B> {
    /// Makes an exception with this tag of the values on top of the operands.
    pub(crate) fn new_exception(&mut self, tag: u32) -> B::Value {
        let types = &self.environment.tag_type(tag).params;
        let layout = StructLayout::exception(types);
        let values = self.pop_many(types.len());
        let values: Vec<B::Value> = std::iter::zip(types, values)
            .map(|(ty, value)| self.stored(*ty, value))
            .collect();
        let type_index = self.environment.module.tags[tag as usize].function;
        let id = self.context_number(self.environment.layout.type_id(type_index));
        let id = self.widen(IndexType::I32, id);
        let bytes = self.i64(layout.bytes.into());
        let exception = self.builtin_value(Builtin::ObjectNew, vec![id, bytes]);
        let number = self.tag_number(tag);
        let address = self.exception_address(&exception);
        let place = field(EXCEPTION_TAG, MachineType::I32);
        self.backend.field_set(address, place, number);
        for ((ty, value), offset) in std::iter::zip(types, values).zip(&layout.offsets) {
            let address = self.exception_address(&exception);
            let place = field(*offset, stored_type(*ty));
            self.backend.field_set(address, place, value);
        }
        exception
    }

    /// The values that an exception with this tag carries.
    pub(crate) fn exception_values(&mut self, exception: &B::Value, tag: u32) -> Vec<B::Value> {
        let types = &self.environment.tag_type(tag).params;
        let layout = StructLayout::exception(types);
        std::iter::zip(types, &layout.offsets)
            .map(|(ty, offset)| {
                let address = self.exception_address(exception);
                let place = field(*offset, stored_type(*ty));
                let value = self.backend.field_get(address, place);
                self.loaded(*ty, value)
            })
            .collect()
    }

    /// The number of an exception's tag.
    pub(crate) fn exception_tag(&mut self, exception: &B::Value) -> B::Value {
        let address = self.exception_address(exception);
        let place = field(EXCEPTION_TAG, MachineType::I32);
        self.backend.field_get(address, place)
    }

    /// The number that a tag of the module has in the store.
    pub(crate) fn tag_number(&mut self, tag: u32) -> B::Value {
        self.context_number(self.environment.layout.tag(tag))
    }

    /// A constant number of 32 bits in the context.
    fn context_number(&mut self, offset: u32) -> B::Value {
        let ty = FieldType::Value(MachineType::I32);
        let context = self.backend.context();
        self.backend
            .field_get(context, context_field(offset, ty, FieldKind::Constant))
    }

    /// Where an exception is, until the next call.
    fn exception_address(&mut self, exception: &B::Value) -> B::Value {
        let copy = self.backend.duplicate(exception);
        let offset = self.widen(IndexType::I32, copy);
        let context = self.backend.context();
        let heap = context_field(header::HEAP, POINTER, FieldKind::Constant);
        let base = self.backend.field_get(context, heap);
        self.backend.pointer_add(base, offset)
    }

    /// What lies in an object as a value. A number that no function has is never followed.
    fn loaded(&mut self, ty: ValueType, value: B::Value) -> B::Value {
        match ty.machine() {
            MachineType::Reference => self.function_of_number(value),
            MachineType::I32
            | MachineType::I64
            | MachineType::F32
            | MachineType::F64
            | MachineType::V128
            | MachineType::Object => value,
        }
    }

    fn function_of_number(&mut self, number: B::Value) -> B::Value {
        let number = self.widen(IndexType::I32, number);
        let field = |offset, ty, kind| context_field(offset, ty, kind);
        let store = field(header::STORE, POINTER, FieldKind::Constant);
        let length = field(
            store::FUNCTIONS_LENGTH,
            FieldType::Value(MachineType::I64),
            FieldKind::Mutable,
        );
        let functions = field(store::FUNCTIONS, POINTER, FieldKind::Mutable);
        let context = self.backend.context();
        let fields = self.backend.field_get(context, store);
        let copy = self.backend.duplicate(&fields);
        let length = self.backend.field_get(copy, length);
        let copy = self.backend.duplicate(&number);
        let beyond = self
            .backend
            .int_compare(IntCompare::GeU, IntType::I64, copy, length);
        self.backend.trap_if(beyond, TrapCode::HeapDamaged);
        let functions = self.backend.field_get(fields, functions);
        let shift = self.i64(3);
        let distance = self
            .backend
            .int_binary(IntBinary::Shl, IntType::I64, number, shift);
        let place = self.backend.pointer_add(functions, distance);
        let reference = field(
            0,
            FieldType::Value(MachineType::Reference),
            FieldKind::Mutable,
        );
        self.backend.field_get(place, reference)
    }

    /// A value as it lies in an object.
    fn stored(&mut self, ty: ValueType, value: B::Value) -> B::Value {
        match ty.machine() {
            MachineType::Reference => {
                let number = self.builtin_value(Builtin::FunctionNumber, vec![value]);
                self.narrow(IndexType::I32, number)
            }
            MachineType::I32
            | MachineType::I64
            | MachineType::F32
            | MachineType::F64
            | MachineType::V128
            | MachineType::Object => value,
        }
    }
}

/// How a value lies in an object: a function by its number.
const fn stored_type(ty: ValueType) -> MachineType {
    match ty.machine() {
        MachineType::Reference => MachineType::I32,
        machine => machine,
    }
}
