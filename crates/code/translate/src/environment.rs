//! What is known of a module while its functions are translated.

use silica_contract::{
    layout::ContextLayout,
    settings::{MemoryStyle, Settings},
};
use silica_module::{FunctionType, MemoryType, Module, TableType, TypeKind};
use silica_operator::MachineType;
use wasmparser::{AbstractHeapType, ValType};

/// A module and the settings it is compiled with. Shared by all functions, on all threads.
#[derive(Debug)]
pub struct Environment<'a> {
    /// The module.
    pub module: &'a Module,
    /// The settings.
    pub settings: &'a Settings,
    /// Offsets of the context's fields.
    pub layout: ContextLayout,
}

impl<'a> Environment<'a> {
    /// Collects what translation needs to know.
    #[must_use]
    pub fn new(module: &'a Module, settings: &'a Settings) -> Environment<'a> {
        Environment {
            module,
            settings,
            layout: ContextLayout::new(module),
        }
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
            Some(TypeKind::Struct | TypeKind::Array) => MachineType::Object,
            None => unreachable!("an operator names a type of its module, as the validator proved"),
        }
    }

    pub(crate) fn function_type(&self, type_index: u32) -> &'a FunctionType {
        self.module
            .function_type(type_index)
            .expect("the validator proved that this is a function type")
    }

    /// The function type whose parameters an exception with this tag carries.
    pub(crate) fn tag_type(&self, tag: u32) -> &'a FunctionType {
        self.function_type(self.module.tags[tag as usize].function)
    }

    pub(crate) fn memory(&self, memory: u32) -> &'a MemoryType {
        &self.module.memories[memory as usize]
    }

    pub(crate) fn memory_style(&self, memory: u32) -> MemoryStyle {
        self.settings.memory_style(self.memory(memory))
    }

    pub(crate) fn table(&self, table: u32) -> &'a TableType {
        &self.module.tables[table as usize].ty
    }
}
