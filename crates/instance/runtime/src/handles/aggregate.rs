//! Structs and arrays as the host makes them, and looks into them.

use silica_contract::object::{StructLayout, storage_bytes};
use silica_module::{CompositeType, FieldType, HeapType, StorageType, ValueType};

use super::Object;
use crate::{
    Value,
    error::RuntimeError,
    heap::{Array, is_object},
    state::StoreState,
    types::RegisteredType,
};

/// The fields of a struct type.
fn fields(ty: &RegisteredType) -> Result<&[FieldType], RuntimeError> {
    match &ty.sub_type().composite {
        CompositeType::Struct(ty) => Ok(&ty.fields),
        CompositeType::Function(_) | CompositeType::Array(_) | CompositeType::Continuation(_) => {
            Err(not_a("struct"))
        }
    }
}

/// The type of the elements of an array type.
fn element(ty: &RegisteredType) -> Result<&FieldType, RuntimeError> {
    match &ty.sub_type().composite {
        CompositeType::Array(ty) => Ok(&ty.element),
        CompositeType::Function(_) | CompositeType::Struct(_) | CompositeType::Continuation(_) => {
            Err(not_a("array"))
        }
    }
}

fn not_a(expected: &str) -> RuntimeError {
    RuntimeError::Type {
        what: "object",
        expected: expected.to_owned(),
        found: "an object of another kind".to_owned(),
    }
}

/// A field of a struct type, and its offset.
fn field_at(ty: &RegisteredType, index: usize) -> Result<(FieldType, u32), RuntimeError> {
    let fields = fields(ty)?;
    let field = fields.get(index);
    let field = *field.ok_or(RuntimeError::OutOfBounds("struct fields"))?;
    // What comes after a field does not move it.
    Ok((field, StructLayout::new(&fields[..=index]).offsets[index]))
}

/// The type of a storage's value outside of objects.
fn unpacked(storage: StorageType) -> ValueType {
    match storage {
        StorageType::I8 | StorageType::I16 => ValueType::I32,
        StorageType::Value(ty) => ty,
    }
}

impl StoreState {
    fn check_aggregate_type(&self, ty: &RegisteredType) {
        assert!(
            self.runtime().owns_type(ty),
            "the object's type belongs to another engine"
        );
    }

    fn check_storable(
        &self,
        what: &'static str,
        ty: &FieldType,
        value: &Value,
    ) -> Result<(), RuntimeError> {
        let expected = unpacked(ty.storage);
        if value.matches(self, expected) {
            return Ok(());
        }
        Err(RuntimeError::Type {
            what,
            expected: expected.to_string(),
            found: value.ty().to_string(),
        })
    }

    /// What lies in an object, as a value; what is packed is widened without a sign.
    fn unpack(&mut self, storage: StorageType, bits: u128) -> Result<Value, RuntimeError> {
        match storage {
            StorageType::I8 | StorageType::I16 => Ok(Value::I32((bits as u32).cast_signed())),
            StorageType::Value(ty) => self.loaded(ty, bits),
        }
    }

    /// An array of zeros.
    fn empty_array(
        &mut self,
        ty: &RegisteredType,
        length: u32,
    ) -> Result<(u32, Array), RuntimeError> {
        let state = self.state_mut();
        state.know_types();
        let reference = state.new_array(ty.id(), length)?;
        let array = state.heap()?.objects().array(reference)?;
        Ok((reference, array))
    }

    /// An element of an array, which has so many.
    fn load_element(
        &mut self,
        ty: &FieldType,
        array: Array,
        index: u32,
    ) -> Result<Value, RuntimeError> {
        let mut bits = [0; 16];
        let objects = self.state_mut().heap()?.objects();
        let place = objects.elements_mut(array, index, 1)?;
        bits[..place.len()].copy_from_slice(place);
        self.unpack(ty.storage, u128::from_le_bytes(bits))
    }
}

impl Object {
    /// A struct of a type, with these fields.
    ///
    /// # Errors
    /// [`RuntimeError::Type`] when the type is no struct type, or a field's value is missing or of another type;
    /// [`RuntimeError::OutOfMemory`], [`RuntimeError::Limiter`], [`RuntimeError::HeapDamaged`].
    ///
    /// # Panics
    /// If the type belongs to another runtime, or a value to another store.
    pub fn new_struct(
        store: &mut StoreState,
        ty: &RegisteredType,
        values: &[Value],
    ) -> Result<Object, RuntimeError> {
        store.check_aggregate_type(ty);
        let fields = fields(ty)?;
        if fields.len() != values.len() {
            return Err(RuntimeError::Type {
                what: "struct",
                expected: format!("{} fields", fields.len()),
                found: values.len().to_string(),
            });
        }
        for (field, value) in fields.iter().zip(values) {
            store.check_storable("field", field, value)?;
        }
        let layout = StructLayout::new(fields);
        let state = store.state_mut();
        state.know_types();
        let reference = state.new_object(ty.id(), u64::from(layout.bytes))?;
        // The heap keeps the types of which it has looked at an object; this one may have no fields.
        store.write_field(reference, 0, 0, 0)?;
        for ((field, value), offset) in fields.iter().zip(values).zip(&layout.offsets) {
            let bits = store.stored(*value);
            let bytes = storage_bytes(field.storage);
            store.write_field(reference, *offset, bytes, bits)?;
        }
        Ok(Object::rooted(reference, store))
    }

    /// An array of a type, all of its elements `value`.
    ///
    /// # Errors
    /// As [`Object::new_struct`].
    ///
    /// # Panics
    /// As [`Object::new_struct`].
    pub fn new_array(
        store: &mut StoreState,
        ty: &RegisteredType,
        value: Value,
        length: u32,
    ) -> Result<Object, RuntimeError> {
        store.check_aggregate_type(ty);
        store.check_storable("element", element(ty)?, &value)?;
        let (reference, array) = store.empty_array(ty, length)?;
        let bits = store.stored(value);
        let objects = store.state_mut().heap()?.objects();
        objects.fill(array, 0, length, bits)?;
        Ok(Object::rooted(reference, store))
    }

    /// An array of a type, with these elements.
    ///
    /// # Errors
    /// As [`Object::new_struct`].
    ///
    /// # Panics
    /// As [`Object::new_struct`].
    pub fn new_array_of(
        store: &mut StoreState,
        ty: &RegisteredType,
        values: &[Value],
    ) -> Result<Object, RuntimeError> {
        store.check_aggregate_type(ty);
        let element = element(ty)?;
        for value in values {
            store.check_storable("element", element, value)?;
        }
        let length = u32::try_from(values.len());
        let length = length.map_err(|_| RuntimeError::OutOfMemory("an array"))?;
        let (reference, array) = store.empty_array(ty, length)?;
        for (index, value) in (0..).zip(values) {
            let bits = store.stored(*value);
            let objects = store.state_mut().heap()?.objects();
            objects.fill(array, index, 1, bits)?;
        }
        Ok(Object::rooted(reference, store))
    }

    /// The type that a struct or an array was made with; `None` for what is neither.
    ///
    /// # Errors
    /// [`RuntimeError::Unrooted`]; [`RuntimeError::HeapDamaged`].
    ///
    /// # Panics
    /// If it belongs to another store.
    pub fn aggregate_type(
        &self,
        store: &StoreState,
    ) -> Result<Option<RegisteredType>, RuntimeError> {
        match self.heap_type(store)? {
            HeapType::Concrete { index, .. } => {
                let ty = store.runtime().types().get(index);
                ty.map(Some).ok_or(RuntimeError::HeapDamaged)
            }
            HeapType::Any
            | HeapType::Eq
            | HeapType::I31
            | HeapType::Struct
            | HeapType::Array
            | HeapType::None
            | HeapType::Func
            | HeapType::NoFunc
            | HeapType::Extern
            | HeapType::NoExtern
            | HeapType::Exn
            | HeapType::NoExn
            | HeapType::Cont
            | HeapType::NoCont => Ok(None),
        }
    }

    /// Field `index` of a struct; what is packed is widened without a sign.
    ///
    /// # Errors
    /// [`RuntimeError::OutOfBounds`]; [`RuntimeError::Type`] when it is no struct; [`RuntimeError::Unrooted`],
    /// [`RuntimeError::HeapDamaged`].
    ///
    /// # Panics
    /// If it belongs to another store.
    pub fn field(&self, store: &mut StoreState, index: usize) -> Result<Value, RuntimeError> {
        let ty = self.aggregate_type(store)?.ok_or_else(|| not_a("struct"))?;
        let (field, offset) = field_at(&ty, index)?;
        let reference = self.to_bits(store);
        let bits = store.read_field(reference, offset, storage_bytes(field.storage))?;
        store.unpack(field.storage, bits)
    }

    /// Sets field `index` of a struct.
    ///
    /// # Errors
    /// As [`Object::field`]; [`RuntimeError::Immutable`]; [`RuntimeError::Type`] when the value is of another type.
    ///
    /// # Panics
    /// If it or the value belongs to another store.
    pub fn set_field(
        &self,
        store: &mut StoreState,
        index: usize,
        value: Value,
    ) -> Result<(), RuntimeError> {
        let ty = self.aggregate_type(store)?.ok_or_else(|| not_a("struct"))?;
        let (field, offset) = field_at(&ty, index)?;
        if !field.mutable {
            return Err(RuntimeError::Immutable("the field"));
        }
        store.check_storable("field", &field, &value)?;
        let bits = store.stored(value);
        let reference = self.to_bits(store);
        if is_object(unpacked(field.storage)) {
            store.state_mut().heap()?.objects().mark_object(reference);
        }
        store.write_field(reference, offset, storage_bytes(field.storage), bits)
    }

    fn array(&self, store: &mut StoreState) -> Result<(FieldType, Array), RuntimeError> {
        let ty = self.aggregate_type(store)?.ok_or_else(|| not_a("array"))?;
        let element = *element(&ty)?;
        let reference = self.to_bits(store);
        let array = store.state_mut().heap()?.objects().array(reference)?;
        Ok((element, array))
    }

    /// How many elements an array has.
    ///
    /// # Errors
    /// [`RuntimeError::Type`] when it is no array; [`RuntimeError::Unrooted`], [`RuntimeError::HeapDamaged`].
    ///
    /// # Panics
    /// If it belongs to another store.
    pub fn array_length(&self, store: &mut StoreState) -> Result<u32, RuntimeError> {
        Ok(self.array(store)?.1.length())
    }

    fn element_at(
        &self,
        store: &mut StoreState,
        index: u32,
    ) -> Result<(FieldType, Array), RuntimeError> {
        let (element, array) = self.array(store)?;
        if index >= array.length() {
            return Err(RuntimeError::OutOfBounds("array elements"));
        }
        Ok((element, array))
    }

    /// Element `index` of an array; what is packed is widened without a sign.
    ///
    /// # Errors
    /// [`RuntimeError::OutOfBounds`]; else as [`Object::array_length`].
    ///
    /// # Panics
    /// If it belongs to another store.
    pub fn element(&self, store: &mut StoreState, index: u32) -> Result<Value, RuntimeError> {
        let (element, array) = self.element_at(store, index)?;
        store.load_element(&element, array, index)
    }

    /// The elements of an array, in order. Each is read when it is asked for.
    ///
    /// # Errors
    /// As [`Object::array_length`].
    ///
    /// # Panics
    /// If it belongs to another store.
    pub fn elements<'a>(
        &self,
        store: &'a mut StoreState,
    ) -> Result<impl ExactSizeIterator<Item = Value> + use<'a>, RuntimeError> {
        let (element, array) = self.array(store)?;
        let functions = matches!(element.storage, StorageType::Value(ValueType::Ref(_)))
            && !is_object(unpacked(element.storage));
        if functions {
            for index in 0..array.length() {
                store.load_element(&element, array, index)?;
            }
        }
        Ok((0..array.length()).map(move |index| {
            let value = store.load_element(&element, array, index);
            value.expect("the array is there, and numbers of functions were looked at above")
        }))
    }

    /// Sets element `index` of an array.
    ///
    /// # Errors
    /// As [`Object::element`]; [`RuntimeError::Immutable`]; [`RuntimeError::Type`] when the value is of another type.
    ///
    /// # Panics
    /// If it or the value belongs to another store.
    pub fn set_element(
        &self,
        store: &mut StoreState,
        index: u32,
        value: Value,
    ) -> Result<(), RuntimeError> {
        let (element, array) = self.element_at(store, index)?;
        if !element.mutable {
            return Err(RuntimeError::Immutable("the element"));
        }
        store.check_storable("element", &element, &value)?;
        let bits = store.stored(value);
        let objects = store.state_mut().heap()?.objects();
        Ok(objects.fill(array, index, 1, bits)?)
    }
}
