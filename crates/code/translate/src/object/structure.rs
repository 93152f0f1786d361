//! Structs: making them, reading and writing their fields.

use silica_contract::{object::storage_bytes, trap::TrapCode};
use silica_module::StorageType;
use silica_operator::MachineType;
use wasmparser::Operator;

use super::place::{Place, is_object, unpacked};
use crate::{Backend, TranslateError, function::Translator};

/// Larger structs that begin as zero are made by the builtin: code for each field would be out of proportion.
const INLINE_BYTES_MAX: u32 = 128;

impl<B: Backend> Translator<'_, '_, '_, B> {
    pub(crate) fn struct_operator(
        &mut self,
        operator: &Operator<'_>,
    ) -> Result<(), TranslateError> {
        match *operator {
            Operator::StructNew { struct_type_index } => self.struct_new(struct_type_index),
            Operator::StructNewDefault { struct_type_index } => {
                self.struct_new_default(struct_type_index);
            }
            Operator::StructGet {
                struct_type_index,
                field_index,
            }
            | Operator::StructGetU {
                struct_type_index,
                field_index,
            } => self.struct_get(struct_type_index, field_index, false),
            Operator::StructGetS {
                struct_type_index,
                field_index,
            } => self.struct_get(struct_type_index, field_index, true),
            Operator::StructSet {
                struct_type_index,
                field_index,
            } => self.struct_set(struct_type_index, field_index),
            _ => return self.array_operator(operator),
        }
        Ok(())
    }

    fn struct_new(&mut self, type_index: u32) {
        let fields = self.environment.struct_fields(type_index);
        let values = self.pop_many(fields.len());
        let stored: Vec<B::Value> = std::iter::zip(fields, values)
            .map(|(field, value)| self.stored(field.storage, value))
            .collect();
        self.struct_with(type_index, stored);
    }

    fn struct_new_default(&mut self, type_index: u32) {
        let bytes = self.environment.struct_layout(type_index).bytes;
        if bytes > INLINE_BYTES_MAX {
            let object = self.zeroed_struct(type_index, bytes);
            self.push(MachineType::Object, object);
            return;
        }
        let fields = self.environment.struct_fields(type_index);
        let stored = fields.iter().map(|field| self.stored_zero(field.storage));
        let stored = stored.collect();
        self.struct_with(type_index, stored);
    }

    /// Makes a struct of values as they lie in it. Nobody else knows it yet: no card is marked.
    fn struct_with(&mut self, type_index: u32, stored: Vec<B::Value>) {
        let environment = self.environment;
        let fields = environment.struct_fields(type_index);
        let layout = environment.struct_layout(type_index);
        let object = self.new_struct(type_index, layout.bytes);
        for (index, (field, value)) in std::iter::zip(fields, stored).enumerate() {
            let copy = self.backend.duplicate(&object);
            let place = Place {
                address: self.heap_address(copy),
                offset: layout.offsets[index],
                null: None,
            };
            self.write(place, field.storage, value);
        }
        self.push(MachineType::Object, object);
    }

    /// The storage of a field, and its offset.
    fn struct_field(&self, type_index: u32, field: u32) -> (StorageType, u32) {
        let index = field as usize;
        (
            self.environment.struct_fields(type_index)[index].storage,
            self.environment.struct_layout(type_index).offsets[index],
        )
    }

    fn struct_get(&mut self, type_index: u32, field: u32, signed: bool) {
        let (storage, offset) = self.struct_field(type_index, field);
        let object = self.pop();
        let place = self.place(
            object,
            offset,
            storage_bytes(storage),
            TrapCode::NullStructure,
        );
        let value = self.read(place, storage, signed);
        self.push(unpacked(storage), value);
    }

    fn struct_set(&mut self, type_index: u32, field: u32) {
        let (storage, offset) = self.struct_field(type_index, field);
        let value = self.pop();
        let object = self.pop();
        let value = self.stored(storage, value);
        if is_object(storage) {
            let copy = self.backend.duplicate(&object);
            self.mark_card(copy);
        }
        let place = self.place(
            object,
            offset,
            storage_bytes(storage),
            TrapCode::NullStructure,
        );
        self.write(place, storage, value);
    }
}
