//! Types of values and functions, as the specification names them.

use serde::{Deserialize, Serialize};

/// The type of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the specification's")]
pub enum ValueType {
    Bool,
    S8,
    U8,
    S16,
    U16,
    S32,
    U32,
    S64,
    U64,
    F32,
    F64,
    Char,
    String,
    ErrorContext,
    /// An entry of the list of types.
    Defined(u32),
}

/// A field of a record.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Field {
    /// Its name.
    pub name: Box<str>,
    /// Its type.
    pub ty: ValueType,
}

/// A case of a variant.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Case {
    /// Its name.
    pub name: Box<str>,
    /// What it carries.
    pub ty: Option<ValueType>,
}

/// A type that is made of others. Resources are indices of [`Plan::resources`](crate::Plan::resources).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the specification's")]
pub enum DefinedType {
    Record(Box<[Field]>),
    Variant(Box<[Case]>),
    Enum(Box<[Box<str>]>),
    Flags(Box<[Box<str>]>),
    Tuple(Box<[ValueType]>),
    List(ValueType),
    FixedLengthList(ValueType, u32),
    Map(ValueType, ValueType),
    Option(ValueType),
    Result {
        ok: Option<ValueType>,
        err: Option<ValueType>,
    },
    Own(u32),
    Borrow(u32),
    Future(Option<ValueType>),
    Stream(Option<ValueType>),
}

/// The type of a function.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FunctionType {
    /// Its parameters.
    pub params: Box<[Field]>,
    /// Its result.
    pub result: Option<ValueType>,
    /// Whether it may suspend its caller.
    pub is_async: bool,
}
