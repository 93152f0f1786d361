//! Exceptions as the host makes them, looks into them, throws and catches them.

use std::ptr::NonNull;

use silica_contract::object::{EXCEPTION_TAG, StructLayout, storage_bytes};
use silica_module::{StorageType, ValueType};
use silica_operator::MachineType;

use super::{function::Function, object::Object, tag::Tag};
use crate::{error::RuntimeError, state::StoreState, value::Value};

impl StoreState {
    /// Makes an exception with a tag, which carries these values.
    ///
    /// # Errors
    /// [`RuntimeError::Type`] where the values are not of the tag's types; [`RuntimeError::OutOfMemory`],
    /// [`RuntimeError::Limiter`], [`RuntimeError::HeapDamaged`].
    ///
    /// # Panics
    /// If the tag or a value belongs to another store.
    pub fn new_exception(&mut self, tag: Tag, values: &[Value]) -> Result<Object, RuntimeError> {
        let registered = tag.ty(self);
        let types = &registered.function().params;
        let fit = values.len() == types.len()
            && std::iter::zip(values, types).all(|(value, ty)| value.matches(self, *ty));
        if !fit {
            return Err(RuntimeError::Type {
                what: "values of an exception",
                expected: format!("{types:?}"),
                found: format!("{values:?}"),
            });
        }
        let layout = StructLayout::exception(types);
        let state = self.state_mut();
        state.know_types();
        let exception = state.new_object(registered.id(), layout.bytes.into())?;
        self.write_field(exception, EXCEPTION_TAG, 4, tag.number.into())?;
        // What the values refer to is found where the collection has left it: they are roots.
        for ((value, ty), offset) in std::iter::zip(values, types).zip(&layout.offsets) {
            let bits = self.stored(*value);
            let bytes = storage_bytes(StorageType::Value(*ty));
            self.write_field(exception, *offset, bytes, bits)?;
        }
        Object::from_bits(exception, self).ok_or(RuntimeError::HeapDamaged)
    }

    /// A value as it lies in an object.
    fn stored(&mut self, value: Value) -> u128 {
        let bits = value.to_bits(self);
        match value {
            Value::Function(_) => {
                let function = bits as u64 as usize as *mut _;
                // SAFETY: it is null or a function of the store, as was checked.
                u128::from(unsafe { self.state_mut().function_number(function) })
            }
            Value::I32(_)
            | Value::I64(_)
            | Value::F32(_)
            | Value::F64(_)
            | Value::V128(_)
            | Value::Extern(_)
            | Value::Any(_)
            | Value::Exn(_)
            | Value::Continuation(_) => bits,
        }
    }

    fn write_field(
        &mut self,
        object: u32,
        offset: u32,
        bytes: u32,
        bits: u128,
    ) -> Result<(), RuntimeError> {
        let heap = self
            .state_mut()
            .heap()
            .map_err(|_| RuntimeError::HeapDamaged)?;
        let field = heap.objects().field_mut(object, offset, bytes);
        let field = field.map_err(|_| RuntimeError::HeapDamaged)?;
        field.copy_from_slice(&bits.to_le_bytes()[..bytes as usize]);
        Ok(())
    }

    fn read_field(&mut self, object: u32, offset: u32, bytes: u32) -> Result<u128, RuntimeError> {
        let heap = self
            .state_mut()
            .heap()
            .map_err(|_| RuntimeError::HeapDamaged)?;
        let field = heap.objects().field_mut(object, offset, bytes);
        let field = field.map_err(|_| RuntimeError::HeapDamaged)?;
        let mut bits = [0; 16];
        bits[..bytes as usize].copy_from_slice(field);
        Ok(u128::from_le_bytes(bits))
    }

    /// The tag of an exception.
    ///
    /// # Errors
    /// [`RuntimeError::HeapDamaged`].
    ///
    /// # Panics
    /// If it belongs to another store, or its scope has ended.
    pub fn exception_tag(&mut self, exception: Object) -> Result<Tag, RuntimeError> {
        let reference = exception.to_bits(self);
        let number = self.read_field(reference, EXCEPTION_TAG, 4)? as u32;
        if self.state().tags.get(number as usize).is_none() {
            return Err(RuntimeError::HeapDamaged);
        }
        Ok(Tag {
            store: self.id(),
            number,
        })
    }

    /// The values that an exception carries.
    ///
    /// # Errors
    /// [`RuntimeError::HeapDamaged`].
    ///
    /// # Panics
    /// If it belongs to another store, or its scope has ended.
    pub fn exception_values(&mut self, exception: Object) -> Result<Vec<Value>, RuntimeError> {
        let registered = self.exception_tag(exception)?.ty(self);
        let types = &registered.function().params;
        let layout = StructLayout::exception(types);
        let reference = exception.to_bits(self);
        let mut values = Vec::with_capacity(types.len());
        for (ty, offset) in std::iter::zip(types, &layout.offsets) {
            let bytes = storage_bytes(StorageType::Value(*ty));
            let bits = self.read_field(reference, *offset, bytes)?;
            values.push(self.loaded(*ty, bits)?);
        }
        Ok(values)
    }

    /// What lies in an object as a value of a type.
    fn loaded(&mut self, ty: ValueType, bits: u128) -> Result<Value, RuntimeError> {
        if ty.machine() != MachineType::Reference {
            // SAFETY: a field of the heap of this store that holds such a value; a reference to an object is
            // only ever followed by the heap, which looks at it first.
            return Ok(unsafe { Value::from_bits(bits, ty, self) });
        }
        let functions = &self.state().functions;
        let function = functions
            .get(bits as u32)
            .ok_or(RuntimeError::HeapDamaged)?;
        let id = self.id();
        // SAFETY: functions with numbers live as long as the store.
        let function =
            NonNull::new(function).map(|function| unsafe { Function::new(id, function) });
        let value = Value::Function(function);
        let fits = value.matches(self, ty);
        fits.then_some(value).ok_or(RuntimeError::HeapDamaged)
    }

    /// Whether an exception left a call, and was not taken.
    #[must_use]
    pub fn has_exception(&self) -> bool {
        self.state().exception != 0
    }

    /// Takes the exception that left a call.
    pub fn take_exception(&mut self) -> Option<Object> {
        let exception = std::mem::take(&mut self.state_mut().exception);
        Object::from_bits(exception, self)
    }

    /// Makes an exception the one that a host function throws when it returns
    /// [`ThrownException`](crate::ThrownException).
    ///
    /// # Panics
    /// If it belongs to another store, or its scope has ended.
    pub fn set_exception(&mut self, exception: Object) {
        let reference = exception.to_bits(self);
        self.state_mut().exception = reference;
    }
}
