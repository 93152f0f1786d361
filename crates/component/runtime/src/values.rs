//! Rust types that stand for a component's, for functions whose types are known when the embedder is compiled.

mod cases;
mod compound;
mod layout;
mod named;
mod resources;
mod scalars;
mod tuples;

use silica_component_describe::{DefinedType, Plan, ValueType, value_type_text};
use silica_engine::Result;

use crate::context::{FlatValues, LiftContext, LowerContext};
use crate::error::ComponentError;
use crate::resource::ResourceType;

pub use layout::TypeLayout;
pub use named::{CheckType, invalid_discriminant};

/// What a component's types are, to compare Rust's with them.
pub struct TypeCheck<'a> {
    pub(crate) plan: &'a Plan,
    /// What each resource type of the plan is, as far as it is known.
    pub(crate) resources: &'a [Option<ResourceType>],
}

impl TypeCheck<'_> {
    pub(crate) fn mismatch<R>(&self, ty: ValueType, rust: &str) -> Result<R> {
        Err(ComponentError::Type {
            expected: value_type_text(self.plan, ty),
            found: rust.to_owned(),
        }
        .into())
    }
}

/// The type of a part of `ty`: of a field, of a case's payload, of elements. Only handles need it, so it is looked up
/// only for what has some.
#[doc(hidden)]
#[inline]
#[must_use]
pub fn part<A: ComponentType + ?Sized>(plan: &Plan, ty: ValueType, index: usize) -> ValueType {
    if A::LAYOUT.handles {
        known_part(plan, ty, index).unwrap_or(ty)
    } else {
        ty
    }
}

fn known_part(plan: &Plan, ty: ValueType, index: usize) -> Option<ValueType> {
    let ValueType::Defined(defined) = ty else {
        return None;
    };
    match plan.types.defined(defined) {
        DefinedType::Record(fields) => fields.get(index).map(|field| field.ty),
        DefinedType::Tuple(types) => types.get(index).copied(),
        DefinedType::Variant(cases) => cases.get(index)?.ty,
        DefinedType::List(ty) | DefinedType::FixedLengthList(ty, _) | DefinedType::Option(ty) => {
            Some(*ty)
        }
        DefinedType::Map(key, value) => Some(plan.types.entry(*key, *value)),
        DefinedType::Result { ok, err } => [*ok, *err].get(index).copied()?,
        DefinedType::Enum(_)
        | DefinedType::Flags(_)
        | DefinedType::Own(_)
        | DefinedType::Borrow(_)
        | DefinedType::Future(_)
        | DefinedType::Stream(_) => None,
    }
}

/// A Rust type that stands for a component's type.
///
/// | Rust | component |
/// |---|---|
/// | `bool`, `i8` … `u64`, `f32`, `f64`, `char` | `bool`, `s8` … `u64`, `f32`, `f64`, `char` |
/// | `String`, `str` | `string` |
/// | `Vec<A>`, `[A]` | `list<A>`, and `map<K, V>` of pairs |
/// | `[A; N]` | `list<A, N>` |
/// | `Option<A>` | `option<A>` |
/// | `Result<A, B>` | `result<A, B>`, with `()` for what is not there |
/// | `(A, B)` | `tuple<A, B>` |
/// | `Resource<A>`, `ResourceAny` | a resource of the host's, any resource |
/// | what derives it, or [`flags!`](crate::flags) makes | a record, a variant, an enum, flags |
pub trait ComponentType {
    /// What it is to the canonical ABI.
    #[doc(hidden)]
    const LAYOUT: TypeLayout;
    #[doc(hidden)]
    fn check(ty: ValueType, types: &TypeCheck<'_>) -> Result<()>;
}

/// A Rust type whose values can be given to a component.
pub trait Lower: ComponentType {
    #[doc(hidden)]
    fn lower_flat<T: 'static>(
        &self,
        cx: &mut LowerContext<'_, T>,
        ty: ValueType,
        out: &mut FlatValues,
    ) -> Result<()>;

    #[doc(hidden)]
    fn lower_memory<T: 'static>(
        &self,
        cx: &mut LowerContext<'_, T>,
        ty: ValueType,
        pointer: u32,
    ) -> Result<()>;

    /// Lowers elements that lie one after the other.
    #[doc(hidden)]
    fn lower_elements<T: 'static>(
        elements: &[Self],
        cx: &mut LowerContext<'_, T>,
        ty: ValueType,
        pointer: u32,
    ) -> Result<()>
    where
        Self: Sized,
    {
        let mut at = pointer;
        for element in elements {
            element.lower_memory(cx, ty, at)?;
            at = at.wrapping_add(Self::LAYOUT.size);
        }
        Ok(())
    }
}

/// A Rust type that values of a component can become.
pub trait Lift: ComponentType + Sized {
    #[doc(hidden)]
    fn lift_flat<T: 'static>(
        cx: &mut LiftContext<'_, T>,
        ty: ValueType,
        values: &mut FlatValues,
    ) -> Result<Self>;

    #[doc(hidden)]
    fn lift_memory<T: 'static>(
        cx: &mut LiftContext<'_, T>,
        ty: ValueType,
        pointer: u32,
    ) -> Result<Self>;

    /// Lifts elements that lie one after the other, and are within memory.
    #[doc(hidden)]
    fn lift_elements<T: 'static>(
        cx: &mut LiftContext<'_, T>,
        ty: ValueType,
        pointer: u32,
        length: u32,
    ) -> Result<Vec<Self>> {
        cx.charge(u64::from(length) * size_of::<Self>() as u64)?;
        let mut elements = Vec::with_capacity(length as usize);
        let mut at = pointer;
        for _ in 0..length {
            elements.push(Self::lift_memory(cx, ty, at)?);
            at = at.wrapping_add(Self::LAYOUT.size);
        }
        Ok(elements)
    }
}

/// Parameters or results of a typed function: a tuple.
pub trait ComponentNamedList {
    #[doc(hidden)]
    const COUNT: usize;
    /// What all of them together are, as a record.
    #[doc(hidden)]
    const LIST: TypeLayout;
    /// Compares with types in order, of which there are [`ComponentNamedList::COUNT`].
    #[doc(hidden)]
    fn check_list(types: &[ValueType], check: &TypeCheck<'_>) -> Result<()>;
}

/// A tuple whose values can be given to a component, one by one.
pub trait LowerList: ComponentNamedList {
    #[doc(hidden)]
    fn lower_list_flat<T: 'static>(
        &self,
        cx: &mut LowerContext<'_, T>,
        types: &[ValueType],
        out: &mut FlatValues,
    ) -> Result<()>;
    #[doc(hidden)]
    fn lower_list_memory<T: 'static>(
        &self,
        cx: &mut LowerContext<'_, T>,
        types: &[ValueType],
        pointer: u32,
    ) -> Result<()>;
}

/// A tuple that values of a component can become, one by one.
pub trait LiftList: ComponentNamedList + Sized {
    #[doc(hidden)]
    fn lift_list_flat<T: 'static>(
        cx: &mut LiftContext<'_, T>,
        types: &[ValueType],
        values: &mut FlatValues,
    ) -> Result<Self>;
    #[doc(hidden)]
    fn lift_list_memory<T: 'static>(
        cx: &mut LiftContext<'_, T>,
        types: &[ValueType],
        pointer: u32,
    ) -> Result<Self>;
}
