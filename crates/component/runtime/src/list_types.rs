//! The types of a function's parameters and result, in a row.

use silica_component_describe::{FunctionType, ValueType};

/// A function's types, as typed values want them.
#[derive(Clone, Debug)]
pub(crate) struct ListTypes {
    pub(crate) params: Box<[ValueType]>,
    pub(crate) result: Option<ValueType>,
}

impl ListTypes {
    pub(crate) fn of(ty: &FunctionType) -> ListTypes {
        ListTypes {
            params: ty.params.iter().map(|param| param.ty).collect(),
            result: ty.result,
        }
    }
}
