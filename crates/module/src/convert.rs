//! From `wasmparser`'s types to ours.
//!
//! Sections are validated with a few bits more than are on ([`Features::for_sections`]), so this is
//! also where types and constant operators of a proposal that is off are refused.

use silica_operator::{IntBinary, IntType};
use wasmparser::{AbstractHeapType, CompositeInnerType, Operator, UnpackedIndex};

use crate::{
    ArrayType, CompositeType, ConstExpression, ConstOperator, ContinuationType, DecodeError,
    EntityType, Feature, Features, FieldType, FunctionType, GlobalType, HeapType, IndexType,
    Limits, MemoryType, Place, RefType, StorageType, StructType, SubType, TableType, TagType,
    TypeKind, ValueType,
};

type Result<T> = std::result::Result<T, DecodeError>;

/// Converts what one section holds.
#[derive(Clone, Copy)]
pub(crate) struct Converter<'a> {
    pub(crate) features: Features,
    pub(crate) limits: &'a Limits,
    pub(crate) section: &'static str,
    /// What kind each type is that may be referred to.
    pub(crate) kinds: &'a [TypeKind],
}

impl Converter<'_> {
    /// The error of something that no proposal of ours has.
    pub(crate) fn unsupported(&self, what: &str, offset: u64) -> DecodeError {
        DecodeError::Invalid {
            message: format!("{what}, which is not supported"),
            place: Place::Section(self.section),
            offset,
        }
    }

    fn not_executed(&self, operator: &'static str, offset: u64) -> DecodeError {
        DecodeError::NotExecuted {
            operator,
            place: Place::Section(self.section),
            offset,
        }
    }

    pub(crate) fn require(&self, feature: Feature, what: &str, offset: u64) -> Result<()> {
        if self.features.contains(feature) {
            return Ok(());
        }
        Err(DecodeError::FeatureOff {
            feature,
            message: what.to_owned(),
            place: Place::Section(self.section),
            offset,
        })
    }

    /// Refuses a recursion group that was written as one, unless GC is on.
    pub(crate) fn explicit_rec_group(&self, offset: u64) -> Result<()> {
        self.require(Feature::Gc, "recursion group", offset)
    }

    pub(crate) fn sub_type(&self, ty: &wasmparser::SubType, offset: u64) -> Result<SubType> {
        let supertype = match ty.supertype_idxs.as_slice() {
            [] => None,
            [index] => Some(self.type_index(index.unpack(), offset)?),
            _ => return Err(self.unsupported("a type with several supertypes", offset)),
        };
        if !ty.is_final || supertype.is_some() {
            self.require(Feature::Gc, "subtype", offset)?;
        }
        let composite = &ty.composite_type;
        let related = |index: Option<wasmparser::PackedIndex>| {
            let index = index.map(|index| self.type_index(index.unpack(), offset));
            index.transpose()
        };
        Ok(SubType {
            is_final: ty.is_final,
            supertype,
            descriptor: related(composite.descriptor_idx)?,
            describes: related(composite.describes_idx)?,
            composite: self.composite_type(composite, offset)?,
        })
    }

    fn composite_type(&self, ty: &wasmparser::CompositeType, offset: u64) -> Result<CompositeType> {
        if ty.shared {
            return Err(self.unsupported("a shared type", offset));
        }
        match &ty.inner {
            CompositeInnerType::Func(ty) => {
                Ok(CompositeType::Function(self.function_type(ty, offset)?))
            }
            CompositeInnerType::Struct(ty) => {
                self.require(Feature::Gc, "struct type", offset)?;
                let fields = ty.fields.iter().map(|f| self.field_type(f, offset));
                Ok(CompositeType::Struct(StructType {
                    fields: fields.collect::<Result<_>>()?,
                }))
            }
            CompositeInnerType::Array(ty) => {
                self.require(Feature::Gc, "array type", offset)?;
                let element = self.field_type(&ty.0, offset)?;
                Ok(CompositeType::Array(ArrayType { element }))
            }
            CompositeInnerType::Cont(ty) => {
                self.require(Feature::StackSwitching, "continuation type", offset)?;
                let function = self.type_index(ty.0.unpack(), offset)?;
                Ok(CompositeType::Continuation(ContinuationType { function }))
            }
        }
    }

    fn function_type(&self, ty: &wasmparser::FuncType, offset: u64) -> Result<FunctionType> {
        let (params, results) = (ty.params(), ty.results());
        Limits::check(
            "parameters of a function",
            params.len() as u64,
            self.limits.parameters,
            offset,
        )?;
        Limits::check(
            "results of a function",
            results.len() as u64,
            self.limits.results,
            offset,
        )?;
        let convert = |types: &[wasmparser::ValType]| {
            let types = types.iter().map(|&ty| self.value_type(ty, offset));
            types.collect::<Result<Box<[_]>>>()
        };
        Ok(FunctionType {
            params: convert(params)?,
            results: convert(results)?,
        })
    }

    fn field_type(&self, ty: &wasmparser::FieldType, offset: u64) -> Result<FieldType> {
        let storage = match ty.element_type {
            wasmparser::StorageType::I8 => StorageType::I8,
            wasmparser::StorageType::I16 => StorageType::I16,
            wasmparser::StorageType::Val(ty) => StorageType::Value(self.value_type(ty, offset)?),
        };
        Ok(FieldType {
            storage,
            mutable: ty.mutable,
        })
    }

    fn value_type(&self, ty: wasmparser::ValType, offset: u64) -> Result<ValueType> {
        Ok(match ty {
            wasmparser::ValType::I32 => ValueType::I32,
            wasmparser::ValType::I64 => ValueType::I64,
            wasmparser::ValType::F32 => ValueType::F32,
            wasmparser::ValType::F64 => ValueType::F64,
            wasmparser::ValType::V128 => ValueType::V128,
            wasmparser::ValType::Ref(ty) => ValueType::Ref(self.ref_type(ty, offset)?),
        })
    }

    pub(crate) fn ref_type(&self, ty: wasmparser::RefType, offset: u64) -> Result<RefType> {
        Ok(RefType {
            nullable: ty.is_nullable(),
            heap: self.heap_type(ty.heap_type(), offset)?,
        })
    }

    fn heap_type(&self, ty: wasmparser::HeapType, offset: u64) -> Result<HeapType> {
        let ty = match ty {
            wasmparser::HeapType::Concrete(index) => {
                if !self.features.contains(Feature::Gc) {
                    let what = "reference to a type";
                    self.require(Feature::FunctionReferences, what, offset)?;
                }
                return self.concrete_type(index, false, offset);
            }
            // `wasmparser` checked this against the bit of custom descriptors.
            wasmparser::HeapType::Exact(index) => return self.concrete_type(index, true, offset),
            wasmparser::HeapType::Abstract { shared: true, .. } => {
                return Err(self.unsupported("a shared reference", offset));
            }
            wasmparser::HeapType::Abstract { shared: false, ty } => ty,
        };
        let heap = abstract_heap_type(ty);
        match heap {
            // `wasmparser` checked these against the bits of reference types and exceptions.
            HeapType::Func | HeapType::Extern | HeapType::Exn | HeapType::NoExn => {}
            HeapType::Cont | HeapType::NoCont => {
                self.require(Feature::StackSwitching, "continuation reference", offset)?;
            }
            _ => self.require(Feature::Gc, "reference type", offset)?,
        }
        Ok(heap)
    }

    fn concrete_type(&self, index: UnpackedIndex, exact: bool, offset: u64) -> Result<HeapType> {
        let index = self.type_index(index, offset)?;
        // The validator has proved that the type exists.
        match self.kinds.get(index as usize) {
            Some(&kind) => Ok(HeapType::Concrete { index, kind, exact }),
            None => Err(self.unsupported("a reference to a type that is not there yet", offset)),
        }
    }

    fn type_index(&self, index: UnpackedIndex, offset: u64) -> Result<u32> {
        match index {
            UnpackedIndex::Module(index) => Ok(index),
            // Only canonicalised types hold these, and sections are read before that.
            UnpackedIndex::RecGroup(_) | UnpackedIndex::Id(_) => {
                Err(self.unsupported("a canonical type index", offset))
            }
        }
    }

    pub(crate) fn table_type(&self, ty: &wasmparser::TableType, offset: u64) -> Result<TableType> {
        if ty.shared {
            return Err(self.unsupported("a shared table", offset));
        }
        Ok(TableType {
            index: index_type(ty.table64),
            element: self.ref_type(ty.element_type, offset)?,
            min: ty.initial,
            max: ty.maximum,
        })
    }

    pub(crate) fn memory_type(
        &self,
        ty: &wasmparser::MemoryType,
        offset: u64,
    ) -> Result<MemoryType> {
        let page_size_log2 = match ty.page_size_log2() {
            log2 @ (0 | 16) => log2 as u8,
            _ => return Err(self.unsupported("pages that are neither 1 nor 65536 bytes", offset)),
        };
        Ok(MemoryType {
            index: index_type(ty.memory64),
            min: ty.initial,
            max: ty.maximum,
            shared: ty.shared,
            page_size_log2,
        })
    }

    pub(crate) fn global_type(
        &self,
        ty: &wasmparser::GlobalType,
        offset: u64,
    ) -> Result<GlobalType> {
        if ty.shared {
            return Err(self.unsupported("a shared global", offset));
        }
        Ok(GlobalType {
            value: self.value_type(ty.content_type, offset)?,
            mutable: ty.mutable,
        })
    }

    /// The type of an import.
    pub(crate) fn entity(&self, ty: &wasmparser::TypeRef, offset: u64) -> Result<EntityType> {
        Ok(match ty {
            wasmparser::TypeRef::Func(index) | wasmparser::TypeRef::FuncExact(index) => {
                EntityType::Function(*index)
            }
            wasmparser::TypeRef::Table(ty) => EntityType::Table(self.table_type(ty, offset)?),
            wasmparser::TypeRef::Memory(ty) => EntityType::Memory(self.memory_type(ty, offset)?),
            wasmparser::TypeRef::Global(ty) => EntityType::Global(self.global_type(ty, offset)?),
            wasmparser::TypeRef::Tag(ty) => EntityType::Tag(tag_type(*ty)),
        })
    }

    /// A validated constant expression.
    pub(crate) fn constant(&self, expr: &wasmparser::ConstExpr<'_>) -> Result<ConstExpression> {
        let mut operators = Vec::new();
        for item in expr.get_operators_reader().into_iter_with_offsets() {
            let (operator, offset) =
                item.map_err(|e| DecodeError::new(&e, Place::Section(self.section)))?;
            if matches!(operator, Operator::End) {
                break;
            }
            Limits::check(
                "operators of a constant expression",
                operators.len() as u64 + 1,
                self.limits.constant_operators,
                offset,
            )?;
            operators.push(self.constant_operator(&operator, offset)?);
        }
        Ok(ConstExpression {
            operators: operators.into_boxed_slice(),
        })
    }

    fn constant_operator(&self, operator: &Operator<'_>, offset: u64) -> Result<ConstOperator> {
        if let Some(operator) = gc_operator(operator) {
            self.require(Feature::Gc, "constant operator", offset)?;
            return Ok(operator);
        }
        Ok(match *operator {
            Operator::I32Const { value } => ConstOperator::I32Const(value),
            Operator::I64Const { value } => ConstOperator::I64Const(value),
            Operator::F32Const { value } => ConstOperator::F32Const(value.bits()),
            Operator::F64Const { value } => ConstOperator::F64Const(value.bits()),
            Operator::V128Const { value } => ConstOperator::V128Const(value.i128() as u128),
            Operator::I32Add => ConstOperator::IntBinary(IntBinary::Add, IntType::I32),
            Operator::I32Sub => ConstOperator::IntBinary(IntBinary::Sub, IntType::I32),
            Operator::I32Mul => ConstOperator::IntBinary(IntBinary::Mul, IntType::I32),
            Operator::I64Add => ConstOperator::IntBinary(IntBinary::Add, IntType::I64),
            Operator::I64Sub => ConstOperator::IntBinary(IntBinary::Sub, IntType::I64),
            Operator::I64Mul => ConstOperator::IntBinary(IntBinary::Mul, IntType::I64),
            Operator::GlobalGet { global_index } => ConstOperator::GlobalGet(global_index),
            Operator::RefNull { hty } => ConstOperator::RefNull(self.heap_type(hty, offset)?),
            Operator::RefFunc { function_index } => ConstOperator::RefFunc(function_index),
            Operator::StructNewDesc { .. } => {
                return Err(self.not_executed("StructNewDesc", offset));
            }
            Operator::StructNewDefaultDesc { .. } => {
                return Err(self.not_executed("StructNewDefaultDesc", offset));
            }
            _ => return Err(self.unsupported("a non-constant operator", offset)),
        })
    }
}

/// An abstract heap type, whichever proposal it is of.
pub(crate) fn abstract_heap_type(ty: AbstractHeapType) -> HeapType {
    match ty {
        AbstractHeapType::Func => HeapType::Func,
        AbstractHeapType::NoFunc => HeapType::NoFunc,
        AbstractHeapType::Extern => HeapType::Extern,
        AbstractHeapType::NoExtern => HeapType::NoExtern,
        AbstractHeapType::Any => HeapType::Any,
        AbstractHeapType::Eq => HeapType::Eq,
        AbstractHeapType::I31 => HeapType::I31,
        AbstractHeapType::Struct => HeapType::Struct,
        AbstractHeapType::Array => HeapType::Array,
        AbstractHeapType::None => HeapType::None,
        AbstractHeapType::Exn => HeapType::Exn,
        AbstractHeapType::NoExn => HeapType::NoExn,
        AbstractHeapType::Cont => HeapType::Cont,
        AbstractHeapType::NoCont => HeapType::NoCont,
    }
}

fn gc_operator(operator: &Operator<'_>) -> Option<ConstOperator> {
    Some(match *operator {
        Operator::RefI31 => ConstOperator::RefI31,
        Operator::StructNew { struct_type_index } => ConstOperator::StructNew(struct_type_index),
        Operator::StructNewDefault { struct_type_index } => {
            ConstOperator::StructNewDefault(struct_type_index)
        }
        Operator::ArrayNew { array_type_index } => ConstOperator::ArrayNew(array_type_index),
        Operator::ArrayNewDefault { array_type_index } => {
            ConstOperator::ArrayNewDefault(array_type_index)
        }
        Operator::ArrayNewFixed {
            array_type_index,
            array_size,
        } => ConstOperator::ArrayNewFixed {
            array_type: array_type_index,
            count: array_size,
        },
        Operator::AnyConvertExtern => ConstOperator::AnyConvertExtern,
        Operator::ExternConvertAny => ConstOperator::ExternConvertAny,
        _ => return None,
    })
}

/// What kind of type it is.
pub(crate) fn kind(ty: &wasmparser::SubType) -> TypeKind {
    match &ty.composite_type.inner {
        CompositeInnerType::Func(_) => TypeKind::Function,
        CompositeInnerType::Struct(_) => TypeKind::Struct,
        CompositeInnerType::Array(_) => TypeKind::Array,
        CompositeInnerType::Cont(_) => TypeKind::Continuation,
    }
}

fn index_type(is_64: bool) -> IndexType {
    if is_64 {
        IndexType::I64
    } else {
        IndexType::I32
    }
}

pub(crate) fn tag_type(ty: wasmparser::TagType) -> TagType {
    let wasmparser::TagKind::Exception = ty.kind;
    TagType {
        function: ty.func_type_idx,
    }
}
