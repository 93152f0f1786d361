//! Structs and arrays, as an embedder makes them and looks into them.

use silica_runtime as rt;

use crate::{
    AnyRef, ArrayType, AsContext, AsContextMut, EngineError, Error, HeapType, I31, Result, Rooted,
    StoreContextMut, StructType, Val, host_error::from_runtime,
};

/// An object that `ref.eq` can compare: a struct, an array or an `i31`. What is handed around is a [`Rooted<EqRef>`].
#[derive(Debug)]
pub struct EqRef(());

/// A struct of WebAssembly's. What is handed around is a [`Rooted<StructRef>`].
///
/// ```
/// use silica_engine::{Engine, FieldType, Mutability, Store, StructRef, StructRefPre, StructType, Val, ValType};
/// # fn main() -> silica_engine::Result<()> {
/// let mut store = Store::new(&Engine::default(), ());
/// let field = FieldType::new(Mutability::Var, ValType::I32.into());
/// let ty = StructType::new(store.engine(), [field])?;
/// let pre = StructRefPre::new(&mut store, ty);
/// let object = StructRef::new(&mut store, &pre, &[Val::I32(7)])?;
/// object.set_field(&mut store, 0, Val::I32(8))?;
/// assert_eq!(object.field(&mut store, 0)?.i32(), Some(8));
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct StructRef(());

/// An array of WebAssembly's. What is handed around is a [`Rooted<ArrayRef>`].
///
/// ```
/// use silica_engine::{ArrayRef, ArrayRefPre, ArrayType, Engine, FieldType, Mutability, StorageType, Store, Val};
/// # fn main() -> silica_engine::Result<()> {
/// let mut store = Store::new(&Engine::default(), ());
/// let ty = ArrayType::new(store.engine(), FieldType::new(Mutability::Var, StorageType::I8));
/// let pre = ArrayRefPre::new(&mut store, ty);
/// let array = ArrayRef::new(&mut store, &pre, &Val::I32(0x1ff), 3)?;
/// assert_eq!(array.len(&mut store)?, 3);
/// assert_eq!(array.get(&mut store, 2)?.i32(), Some(0xff));
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct ArrayRef(());

/// What structs of one type are made with.
#[derive(Clone, Debug)]
pub struct StructRefPre {
    ty: StructType,
}

impl StructRefPre {
    /// To make structs of type `ty`.
    ///
    /// # Panics
    /// If the type belongs to another engine.
    pub fn new(store: impl AsContextMut, ty: StructType) -> StructRefPre {
        check_engine(store, ty.registered());
        StructRefPre { ty }
    }
}

/// What arrays of one type are made with.
#[derive(Clone, Debug)]
pub struct ArrayRefPre {
    ty: ArrayType,
}

impl ArrayRefPre {
    /// To make arrays of type `ty`.
    ///
    /// # Panics
    /// If the type belongs to another engine.
    pub fn new(store: impl AsContextMut, ty: ArrayType) -> ArrayRefPre {
        check_engine(store, ty.registered());
        ArrayRefPre { ty }
    }
}

fn check_engine(store: impl AsContextMut, ty: &rt::RegisteredType) {
    assert!(
        store.as_context().raw.runtime().owns_type(ty),
        "the type belongs to another engine"
    );
}

impl StructRef {
    /// A struct with these fields.
    ///
    /// # Errors
    /// If there are more or fewer fields than the type has, or one is of another type; if the store's heap has no room.
    ///
    /// # Panics
    /// If the type belongs to another engine, or a field to another store.
    pub fn new(
        mut store: impl AsContextMut,
        pre: &StructRefPre,
        fields: &[Val],
    ) -> Result<Rooted<StructRef>> {
        let raw: Vec<rt::Value> = fields.iter().map(|v| v.to_raw()).collect();
        let store = &mut store.as_context_mut().raw;
        let made = rt::Object::new_struct(store, pre.ty.registered(), &raw);
        Ok(Rooted::from_raw(made.map_err(from_runtime)?))
    }
}

impl ArrayRef {
    /// An array of `len` elements that are `element`.
    ///
    /// # Errors
    /// If `element` is of another type than the elements, or the store's heap has no room.
    ///
    /// # Panics
    /// If the type belongs to another engine, or `element` to another store.
    pub fn new(
        mut store: impl AsContextMut,
        pre: &ArrayRefPre,
        element: &Val,
        len: u32,
    ) -> Result<Rooted<ArrayRef>> {
        let store = &mut store.as_context_mut().raw;
        let made = rt::Object::new_array(store, pre.ty.registered(), element.to_raw(), len);
        Ok(Rooted::from_raw(made.map_err(from_runtime)?))
    }

    /// An array of these elements.
    ///
    /// # Errors
    /// If one is of another type than the elements, or the store's heap has no room.
    ///
    /// # Panics
    /// If the type belongs to another engine, or an element to another store.
    pub fn new_fixed(
        mut store: impl AsContextMut,
        pre: &ArrayRefPre,
        elements: &[Val],
    ) -> Result<Rooted<ArrayRef>> {
        let raw: Vec<rt::Value> = elements.iter().map(|v| v.to_raw()).collect();
        let store = &mut store.as_context_mut().raw;
        let made = rt::Object::new_array_of(store, pre.ty.registered(), &raw);
        Ok(Rooted::from_raw(made.map_err(from_runtime)?))
    }
}

/// The type of an object, and an error where it has none: no reference is made of what is no struct or array.
fn aggregate_type(object: rt::Object, store: impl AsContext) -> Result<rt::RegisteredType> {
    let store = store.as_context();
    let ty = object.aggregate_type(&store.raw).map_err(from_runtime)?;
    ty.ok_or_else(|| mismatch("an object with a type"))
}

fn mismatch(expected: &str) -> Error {
    EngineError::ValueType {
        expected: expected.to_owned(),
        found: "an object of another kind".to_owned(),
    }
    .into()
}

impl Rooted<StructRef> {
    /// Its type.
    ///
    /// # Errors
    /// If its scope has ended.
    ///
    /// # Panics
    /// If it belongs to another store, as all its methods do.
    pub fn ty(&self, store: impl AsContext) -> Result<StructType> {
        aggregate_type(self.into_raw(), store).map(StructType::new_of)
    }

    /// Field `index`; what is packed is widened without a sign.
    ///
    /// # Errors
    /// If there is no such field, or the reference's scope has ended.
    pub fn field(&self, mut store: impl AsContextMut, index: usize) -> Result<Val> {
        let store = &mut store.as_context_mut().raw;
        let value = self.into_raw().field(store, index);
        Ok(Val::from_raw(value.map_err(from_runtime)?))
    }

    /// All fields, in order.
    ///
    /// # Errors
    /// If the reference's scope has ended.
    pub fn fields(
        &self,
        mut store: impl AsContextMut,
    ) -> Result<impl ExactSizeIterator<Item = Val>> {
        let count = self.ty(&store)?.fields().len();
        let fields = (0..count).map(|index| self.field(&mut store, index));
        Ok(fields.collect::<Result<Vec<Val>>>()?.into_iter())
    }

    /// Replaces field `index`.
    ///
    /// # Errors
    /// If there is no such field, it is immutable, `value` is of another type, or the reference's scope has ended.
    pub fn set_field(&self, mut store: impl AsContextMut, index: usize, value: Val) -> Result<()> {
        let store = &mut store.as_context_mut().raw;
        let set = self.into_raw().set_field(store, index, value.to_raw());
        set.map_err(from_runtime)
    }
}

impl Rooted<ArrayRef> {
    /// Its type.
    ///
    /// # Errors
    /// If its scope has ended.
    ///
    /// # Panics
    /// If it belongs to another store, as all its methods do.
    pub fn ty(&self, store: impl AsContext) -> Result<ArrayType> {
        aggregate_type(self.into_raw(), store).map(ArrayType::new_of)
    }

    /// How many elements it has.
    ///
    /// # Errors
    /// If the reference's scope has ended.
    pub fn len(&self, mut store: impl AsContextMut) -> Result<u32> {
        let store = &mut store.as_context_mut().raw;
        self.into_raw().array_length(store).map_err(from_runtime)
    }

    /// Element `index`; what is packed is widened without a sign.
    ///
    /// # Errors
    /// If there is no such element, or the reference's scope has ended.
    pub fn get(&self, mut store: impl AsContextMut, index: u32) -> Result<Val> {
        let store = &mut store.as_context_mut().raw;
        let value = self.into_raw().element(store, index);
        Ok(Val::from_raw(value.map_err(from_runtime)?))
    }

    /// All elements, in order. Each is read when it is asked for.
    ///
    /// # Errors
    /// If the reference's scope has ended.
    pub fn elems<'a, T: 'static>(
        &self,
        store: impl Into<StoreContextMut<'a, T>>,
    ) -> Result<impl ExactSizeIterator<Item = Val>> {
        let elements = self.into_raw().elements(store.into().raw.into_state());
        Ok(elements.map_err(from_runtime)?.map(Val::from_raw))
    }

    /// Replaces element `index`.
    ///
    /// # Errors
    /// If there is no such element, elements are immutable, `value` is of another type, or the reference's scope has
    /// ended.
    pub fn set(&self, mut store: impl AsContextMut, index: u32, value: Val) -> Result<()> {
        let store = &mut store.as_context_mut().raw;
        let set = self.into_raw().set_element(store, index, value.to_raw());
        set.map_err(from_runtime)
    }
}

macro_rules! upcasts {
    ($($from:ident $method:ident $to:ident;)*) => { $(
        impl Rooted<$from> {
            #[doc = concat!("The same object by the type of [`", stringify!($to), "`].")]
            #[must_use]
            pub fn $method(self) -> Rooted<$to> {
                Rooted::from_raw(self.into_raw())
            }
        }

        impl From<Rooted<$from>> for Rooted<$to> {
            fn from(object: Rooted<$from>) -> Rooted<$to> {
                object.$method()
            }
        }
    )* };
}
upcasts! {
    StructRef to_anyref AnyRef;
    StructRef to_eqref EqRef;
    ArrayRef to_anyref AnyRef;
    ArrayRef to_eqref EqRef;
    EqRef to_anyref AnyRef;
}

macro_rules! values {
    ($($ty:ident),*) => { $(
        impl From<Rooted<$ty>> for Val {
            fn from(object: Rooted<$ty>) -> Val {
                Val::AnyRef(Some(object.to_anyref()))
            }
        }
    )* };
}
values!(StructRef, ArrayRef, EqRef);

macro_rules! downcasts {
    ($from:ident: $($as_:ident $unwrap:ident $test:ident $to:ident, $what:literal;)*) => {
        impl Rooted<$from> { $(
            #[doc = concat!("The same object as ", $what, ", if it is one.")]
            ///
            /// # Errors
            /// If its scope has ended.
            ///
            /// # Panics
            /// If it belongs to another store.
            pub fn $as_(&self, store: impl AsContext) -> Result<Option<Rooted<$to>>> {
                let object = Rooted::<AnyRef>::from_raw(self.into_raw());
                let is_one = object.$test(store)?;
                Ok(is_one.then(|| Rooted::from_raw(self.into_raw())))
            }

            #[doc = concat!("The same object as ", $what, ".")]
            ///
            /// # Errors
            /// If its scope has ended.
            ///
            /// # Panics
            /// If it is none, or belongs to another store.
            #[track_caller]
            pub fn $unwrap(&self, store: impl AsContext) -> Result<Rooted<$to>> {
                match self.$as_(store)? {
                    Some(object) => Ok(object),
                    None => panic!(concat!("the object is not ", $what)),
                }
            }
        )* }
    };
}
downcasts! {
    AnyRef:
    as_struct unwrap_struct is_struct StructRef, "a struct";
    as_array unwrap_array is_array ArrayRef, "an array";
    as_eqref unwrap_eqref is_eqref EqRef, "one that can be compared";
}
downcasts! {
    EqRef:
    as_struct unwrap_struct is_struct StructRef, "a struct";
    as_array unwrap_array is_array ArrayRef, "an array";
}

impl EqRef {
    /// The reference that is an integer.
    pub fn from_i31(store: impl AsContextMut, value: I31) -> Rooted<EqRef> {
        Rooted::from_raw(AnyRef::from_i31(store, value).into_raw())
    }
}

impl Rooted<EqRef> {
    /// The integer, if it is one.
    ///
    /// # Errors
    /// If its scope has ended.
    ///
    /// # Panics
    /// If it belongs to another store.
    pub fn as_i31(&self, store: impl AsContext) -> Result<Option<I31>> {
        self.to_anyref().as_i31(store)
    }
}

macro_rules! types {
    ($($from:ident),*) => { $(
        impl Rooted<$from> {
            /// Its type: the one that a struct or an array was made with, `i31`, or `any` for a host value.
            ///
            /// # Errors
            /// If its scope has ended.
            ///
            /// # Panics
            /// If it belongs to another store.
            pub fn ty(&self, store: impl AsContext) -> Result<HeapType> {
                let object = Rooted::<AnyRef>::from_raw(self.into_raw());
                Ok(object.ref_type(store)?.heap_type().clone())
            }

            /// Whether it is of a type.
            ///
            /// # Errors
            /// If its scope has ended.
            ///
            /// # Panics
            /// If it belongs to another store.
            pub fn matches_ty(&self, store: impl AsContext, ty: &HeapType) -> Result<bool> {
                Ok(self.ty(store)?.matches(ty))
            }
        }
    )* };
}
types!(AnyRef, EqRef);
