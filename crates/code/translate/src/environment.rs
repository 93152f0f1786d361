//! What is known of a module while its functions are translated.

use std::sync::{Arc, OnceLock};

use silica_contract::{
    layout::ContextLayout,
    object::StructLayout,
    settings::{MemoryStyle, Settings},
};
use silica_module::{
    BranchHints, CompositeType, FieldType, FunctionType, HeapType, MemoryType, Module, RefType,
    StorageType, TableType, TypeKind,
};
use silica_operator::MachineType;
use wasmparser::{AbstractHeapType, ValType};

use crate::quiet::{Found, QuietFunctions};

/// Where things of a module lie, which way its branches go and what never throws: what is worth keeping from one compilation of its functions to the next. Cloning
/// gives the same.
#[derive(Clone, Debug)]
pub struct Layouts {
    context: Arc<ContextLayout>,
    branch_hints: Arc<BranchHints>,
    quiet: Found,
    /// Where the fields of each struct type lie, once somebody asked.
    structs: Arc<[OnceLock<StructLayout>]>,
}

impl Layouts {
    /// Those of a module.
    #[must_use]
    pub fn new(module: &Module) -> Layouts {
        Layouts {
            context: Arc::new(ContextLayout::new(module)),
            branch_hints: Arc::default(),
            quiet: Found::default(),
            structs: module.types.iter().map(|_| OnceLock::new()).collect(),
        }
    }

    /// Those of a module of which nothing is hidden: `bytes` are the module.
    #[must_use]
    pub fn with_bytes(bytes: &[u8], module: &Module) -> Layouts {
        Layouts {
            branch_hints: Arc::new(BranchHints::read(bytes, module)),
            quiet: Found::nothing_yet(module),
            ..Layouts::new(module)
        }
    }
}

/// A module and the settings it is compiled with. Shared by all functions, on all threads.
#[derive(Debug)]
pub struct Environment<'a> {
    /// The module.
    pub module: &'a Module,
    /// The settings.
    pub settings: &'a Settings,
    /// Offsets of the context's fields.
    pub layout: Arc<ContextLayout>,
    /// Which way its branches go.
    pub(crate) branch_hints: Arc<BranchHints>,
    /// Which of its functions never throw.
    quiet: QuietFunctions<'a>,
    /// How accesses to each memory are kept in bounds.
    memory_styles: Box<[MemoryStyle]>,
    structs: Arc<[OnceLock<StructLayout>]>,
}

impl<'a> Environment<'a> {
    /// The fields of a struct type.
    pub(crate) fn struct_fields(&self, type_index: u32) -> &'a [FieldType] {
        match &self.module.types[type_index as usize].composite {
            CompositeType::Struct(ty) => &ty.fields,
            CompositeType::Function(_)
            | CompositeType::Array(_)
            | CompositeType::Continuation(_) => {
                unreachable!("the validator proved that this is a struct type")
            }
        }
    }

    /// Where the fields of a struct type lie.
    pub(crate) fn struct_layout(&self, type_index: u32) -> &StructLayout {
        self.structs[type_index as usize]
            .get_or_init(|| StructLayout::new(self.struct_fields(type_index)))
    }

    /// What the elements of an array type are.
    pub(crate) fn array_element(&self, type_index: u32) -> StorageType {
        match &self.module.types[type_index as usize].composite {
            CompositeType::Array(ty) => ty.element.storage,
            CompositeType::Function(_)
            | CompositeType::Struct(_)
            | CompositeType::Continuation(_) => {
                unreachable!("the validator proved that this is an array type")
            }
        }
    }

    /// Whether a type has no subtypes.
    pub(crate) fn is_final(&self, type_index: u32) -> bool {
        self.module.types[type_index as usize].is_final
    }

    /// A reference type that an operator names.
    pub(crate) fn ref_type(&self, nullable: bool, heap: wasmparser::HeapType) -> RefType {
        let heap = match heap {
            wasmparser::HeapType::Abstract { ty, .. } => match ty {
                AbstractHeapType::Func => HeapType::Func,
                AbstractHeapType::NoFunc => HeapType::NoFunc,
                AbstractHeapType::Extern => HeapType::Extern,
                AbstractHeapType::NoExtern => HeapType::NoExtern,
                AbstractHeapType::Any => HeapType::Any,
                AbstractHeapType::None => HeapType::None,
                AbstractHeapType::Eq => HeapType::Eq,
                AbstractHeapType::Struct => HeapType::Struct,
                AbstractHeapType::Array => HeapType::Array,
                AbstractHeapType::I31 => HeapType::I31,
                AbstractHeapType::Exn => HeapType::Exn,
                AbstractHeapType::NoExn => HeapType::NoExn,
                AbstractHeapType::Cont => HeapType::Cont,
                AbstractHeapType::NoCont => HeapType::NoCont,
            },
            wasmparser::HeapType::Concrete(index) | wasmparser::HeapType::Exact(index) => {
                let exact = matches!(heap, wasmparser::HeapType::Exact(_));
                let index = index.as_module_index();
                let index = index.expect("an operator names types by their index");
                let kind = self.module.types[index as usize].composite.kind();
                HeapType::Concrete { index, kind, exact }
            }
        };
        RefType { nullable, heap }
    }

    /// Collects what translation needs to know.
    #[must_use]
    pub fn new(module: &'a Module, settings: &'a Settings) -> Environment<'a> {
        Environment::with_layouts(module, settings, &[], Layouts::new(module))
    }

    /// As [`Environment::new`], with the layouts of this module; and with its bytes, where they were made with them.
    #[must_use]
    pub fn with_layouts(
        module: &'a Module,
        settings: &'a Settings,
        bytes: &'a [u8],
        layouts: Layouts,
    ) -> Environment<'a> {
        Environment {
            module,
            settings,
            layout: layouts.context,
            branch_hints: layouts.branch_hints,
            quiet: QuietFunctions::new(bytes, layouts.quiet),
            memory_styles: (module.memories.iter())
                .map(|memory| settings.memory_style(memory))
                .collect(),
            structs: layouts.structs,
        }
    }

    /// Looks beyond the function at hand, for branch hints and into callees, in `bytes`, which are the module.
    #[must_use]
    pub fn with_bytes(self, bytes: &'a [u8]) -> Environment<'a> {
        let layouts = Layouts::with_bytes(bytes, self.module);
        Environment::with_layouts(self.module, self.settings, bytes, layouts)
    }

    /// Whether an exception may come out of a call of this function.
    pub(crate) fn may_throw(&self, function: u32) -> bool {
        !self.quiet.contains(self.module, function)
    }

    /// What remains of an operator's type in machine code.
    pub(crate) fn machine_type(&self, ty: ValType) -> MachineType {
        match ty {
            ValType::I32 => MachineType::I32,
            ValType::I64 => MachineType::I64,
            ValType::F32 => MachineType::F32,
            ValType::F64 => MachineType::F64,
            ValType::V128 => MachineType::V128,
            ValType::Ref(ty) => self.heap_machine_type(ty.heap_type()),
        }
    }

    /// What remains of a reference of this heap type in machine code.
    pub(crate) fn heap_machine_type(&self, ty: wasmparser::HeapType) -> MachineType {
        let kind = match ty {
            wasmparser::HeapType::Abstract { ty, .. } => {
                return match ty {
                    AbstractHeapType::Func | AbstractHeapType::NoFunc => MachineType::Reference,
                    _ => MachineType::Object,
                };
            }
            wasmparser::HeapType::Concrete(index) | wasmparser::HeapType::Exact(index) => {
                let index = index.as_module_index().map(|index| index as usize);
                index.and_then(|index| self.module.types.get(index))
            }
        };
        match kind.map(|ty| ty.composite.kind()) {
            Some(TypeKind::Function) => MachineType::Reference,
            Some(TypeKind::Struct | TypeKind::Array | TypeKind::Continuation) => {
                MachineType::Object
            }
            None => unreachable!("an operator names a type of its module, as the validator proved"),
        }
    }

    pub(crate) fn function_type(&self, type_index: u32) -> &'a FunctionType {
        self.module
            .function_type(type_index)
            .expect("the validator proved that this is a function type")
    }

    /// The type of what is suspended in a continuation of a type.
    pub(crate) fn continuation_function(&self, type_index: u32) -> &'a FunctionType {
        self.module
            .continuation_function(type_index)
            .expect("the validator proved that this is a continuation type")
    }

    /// The function type whose parameters an exception with this tag carries.
    pub(crate) fn tag_type(&self, tag: u32) -> &'a FunctionType {
        self.function_type(self.module.tags[tag as usize].function)
    }

    pub(crate) fn memory(&self, memory: u32) -> &'a MemoryType {
        &self.module.memories[memory as usize]
    }

    pub(crate) fn memory_style(&self, memory: u32) -> MemoryStyle {
        self.memory_styles[memory as usize]
    }

    pub(crate) fn table(&self, table: u32) -> &'a TableType {
        &self.module.tables[table as usize].ty
    }
}
