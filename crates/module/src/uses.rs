//! Which proposals a module uses: in its types, its sections, and its bodies.
//!
//! [`crate::inspect`] tells them to a person; [`crate::check_operators`] refuses bodies by what is told here.

use wasmparser::{
    BinaryReader, BlockType, FunctionBody as Body, Imports, Parser, Payload, VisitOperator,
    VisitSimdOperator,
};

use crate::convert::abstract_heap_type;
use crate::{
    ByteRange, CompositeType, ConstExpression, ConstOperator, DataMode, ElementItems, ElementMode,
    EntityType, Feature, Features, HeapType, IndexType, Module, RefType, TypeKind, ValueType,
};

/// The proposals that a decoded module uses. Reads every operator once.
#[must_use]
pub fn used_features(bytes: &[u8], module: &Module) -> Features {
    let mut used = Features::mvp();
    for ty in &module.types {
        used |= of_type(ty);
    }
    for import in &module.imports {
        used |= of_entity(&import.entity) | used_if(import.exact, Feature::CustomDescriptors);
        if let EntityType::Global(ty) = import.entity {
            used |= used_if(ty.mutable, Feature::MutableGlobals);
        }
    }
    for export in &module.exports {
        if let EntityType::Global(ty) = export.entity {
            used |= used_if(ty.mutable, Feature::MutableGlobals);
        }
    }
    used |= of_definitions(module) | of_segments(module) | of_encoding(bytes);
    for body in &module.bodies {
        for_each_in_body(bytes, body.bytes, |found, _| {
            used |= found.features;
            true
        });
    }
    used
}

/// What something in a body needs, and what it is called.
#[derive(Clone, Copy)]
pub(crate) struct Needed {
    pub(crate) features: Features,
    pub(crate) name: &'static str,
    /// Whether it is validated, and never executed.
    pub(crate) is_validated_only: bool,
}

/// Calls `visit` with what each declaration of locals and each operator of a body needs and where it stands, as far as
/// they can be read, until it returns false.
pub(crate) fn for_each_in_body(
    bytes: &[u8],
    range: ByteRange,
    mut visit: impl FnMut(Needed, u64) -> bool,
) {
    let Some(code) = bytes.get(range.indices()) else {
        return;
    };
    let body = Body::new(BinaryReader::new(code, u64::from(range.start)));
    let Ok(mut locals) = body.get_locals_reader() else {
        return;
    };
    for _ in 0..locals.get_count() {
        let offset = locals.original_position();
        let Ok((_, ty)) = locals.read() else {
            return;
        };
        let needed = Needed {
            features: of_value(ty),
            name: "local",
            is_validated_only: false,
        };
        if !visit(needed, offset) {
            return;
        }
    }
    let Ok(mut operators) = body.get_operators_reader() else {
        return;
    };
    while !operators.eof() {
        let offset = operators.original_position();
        match operators.visit_operator(&mut Needs) {
            Ok(needed) if visit(needed, offset) => {}
            Ok(_) | Err(_) => return,
        }
    }
}

fn used_if(condition: bool, feature: Feature) -> Features {
    match condition {
        true => feature.into(),
        false => Features::mvp(),
    }
}

fn of_type(ty: &crate::SubType) -> Features {
    let related = ty.descriptor.is_some() || ty.describes.is_some();
    let used = used_if(!ty.is_final || ty.supertype.is_some(), Feature::Gc)
        | used_if(related, Feature::CustomDescriptors);
    match &ty.composite {
        CompositeType::Function(ty) => {
            let values = ty.params.iter().chain(&ty.results);
            values.fold(used, |used, &ty| used | of_value_type(ty))
                | used_if(ty.results.len() > 1, Feature::MultiValue)
        }
        CompositeType::Struct(_) | CompositeType::Array(_) => used | Feature::Gc.into(),
        CompositeType::Continuation(_) => used | Feature::StackSwitching.into(),
    }
}

fn of_entity(entity: &EntityType) -> Features {
    match entity {
        EntityType::Function(_) => Features::mvp(),
        EntityType::Table(ty) => {
            let used = used_if(ty.index == IndexType::I64, Feature::Memory64);
            match ty.element == RefType::FUNCREF {
                true => used,
                false => used | of_ref_type(ty.element),
            }
        }
        EntityType::Memory(ty) => {
            used_if(ty.index == IndexType::I64, Feature::Memory64)
                | used_if(ty.shared, Feature::Threads)
                | used_if(ty.page_size_log2 != 16, Feature::CustomPageSizes)
        }
        EntityType::Global(ty) => of_value_type(ty.value),
        EntityType::Tag(_) => Feature::Exceptions.into(),
    }
}

fn of_definitions(module: &Module) -> Features {
    let mut used = used_if(module.memories.len() > 1, Feature::MultiMemory)
        | used_if(module.tables.len() > 1, Feature::ReferenceTypes)
        | used_if(!module.tags.is_empty(), Feature::Exceptions);
    for table in &module.tables {
        used |= of_entity(&EntityType::Table(table.ty));
        if let Some(initial) = &table.initial {
            used |= of_constant(module, initial) | Feature::FunctionReferences.into();
        }
    }
    for memory in &module.memories {
        used |= of_entity(&EntityType::Memory(*memory));
    }
    for global in &module.globals {
        used |= of_entity(&EntityType::Global(global.ty));
        if let Some(initial) = &global.initial {
            used |= of_constant(module, initial);
        }
    }
    used
}

fn of_segments(module: &Module) -> Features {
    let mut used = Features::mvp();
    for segment in &module.elements {
        used |= match &segment.mode {
            ElementMode::Passive => Feature::BulkMemory.into(),
            ElementMode::Declared => Feature::ReferenceTypes.into(),
            ElementMode::Active { offset, .. } => of_constant(module, offset),
        };
        if segment.ty != RefType::FUNCREF {
            used |= of_ref_type(segment.ty);
        }
        if let ElementItems::Expressions(items) = &segment.items {
            let items = items.iter().map(|item| of_constant(module, item));
            used |= items.fold(Feature::BulkMemory.into(), |all, one| all | one);
        }
    }
    for segment in &module.data {
        used |= match &segment.mode {
            DataMode::Passive => Feature::BulkMemory.into(),
            DataMode::Active { offset, .. } => of_constant(module, offset),
        };
    }
    used
}

fn of_constant(module: &Module, expression: &ConstExpression) -> Features {
    let operators = expression.operators.iter().map(|operator| match operator {
        ConstOperator::I32Const(_)
        | ConstOperator::I64Const(_)
        | ConstOperator::F32Const(_)
        | ConstOperator::F64Const(_) => Features::mvp(),
        ConstOperator::V128Const(_) => Feature::Simd.into(),
        ConstOperator::IntBinary(..) => Feature::ExtendedConst.into(),
        ConstOperator::GlobalGet(global) => {
            used_if(*global >= module.imported_globals, Feature::ExtendedConst)
        }
        ConstOperator::RefNull(heap) => of_heap_type(*heap) | Feature::ReferenceTypes.into(),
        ConstOperator::RefFunc(_) => Feature::ReferenceTypes.into(),
        ConstOperator::RefI31
        | ConstOperator::StructNew(_)
        | ConstOperator::StructNewDefault(_)
        | ConstOperator::ArrayNew(_)
        | ConstOperator::ArrayNewDefault(_)
        | ConstOperator::ArrayNewFixed { .. }
        | ConstOperator::AnyConvertExtern
        | ConstOperator::ExternConvertAny => Feature::Gc.into(),
    });
    operators.fold(Features::mvp(), |all, one| all | one)
}

/// What only the bytes of the sections show.
fn of_encoding(bytes: &[u8]) -> Features {
    let mut used = Features::mvp();
    for payload in Parser::new(0).parse_all(bytes).map_while(Result::ok) {
        match payload {
            Payload::TypeSection(section) => {
                for group in section.into_iter().map_while(Result::ok) {
                    used |= used_if(group.is_explicit_rec_group(), Feature::Gc);
                }
            }
            Payload::ImportSection(section) => {
                for imports in section.into_iter().map_while(Result::ok) {
                    let compact = !matches!(imports, Imports::Single(..));
                    used |= used_if(compact, Feature::CompactImports);
                }
            }
            Payload::DataCountSection { .. } => used |= Feature::BulkMemory.into(),
            Payload::CodeSectionStart { .. } => return used,
            _ => {}
        }
    }
    used
}

fn of_value_type(ty: ValueType) -> Features {
    match ty {
        ValueType::I32 | ValueType::I64 | ValueType::F32 | ValueType::F64 => Features::mvp(),
        ValueType::V128 => Feature::Simd.into(),
        ValueType::Ref(ty) => of_ref_type(ty),
    }
}

fn of_ref_type(ty: RefType) -> Features {
    of_heap_type(ty.heap)
        | used_if(!ty.nullable, Feature::FunctionReferences)
        | Feature::ReferenceTypes.into()
}

fn of_heap_type(heap: HeapType) -> Features {
    match heap {
        HeapType::Func | HeapType::Extern => Features::mvp(),
        HeapType::Concrete { exact, .. } => {
            used_if(exact, Feature::CustomDescriptors) | Feature::FunctionReferences.into()
        }
        HeapType::Exn | HeapType::NoExn => Feature::Exceptions.into(),
        HeapType::Cont | HeapType::NoCont => Feature::StackSwitching.into(),
        HeapType::NoFunc
        | HeapType::NoExtern
        | HeapType::Any
        | HeapType::Eq
        | HeapType::I31
        | HeapType::Struct
        | HeapType::Array
        | HeapType::None => Feature::Gc.into(),
    }
}

// ---- types in bodies, which are not converted otherwise ----

fn of_block(ty: BlockType) -> Features {
    match ty {
        BlockType::Empty => Features::mvp(),
        BlockType::Type(ty) => of_value(ty),
        BlockType::FuncType(_) => Feature::MultiValue.into(),
    }
}

fn of_value(ty: wasmparser::ValType) -> Features {
    match ty {
        wasmparser::ValType::V128 => Feature::Simd.into(),
        wasmparser::ValType::Ref(ty) => of_reference(ty),
        _ => Features::mvp(),
    }
}

fn of_reference(ty: wasmparser::RefType) -> Features {
    of_heap(ty.heap_type())
        | used_if(!ty.is_nullable(), Feature::FunctionReferences)
        | Feature::ReferenceTypes.into()
}

fn of_heap(ty: wasmparser::HeapType) -> Features {
    let concrete = |exact| HeapType::Concrete {
        index: 0,
        kind: TypeKind::Function,
        exact,
    };
    let heap = match ty {
        wasmparser::HeapType::Concrete(_) => concrete(false),
        wasmparser::HeapType::Exact(_) => concrete(true),
        wasmparser::HeapType::Abstract { ty, .. } => abstract_heap_type(ty),
    };
    of_heap_type(heap)
}

/// Tells what each operator needs.
struct Needs;

/// `wasmparser`'s name of a proposal to ours; nothing for the first version, and for proposals that no module may use.
macro_rules! of_proposal {
    (sign_extension) => {
        Some(Feature::SignExtension)
    };
    (saturating_float_to_int) => {
        Some(Feature::SaturatingFloatToInt)
    };
    (bulk_memory) => {
        Some(Feature::BulkMemory)
    };
    (reference_types) => {
        Some(Feature::ReferenceTypes)
    };
    (simd) => {
        Some(Feature::Simd)
    };
    (relaxed_simd) => {
        Some(Feature::RelaxedSimd)
    };
    (tail_call) => {
        Some(Feature::TailCall)
    };
    (threads) => {
        Some(Feature::Threads)
    };
    (exceptions) => {
        Some(Feature::Exceptions)
    };
    (legacy_exceptions) => {
        Some(Feature::LegacyExceptions)
    };
    (gc) => {
        Some(Feature::Gc)
    };
    (function_references) => {
        Some(Feature::FunctionReferences)
    };
    (wide_arithmetic) => {
        Some(Feature::WideArithmetic)
    };
    (stack_switching) => {
        Some(Feature::StackSwitching)
    };
    (custom_descriptors) => {
        Some(Feature::CustomDescriptors)
    };
    ($other:ident) => {
        None
    };
}

/// What an operator's argument needs, by its name.
macro_rules! of_argument {
    (blockty $argument:ident) => {
        of_block($argument)
    };
    (try_table $argument:ident) => {
        of_block($argument.ty)
    };
    (hty $argument:ident) => {
        of_heap($argument)
    };
    (from_ref_type $argument:ident) => {
        of_reference($argument)
    };
    (to_ref_type $argument:ident) => {
        of_reference($argument)
    };
    (ty $argument:ident) => {
        of_value($argument)
    };
    ($other:ident $argument:ident) => {{
        let _ = $argument;
        Features::mvp()
    }};
}

macro_rules! tell {
    ($(@$proposal:ident $op:ident $({ $($arg:ident: $argty:ty),* })? => $visit:ident ($($ann:tt)*))*) => {
        $(
            fn $visit(&mut self $($(, $arg: $argty)*)?) -> Self::Output {
                let proposal: Option<Feature> = of_proposal!($proposal);
                let features = proposal.map_or(Features::mvp(), Features::from);
                $($(let features = features | of_argument!($arg $arg);)*)?
                Needed {
                    features,
                    name: stringify!($op),
                    is_validated_only: proposal == Some(Feature::CustomDescriptors),
                }
            }
        )*
    };
}

impl<'a> VisitOperator<'a> for Needs {
    type Output = Needed;

    fn simd_visitor(&mut self) -> Option<&mut dyn VisitSimdOperator<'a, Output = Self::Output>> {
        Some(self)
    }

    wasmparser::for_each_visit_operator!(tell);
}

impl VisitSimdOperator<'_> for Needs {
    wasmparser::for_each_visit_simd_operator!(tell);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Limits, decode, parse_text};

    fn used(text: &str) -> Vec<&'static str> {
        let bytes = parse_text(text.as_bytes(), None).unwrap();
        let module = decode(&bytes, &Features::all(), &Limits::default())
            .unwrap()
            .module;
        let used = used_features(&bytes, &module);
        used.iter().map(Feature::name).collect()
    }

    #[test]
    fn proposals_are_found() {
        assert!(used("(module (func (drop (i32.const 1))))").is_empty());
        assert_eq!(
            used("(module (func (param v128) (drop (i8x16.popcnt (local.get 0)))))"),
            ["simd"]
        );
        assert_eq!(
            used("(module (memory i64 1 2 shared) (func $f (return_call $f)))"),
            ["tail-call", "memory64", "threads"]
        );
        assert_eq!(used("(module (type (struct)))"), ["gc"]);
    }

    #[test]
    fn types_in_bodies_are_found() {
        assert_eq!(used("(module (func (local v128)))"), ["simd"]);
        let text = "(module (func (block (result i32 i32) i32.const 1 i32.const 2) drop drop))";
        assert_eq!(used(text), ["multi-value"]);
        let text = "(module (func (local (ref null i31)) (local exnref)))";
        assert_eq!(used(text), ["reference-types", "gc", "exceptions"]);
    }
}
