//! Types of continuations.

use silica_module::{CompositeType, SubType};
use silica_runtime as rt;

use super::{FuncType, HeapType, RefType, ValType, check_engine, declared::declared};
use crate::Engine;

/// The type of a continuation: that of the function which is suspended in it, with what it is resumed with as its parameters.
///
/// ```
/// use silica_engine::{ContType, Engine, FuncType, ValType};
/// let engine = Engine::default();
/// let function = FuncType::new(&engine, [ValType::I32], []);
/// assert_eq!(ContType::new(&engine, &function).func_type(), function);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ContType {
    ty: rt::RegisteredType,
}

declared!(ContType);

impl ContType {
    /// The final type, with no supertype, of continuations of functions of a type.
    ///
    /// # Panics
    /// If that is a type of another engine.
    #[must_use]
    pub fn new(engine: &Engine, function: &FuncType) -> ContType {
        check_engine(engine, function.registered());
        let ty = CompositeType::Continuation(silica_module::ContinuationType {
            function: function.registered().id(),
        });
        let ty = engine.runtime().register_type(SubType::from(ty));
        ContType { ty }
    }

    /// The type of the function.
    #[must_use]
    pub fn func_type(&self) -> FuncType {
        let CompositeType::Continuation(ty) = self.ty.sub_type().composite else {
            unreachable!("it is made of continuation types only")
        };
        let function = silica_module::RefType {
            nullable: false,
            heap: silica_module::HeapType::Concrete {
                index: ty.function,
                kind: silica_module::TypeKind::Function,
                exact: false,
            },
        };
        match self.mentioned(silica_module::ValueType::Ref(function)) {
            ValType::Ref(RefType {
                heap: HeapType::ConcreteFunc(ty),
                ..
            }) => ty,
            _ => unreachable!("a continuation type is made of a function type"),
        }
    }
}
