//! What an exception is made of: an object with its tag's number and the values that it carries.
//!
//! The number is unique in the store. Exceptions are made by a builtin, always: they are rare, and large beside what they carry.

use silica_contract::{
    builtin::Builtin,
    object::{EXCEPTION_TAG, StructLayout},
    trap::TrapCode,
};
use silica_module::{IndexType, StorageType};
use silica_operator::MachineType;

use super::place::Place;
use crate::{Backend, FieldKind, FieldType, function::Translator, memory::context_field};

impl<B: Backend> Translator<'_, '_, '_, B> {
    /// Makes an exception with this tag of the values on top of the operands.
    pub(crate) fn new_exception(&mut self, tag: u32) -> B::Value {
        let types = &self.environment.tag_type(tag).params;
        let layout = StructLayout::exception(types);
        let values = self.pop_many(types.len());
        let values: Vec<B::Value> = std::iter::zip(types, values)
            .map(|(ty, value)| self.stored(StorageType::Value(*ty), value))
            .collect();
        let id = self.type_id(self.environment.module.tags[tag as usize].function);
        let id = self.widen(IndexType::I32, id);
        let bytes = self.i64(layout.bytes.into());
        let exception = self.builtin_value(Builtin::ObjectNew, vec![id, bytes]);
        let number = self.tag_number(tag);
        let copy = self.backend.duplicate(&exception);
        self.header_set(copy, EXCEPTION_TAG, number);
        for ((ty, value), offset) in std::iter::zip(types, values).zip(&layout.offsets) {
            let place = self.exception_place(&exception, *offset);
            self.write(place, StorageType::Value(*ty), value);
        }
        exception
    }

    /// The values that an exception with this tag carries.
    pub(crate) fn exception_values(&mut self, exception: &B::Value, tag: u32) -> Vec<B::Value> {
        let types = &self.environment.tag_type(tag).params;
        let layout = StructLayout::exception(types);
        std::iter::zip(types, &layout.offsets)
            .map(|(ty, offset)| {
                let place = self.exception_place(exception, *offset);
                self.read(place, StorageType::Value(*ty), false)
            })
            .collect()
    }

    /// The number of an exception's tag.
    pub(crate) fn exception_tag(&mut self, exception: &B::Value) -> B::Value {
        let copy = self.backend.duplicate(exception);
        self.header_get(copy, EXCEPTION_TAG, TrapCode::HeapDamaged)
    }

    /// The number that a tag of the module has in the store.
    pub(crate) fn tag_number(&mut self, tag: u32) -> B::Value {
        let place = self.environment.layout.tag(tag);
        let ty = FieldType::Value(MachineType::I32);
        let context = self.backend.context();
        self.backend
            .field_get(context, context_field(place, ty, FieldKind::Constant))
    }

    /// A place in an exception, which is not null.
    fn exception_place(&mut self, exception: &B::Value, offset: u32) -> Place<B::Value> {
        let copy = self.backend.duplicate(exception);
        Place {
            address: self.heap_address(copy),
            offset,
            null: Some(TrapCode::HeapDamaged),
        }
    }
}
