//! Types: of values, of functions, of resources.

use wasmparser::{
    ComponentDefinedType, ComponentFuncType, ComponentType, ComponentValType, ExternalKind,
    PrimitiveValType,
};

use super::Flattener;
use super::scope::TypeValue;
use super::scope::{Result, inconsistent};
use crate::plan::{Resource, Step};
use crate::types::{Case, DefinedType, Field, FunctionType, ValueType};

impl<'d> Flattener<'d, '_> {
    pub(super) fn component_type(
        &mut self,
        ty: &'d ComponentType<'d>,
        scope: usize,
    ) -> Result<TypeValue<'d>> {
        Ok(match ty {
            ComponentType::Defined(ty) => TypeValue::Value(self.defined(ty, scope)?),
            ComponentType::Func(ty) => TypeValue::Function(self.function_type(ty, scope)?),
            ComponentType::Component(declarations) => TypeValue::Component(declarations),
            ComponentType::Instance(declarations) => TypeValue::Instance {
                declarations,
                outer: scope,
            },
            ComponentType::Resource { dtor, .. } => {
                let destructor = match dtor {
                    Some(index) => Some(self.scopes[scope].core(ExternalKind::Func, *index)?),
                    None => None,
                };
                let resource = self.plan.resources.len() as u32;
                self.plan.resources.push(Resource {
                    instance: Some(self.scopes[scope].instance),
                    name: None,
                });
                self.plan.steps.push(Step::Resource {
                    resource,
                    destructor,
                });
                TypeValue::Resource(resource)
            }
        })
    }

    fn function_type(&mut self, ty: &ComponentFuncType<'_>, scope: usize) -> Result<u32> {
        let mut params = Vec::with_capacity(ty.params.len());
        for (name, ty) in &ty.params {
            let ty = self.value(*ty, scope)?;
            let name = self.name(name)?;
            params.push(Field { name, ty });
        }
        let result = self.optional(ty.result, scope)?;
        Ok(self.plan.types.intern_function(FunctionType {
            params: params.into(),
            result,
            is_async: ty.async_,
        }))
    }

    fn defined(&mut self, ty: &ComponentDefinedType<'_>, scope: usize) -> Result<ValueType> {
        let ty = match ty {
            ComponentDefinedType::Primitive(ty) => return Ok(primitive(*ty)),
            ComponentDefinedType::Record(fields) => {
                let mut list = Vec::with_capacity(fields.len());
                for (name, ty) in fields {
                    let ty = self.value(*ty, scope)?;
                    let name = self.name(name)?;
                    list.push(Field { name, ty });
                }
                DefinedType::Record(list.into())
            }
            ComponentDefinedType::Variant(cases) => {
                let mut list = Vec::with_capacity(cases.len());
                for case in cases {
                    let ty = self.optional(case.ty, scope)?;
                    let name = self.name(case.name)?;
                    list.push(Case { name, ty });
                }
                DefinedType::Variant(list.into())
            }
            ComponentDefinedType::Tuple(types) => {
                let types: Result<Box<[ValueType]>> =
                    types.iter().map(|ty| self.value(*ty, scope)).collect();
                DefinedType::Tuple(types?)
            }
            ComponentDefinedType::Flags(names) => DefinedType::Flags(self.names(names)?),
            ComponentDefinedType::Enum(names) => DefinedType::Enum(self.names(names)?),
            ComponentDefinedType::List(ty) => DefinedType::List(self.value(*ty, scope)?),
            ComponentDefinedType::FixedLengthList(ty, count) => {
                DefinedType::FixedLengthList(self.value(*ty, scope)?, *count)
            }
            ComponentDefinedType::Map(key, value) => {
                let (key, value) = (self.value(*key, scope)?, self.value(*value, scope)?);
                let limits = self.limits;
                self.plan.types.entries_of_map(key, value, limits)?;
                DefinedType::Map(key, value)
            }
            ComponentDefinedType::Option(ty) => DefinedType::Option(self.value(*ty, scope)?),
            ComponentDefinedType::Result { ok, err } => DefinedType::Result {
                ok: self.optional(*ok, scope)?,
                err: self.optional(*err, scope)?,
            },
            ComponentDefinedType::Own(index) => {
                DefinedType::Own(self.scopes[scope].resource(*index)?)
            }
            ComponentDefinedType::Borrow(index) => {
                DefinedType::Borrow(self.scopes[scope].resource(*index)?)
            }
            ComponentDefinedType::Future(ty) => DefinedType::Future(self.optional(*ty, scope)?),
            ComponentDefinedType::Stream(ty) => DefinedType::Stream(self.optional(*ty, scope)?),
        };
        let limits = self.limits;
        self.plan.types.intern(ty, limits)
    }

    fn names(&mut self, names: &[&str]) -> Result<Box<[Box<str>]>> {
        names.iter().map(|name| self.name(name)).collect()
    }

    fn optional(
        &mut self,
        ty: Option<ComponentValType>,
        scope: usize,
    ) -> Result<Option<ValueType>> {
        ty.map(|ty| self.value(ty, scope)).transpose()
    }

    pub(super) fn value(&mut self, ty: ComponentValType, scope: usize) -> Result<ValueType> {
        self.count(1)?;
        match ty {
            ComponentValType::Primitive(ty) => Ok(primitive(ty)),
            ComponentValType::Type(index) => match self.scopes[scope].ty(index)? {
                TypeValue::Value(ty) => Ok(*ty),
                TypeValue::Function(_)
                | TypeValue::Resource(_)
                | TypeValue::Instance { .. }
                | TypeValue::Component(_) => Err(inconsistent("a value of a type that has none")),
            },
        }
    }
}

fn primitive(ty: PrimitiveValType) -> ValueType {
    match ty {
        PrimitiveValType::Bool => ValueType::Bool,
        PrimitiveValType::S8 => ValueType::S8,
        PrimitiveValType::U8 => ValueType::U8,
        PrimitiveValType::S16 => ValueType::S16,
        PrimitiveValType::U16 => ValueType::U16,
        PrimitiveValType::S32 => ValueType::S32,
        PrimitiveValType::U32 => ValueType::U32,
        PrimitiveValType::S64 => ValueType::S64,
        PrimitiveValType::U64 => ValueType::U64,
        PrimitiveValType::F32 => ValueType::F32,
        PrimitiveValType::F64 => ValueType::F64,
        PrimitiveValType::Char => ValueType::Char,
        PrimitiveValType::String => ValueType::String,
        PrimitiveValType::ErrorContext => ValueType::ErrorContext,
    }
}
