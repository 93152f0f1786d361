//! Bytes to [`Module`]: decode, validate, describe.
//!
//! A [`Module`] is a compact description of a validated WebAssembly module: types, imports,
//! exports, segments, where each function body lies in the bytes, and where custom sections lie.
//! It owns no bytes: whoever holds it also holds the module's bytes (`Arc<[u8]>`), and a
//! [`ByteRange`] says where to look.
//!
//! It and two others name `wasmparser`: the lowering that the validator drives, and the description of components.
//! It compiles nothing and knows no machine.

#![forbid(unsafe_code)]

mod body;
mod constant;
mod convert;
mod decode;
mod description;
mod display;
mod error;
mod features;
mod hints;
pub mod inspect;
mod limits;
pub mod names;
mod off;
mod text;
mod types;
mod uses;

pub use body::{validate, validate_body};

pub use constant::{ConstExpression, ConstOperator};
pub use decode::{BodyToValidate, Decoded, decode};
pub use description::{
    ByteRange, CustomSection, DataMode, DataSegment, ElementItems, ElementMode, ElementSegment,
    Export, FunctionBody, Global, Import, Module, Table,
};
pub use error::{DecodeError, Place};
pub use features::{Feature, Features, UnknownFeature};
pub use hints::BranchHints;
pub use limits::Limits;
pub use names::FunctionNames;
pub use off::check_operators;
pub use text::{is_text, parse_text};
pub use types::{
    ArrayType, CompositeType, ContinuationType, EntityType, FieldType, FunctionType, GlobalType,
    HeapType, IndexType, MemoryType, RecGroup, RefType, StorageType, StructType, SubType,
    TableType, TagType, TypeKind, ValueType,
};
