//! Types that a program declares: of functions, structs and arrays. Those of continuations are beside it.

use std::fmt;

use silica_module::{CompositeType, SubType};
use silica_runtime as rt;

use super::{Mutability, ValType, check_engine};
use crate::{Engine, Result, error::EngineError};

/// Most supertypes above a type: what validation accepts of modules.
const DEPTH_MAX: usize = 63;

/// Whether a type may have subtypes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are the specification's")]
pub enum Finality {
    Final,
    NonFinal,
}

impl Finality {
    /// Whether it is [`Finality::Final`].
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, Finality::Final)
    }
}

/// Registers a type, after its supertype was looked at.
fn register(
    engine: &Engine,
    finality: Finality,
    supertype: Option<&rt::RegisteredType>,
    composite: CompositeType,
) -> Result<rt::RegisteredType> {
    if let Some(supertype) = supertype {
        check_engine(engine, supertype);
        check_supertype(engine, supertype, &composite)?;
    }
    Ok(engine.runtime().register_type(SubType {
        is_final: finality.is_final(),
        supertype: supertype.map(rt::RegisteredType::id),
        ..SubType::from(composite)
    }))
}

/// Fails unless a type made of `composite` may declare that supertype.
fn check_supertype(
    engine: &Engine,
    supertype: &rt::RegisteredType,
    composite: &CompositeType,
) -> Result<()> {
    let refuse = |why: &str| Err(EngineError::Supertype(why.to_owned()).into());
    if supertype.sub_type().is_final {
        return refuse("it is final");
    }
    let above = std::iter::successors(Some(supertype.clone()), rt::RegisteredType::supertype);
    if above.count() > DEPTH_MAX {
        return refuse("it has too many supertypes itself");
    }
    if engine
        .runtime()
        .is_composite_subtype(composite, &supertype.sub_type().composite)
    {
        Ok(())
    } else {
        refuse("the type does not match it")
    }
}

macro_rules! declared {
    ($name:ident) => {
        impl $name {
            pub(crate) const fn new_of(ty: rt::RegisteredType) -> $name {
                $name { ty }
            }

            pub(crate) const fn registered(&self) -> &rt::RegisteredType {
                &self.ty
            }

            /// Whether it may have subtypes.
            #[must_use]
            pub fn finality(&self) -> $crate::Finality {
                if self.ty.sub_type().is_final {
                    $crate::Finality::Final
                } else {
                    $crate::Finality::NonFinal
                }
            }

            /// The type that it declares as its supertype.
            #[must_use]
            pub fn supertype(&self) -> Option<$name> {
                self.ty.supertype().map($name::new_of)
            }

            /// Whether something of this type can stand where something of type `other` is wanted: whether it
            /// is that type, or declares it as a supertype, itself or through others.
            #[must_use]
            pub fn matches(&self, other: &$name) -> bool {
                self.ty.is_subtype_of(&other.ty)
            }

            /// A type that it mentions.
            fn mentioned(&self, ty: silica_module::ValueType) -> $crate::ValType {
                $crate::ValType::from_module(ty, &|id| {
                    let ty = self.ty.mentioned(id);
                    ty.expect("a type keeps alive what it mentions")
                })
            }
        }
    };
}

pub(super) use declared;

/// The type of a function: its parameters and its results.
///
/// ```
/// use silica_engine::{Engine, FuncType, ValType};
/// let engine = Engine::default();
/// let ty = FuncType::new(&engine, [ValType::I32, ValType::I64], [ValType::F64]);
/// assert_eq!(ty.to_string(), "(i32, i64) -> f64");
/// assert_eq!(ty.params().len(), 2);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FuncType {
    ty: rt::RegisteredType,
}

declared!(FuncType);

impl FuncType {
    /// The final type, with no supertype, of functions from `params` to `results`.
    ///
    /// # Panics
    /// If one mentions a type of another engine.
    #[must_use]
    pub fn new(
        engine: &Engine,
        params: impl IntoIterator<Item = ValType>,
        results: impl IntoIterator<Item = ValType>,
    ) -> FuncType {
        let (params, results) = lists(params, results);
        FuncType::of_lists(engine, &params, &results)
    }

    pub(crate) fn of_lists(engine: &Engine, params: &[ValType], results: &[ValType]) -> FuncType {
        let ty = function(engine, params, results);
        FuncType::new_of(engine.runtime().function_type(&ty))
    }

    /// A type of functions from `params` to `results`, as a subtype of `supertype`.
    ///
    /// # Errors
    /// [`EngineError::Supertype`] if `supertype` is final, or the type does not match it.
    ///
    /// # Panics
    /// If one mentions a type of another engine.
    pub fn with_finality_and_supertype(
        engine: &Engine,
        finality: Finality,
        supertype: Option<&FuncType>,
        params: impl IntoIterator<Item = ValType>,
        results: impl IntoIterator<Item = ValType>,
    ) -> Result<FuncType> {
        let (params, results) = lists(params, results);
        let ty = CompositeType::Function(function(engine, &params, &results));
        let supertype = supertype.map(FuncType::registered);
        register(engine, finality, supertype, ty).map(FuncType::new_of)
    }

    /// The parameters, in order.
    pub fn params(&self) -> impl ExactSizeIterator<Item = ValType> + '_ {
        self.ty
            .function()
            .params
            .iter()
            .map(|ty| self.mentioned(*ty))
    }

    /// The results, in order.
    pub fn results(&self) -> impl ExactSizeIterator<Item = ValType> + '_ {
        self.ty
            .function()
            .results
            .iter()
            .map(|ty| self.mentioned(*ty))
    }

    /// The `i`-th parameter.
    #[must_use]
    pub fn param(&self, i: usize) -> Option<ValType> {
        self.params().nth(i)
    }

    /// The `i`-th result.
    #[must_use]
    pub fn result(&self, i: usize) -> Option<ValType> {
        self.results().nth(i)
    }
}

/// The types, held until the type that mentions them is registered and keeps them alive itself.
fn lists(
    params: impl IntoIterator<Item = ValType>,
    results: impl IntoIterator<Item = ValType>,
) -> (Vec<ValType>, Vec<ValType>) {
    (params.into_iter().collect(), results.into_iter().collect())
}

fn function(
    engine: &Engine,
    params: &[ValType],
    results: &[ValType],
) -> silica_module::FunctionType {
    let convert = |ty: &ValType| {
        ty.check_engine(engine);
        ty.to_module()
    };
    silica_module::FunctionType {
        params: params.iter().map(convert).collect(),
        results: results.iter().map(convert).collect(),
    }
}

impl fmt::Display for FuncType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.ty.function().fmt(f)
    }
}

/// What a field of a struct or an element of an array holds.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are the specification's")]
pub enum StorageType {
    I8,
    I16,
    ValType(ValType),
}

impl StorageType {
    /// The type of a value that is read from it: `i32` of the packed ones.
    #[must_use]
    pub fn unpack(&self) -> ValType {
        match self {
            StorageType::I8 | StorageType::I16 => ValType::I32,
            StorageType::ValType(ty) => ty.clone(),
        }
    }

    /// Whether it is `i8` or `i16`.
    #[must_use]
    pub const fn is_packed(&self) -> bool {
        matches!(self, StorageType::I8 | StorageType::I16)
    }
}

impl From<ValType> for StorageType {
    fn from(ty: ValType) -> StorageType {
        StorageType::ValType(ty)
    }
}

/// The type of a field of a struct, or of the elements of an array.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FieldType {
    mutability: Mutability,
    element_type: StorageType,
}

impl FieldType {
    /// A field that holds an `element_type`.
    #[must_use]
    pub const fn new(mutability: Mutability, element_type: StorageType) -> FieldType {
        FieldType {
            mutability,
            element_type,
        }
    }

    /// Whether it may be written.
    #[must_use]
    pub const fn mutability(&self) -> Mutability {
        self.mutability
    }

    /// What it holds.
    #[must_use]
    pub const fn element_type(&self) -> &StorageType {
        &self.element_type
    }

    fn to_module(&self, engine: &Engine) -> silica_module::FieldType {
        use silica_module::StorageType as M;
        silica_module::FieldType {
            mutable: self.mutability.is_var(),
            storage: match &self.element_type {
                StorageType::I8 => M::I8,
                StorageType::I16 => M::I16,
                StorageType::ValType(ty) => {
                    ty.check_engine(engine);
                    M::Value(ty.to_module())
                }
            },
        }
    }

    fn from_module(
        ty: &silica_module::FieldType,
        value: impl FnOnce(silica_module::ValueType) -> ValType,
    ) -> FieldType {
        use silica_module::StorageType as M;
        let mutability = if ty.mutable {
            Mutability::Var
        } else {
            Mutability::Const
        };
        FieldType::new(
            mutability,
            match ty.storage {
                M::I8 => StorageType::I8,
                M::I16 => StorageType::I16,
                M::Value(ty) => StorageType::ValType(value(ty)),
            },
        )
    }
}

/// The type of a struct: its fields.
///
/// ```
/// use silica_engine::{Engine, FieldType, Mutability, StorageType, StructType, ValType};
/// # fn main() -> silica_engine::Result<()> {
/// let field = FieldType::new(Mutability::Var, StorageType::ValType(ValType::I32));
/// let ty = StructType::new(&Engine::default(), [field.clone()])?;
/// assert_eq!(ty.field(0), Some(field));
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct StructType {
    ty: rt::RegisteredType,
}

declared!(StructType);

impl StructType {
    /// The final type, with no supertype, of structs with these fields.
    ///
    /// # Errors
    /// [`EngineError::Supertype`] never, since there is none.
    ///
    /// # Panics
    /// If one mentions a type of another engine.
    pub fn new(engine: &Engine, fields: impl IntoIterator<Item = FieldType>) -> Result<StructType> {
        StructType::with_finality_and_supertype(engine, Finality::Final, None, fields)
    }

    /// A type of structs with these fields, as a subtype of `supertype`.
    ///
    /// # Errors
    /// [`EngineError::Supertype`] if `supertype` is final, or the type does not match it.
    ///
    /// # Panics
    /// If one mentions a type of another engine.
    pub fn with_finality_and_supertype(
        engine: &Engine,
        finality: Finality,
        supertype: Option<&StructType>,
        fields: impl IntoIterator<Item = FieldType>,
    ) -> Result<StructType> {
        // Held until the type is registered, and so keeps alive what it mentions.
        let fields: Vec<FieldType> = fields.into_iter().collect();
        let ty = CompositeType::Struct(silica_module::StructType {
            fields: fields.iter().map(|field| field.to_module(engine)).collect(),
        });
        let supertype = supertype.map(StructType::registered);
        register(engine, finality, supertype, ty).map(StructType::new_of)
    }

    fn parts(&self) -> &[silica_module::FieldType] {
        match &self.ty.sub_type().composite {
            CompositeType::Struct(ty) => &ty.fields,
            CompositeType::Function(_)
            | CompositeType::Array(_)
            | CompositeType::Continuation(_) => {
                unreachable!("it is made of struct types only")
            }
        }
    }

    /// The fields, in order.
    pub fn fields(&self) -> impl ExactSizeIterator<Item = FieldType> + '_ {
        let fields = self.parts().iter();
        fields.map(|field| FieldType::from_module(field, |ty| self.mentioned(ty)))
    }

    /// The `i`-th field.
    #[must_use]
    pub fn field(&self, i: usize) -> Option<FieldType> {
        self.fields().nth(i)
    }
}

/// The type of an array: that of its elements.
///
/// ```
/// use silica_engine::{ArrayType, Engine, FieldType, Mutability, StorageType};
/// let element = FieldType::new(Mutability::Var, StorageType::I8);
/// let ty = ArrayType::new(&Engine::default(), element.clone());
/// assert_eq!(ty.field_type(), element);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ArrayType {
    ty: rt::RegisteredType,
}

declared!(ArrayType);

impl ArrayType {
    /// The final type, with no supertype, of arrays of such elements.
    ///
    /// # Panics
    /// If it mentions a type of another engine.
    #[must_use]
    pub fn new(engine: &Engine, element: FieldType) -> ArrayType {
        let ty = engine
            .runtime()
            .register_type(SubType::from(ArrayType::composite(engine, &element)));
        ArrayType { ty }
    }

    /// A type of arrays of such elements, as a subtype of `supertype`.
    ///
    /// # Errors
    /// [`EngineError::Supertype`] if `supertype` is final, or the type does not match it.
    ///
    /// # Panics
    /// If one mentions a type of another engine.
    pub fn with_finality_and_supertype(
        engine: &Engine,
        finality: Finality,
        supertype: Option<&ArrayType>,
        element: FieldType,
    ) -> Result<ArrayType> {
        let ty = ArrayType::composite(engine, &element);
        let supertype = supertype.map(ArrayType::registered);
        register(engine, finality, supertype, ty).map(ArrayType::new_of)
    }

    fn composite(engine: &Engine, element: &FieldType) -> CompositeType {
        CompositeType::Array(silica_module::ArrayType {
            element: element.to_module(engine),
        })
    }

    /// The type of its elements.
    #[must_use]
    pub fn field_type(&self) -> FieldType {
        match &self.ty.sub_type().composite {
            CompositeType::Array(ty) => {
                FieldType::from_module(&ty.element, |ty| self.mentioned(ty))
            }
            CompositeType::Function(_)
            | CompositeType::Struct(_)
            | CompositeType::Continuation(_) => {
                unreachable!("it is made of array types only")
            }
        }
    }

    /// What its elements hold.
    #[must_use]
    pub fn element_type(&self) -> StorageType {
        self.field_type().element_type
    }

    /// Whether its elements may be written.
    #[must_use]
    pub fn mutability(&self) -> Mutability {
        self.field_type().mutability
    }
}
