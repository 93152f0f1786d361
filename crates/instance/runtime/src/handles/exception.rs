//! Exceptions as the host makes them, looks into them, throws and catches them.

use silica_contract::object::{EXCEPTION_TAG, StructLayout, storage_bytes};
use silica_module::StorageType;

use super::{object::Object, tag::Tag};
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
