//! Modules whose functions are a few bytes of x86-64 machine code, written by hand, so that the runtime
//! is tested without a compiler. The code follows the `tail` convention: rdi is the callee's context, rsi the caller's,
//! rdx, rcx, r8 and r9 the first integer parameters.

#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test file is a crate that uses some of this"
)]

use silica_contract::{
    image::{CodeRange, Functions, ImageParts, MemoryImage, Metadata, write},
    layout::{ContextLayout, Slot, function},
    settings::{Architecture, ProcessorFeatures, Settings},
    trap::TrapCode,
};
use silica_module::{
    CompositeType, EntityType, Export, FunctionBody, FunctionType, GlobalType, Import, IndexType,
    MemoryType, Module, RecGroup, SubType, TableType, ValueType,
};
use silica_runtime::{
    CompiledModule, Extern, Function, Image, Instance, Runtime, RuntimeConfig, StoreState,
};

pub const I32: ValueType = ValueType::I32;
pub const I64: ValueType = ValueType::I64;
pub const F32: ValueType = ValueType::F32;
pub const F64: ValueType = ValueType::F64;

/// `ret`
pub const RET: &[u8] = &[0xc3];
/// `ud2`
pub const UD2: &[u8] = &[0x0f, 0x0b];
/// `push rbp; mov rbp, rsp`
pub const PROLOGUE: &[u8] = &[0x55, 0x48, 0x89, 0xe5];
/// `pop rbp; ret`
pub const EPILOGUE: &[u8] = &[0x5d, 0xc3];
/// `jmp` to itself
pub const FOREVER: &[u8] = &[0xeb, 0xfe];

pub fn runtime() -> Runtime {
    Runtime::new(RuntimeConfig::default()).unwrap()
}

/// Builds a module and its image.
pub struct Builder {
    pub module: Module,
    code: Vec<Vec<u8>>,
    traps: Vec<Vec<(u32, TrapCode)>>,
    pub settings: Settings,
    pub kept: Vec<u8>,
    pub memories: Vec<u8>,
    pub memory_images: Vec<MemoryImage>,
    pub data_in_images: u32,
}

impl Builder {
    pub fn new() -> Builder {
        Builder {
            module: Module::default(),
            code: Vec::new(),
            traps: Vec::new(),
            settings: Settings::new(ProcessorFeatures {
                architecture: Architecture::HOST,
                enabled: Vec::new(),
            }),
            kept: Vec::new(),
            memories: Vec::new(),
            memory_images: Vec::new(),
            data_in_images: 0,
        }
    }

    pub fn ty(&mut self, params: &[ValueType], results: &[ValueType]) -> u32 {
        let ty = SubType::from(CompositeType::Function(FunctionType {
            params: params.into(),
            results: results.into(),
        }));
        if let Some(index) = self.module.types.iter().position(|other| *other == ty) {
            return index as u32;
        }
        let first = self.module.types.len() as u32;
        self.module.types.push(ty);
        self.module.rec_groups.push(RecGroup { first, count: 1 });
        first
    }

    pub fn import(&mut self, params: &[ValueType], results: &[ValueType]) -> u32 {
        let ty = self.ty(params, results);
        self.push_import(EntityType::Function(ty));
        self.module.imported_functions += 1;
        self.module.functions.push(ty);
        self.module.imported_functions - 1
    }

    pub fn import_global(&mut self, ty: GlobalType) {
        self.push_import(EntityType::Global(ty));
        self.module
            .globals
            .push(silica_module::Global { ty, initial: None });
        self.module.imported_globals += 1;
    }

    pub fn import_memory(&mut self, ty: MemoryType) {
        self.push_import(EntityType::Memory(ty));
        self.module.memories.push(ty);
        self.module.imported_memories += 1;
    }

    pub fn import_table(&mut self, ty: TableType) {
        self.push_import(EntityType::Table(ty));
        self.module
            .tables
            .push(silica_module::Table { ty, initial: None });
        self.module.imported_tables += 1;
    }

    fn push_import(&mut self, entity: EntityType) {
        let name = format!("import{}", self.module.imports.len());
        self.module.imports.push(Import {
            module: "host".to_owned(),
            name,
            entity,
            exact: false,
        });
    }

    /// A function, exported by its number; code is given later for functions that need the layout.
    pub fn function(&mut self, params: &[ValueType], results: &[ValueType]) -> u32 {
        let ty = self.ty(params, results);
        let index = self.module.functions.len() as u32;
        self.module.functions.push(ty);
        self.module.bodies.push(FunctionBody {
            bytes: Default::default(),
        });
        self.module.exports.push(Export {
            name: format!("f{index}"),
            entity: EntityType::Function(ty),
            index,
        });
        self.module.escaping_functions.push(index);
        self.code.push(Vec::new());
        self.traps.push(Vec::new());
        index
    }

    pub fn code(&mut self, function: u32, parts: &[&[u8]]) {
        let defined = (function - self.module.imported_functions) as usize;
        self.code[defined] = parts.concat();
    }

    pub fn trap(&mut self, function: u32, offset: u32, code: TrapCode) {
        let defined = (function - self.module.imported_functions) as usize;
        self.traps[defined].push((offset, code));
    }

    pub fn with_code(
        &mut self,
        params: &[ValueType],
        results: &[ValueType],
        parts: &[&[u8]],
    ) -> u32 {
        let function = self.function(params, results);
        self.code(function, parts);
        function
    }

    pub fn memory(&mut self, min: u64, max: Option<u64>) -> u32 {
        self.module.memories.push(MemoryType {
            index: IndexType::I32,
            min,
            max,
            shared: false,
            page_size_log2: 16,
        });
        self.module.memories.len() as u32 - 1
    }

    pub fn layout(&self) -> ContextLayout {
        ContextLayout::new(&self.module)
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut text = Vec::new();
        let mut functions = Vec::new();
        let mut traps = Vec::new();
        let mut addresses = Vec::new();
        for (code, sites) in self.code.iter().zip(&self.traps) {
            text.resize(text.len().next_multiple_of(16), 0xcc);
            let start = text.len() as u32;
            functions.push(CodeRange {
                start,
                length: code.len() as u32,
            });
            traps.extend(sites.iter().map(|(offset, code)| (start + offset, *code)));
            addresses.push((start, start));
            text.extend_from_slice(code);
        }
        let metadata = Metadata {
            engine_version: "test".to_owned(),
            settings: self.settings.clone(),
            module: self.module.clone(),
            code_section_start: 0,
            memory_images: self.memory_images.clone(),
            data_in_images: self.data_in_images,
        };
        write(&ImageParts {
            module_hash: [0; 32],
            metadata: &metadata,
            text: &text,
            functions: Functions::Whole(&functions),
            traps: &traps,
            addresses: &addresses,
            inlined: &[],
            memories: &self.memories,
            kept: &self.kept,
            stack_maps: &[],
            handlers: &[],
        })
        .unwrap()
    }

    pub fn compile(&self, runtime: &Runtime) -> CompiledModule {
        let image = Image::from_vec(self.bytes()).unwrap();
        // SAFETY: the code is written by hand to do what the module's types say.
        unsafe { CompiledModule::new(runtime, image) }.unwrap()
    }
}

pub fn export(store: &StoreState, instance: Instance, function: u32) -> Function {
    match instance.export_by_name(store, &format!("f{function}")) {
        Some(Extern::Function(function)) => function,
        other => panic!("expected a function, found {other:?}"),
    }
}

/// `call` of an imported function, with the parameters where they are: keeps a frame.
pub fn call_import(layout: &ContextLayout, import: u32) -> Vec<u8> {
    [PROLOGUE, &call_import_bare(layout, import), EPILOGUE].concat()
}

/// As [`call_import`], without the frame.
pub fn call_import_bare(layout: &ContextLayout, import: u32) -> Vec<u8> {
    let place = layout.imported_function(import);
    let mut code = vec![0x48, 0x89, 0xfe]; // mov rsi, rdi
    code.extend([0x48, 0x8b, 0xbe]); // mov rdi, [rsi + context]
    code.extend((place + function::CONTEXT).to_le_bytes());
    code.extend([0xff, 0x96]); // call [rsi + code]
    code.extend((place + function::CODE).to_le_bytes());
    code
}

/// Tail call of an imported function.
pub fn tail_call_import(layout: &ContextLayout, import: u32) -> Vec<u8> {
    let place = layout.imported_function(import);
    let mut code = vec![0x48, 0x89, 0xfe]; // mov rsi, rdi
    code.extend([0x48, 0x8b, 0x87]); // mov rax, [rdi + code]
    code.extend((place + function::CODE).to_le_bytes());
    code.extend([0x48, 0x8b, 0xbf]); // mov rdi, [rdi + context]
    code.extend((place + function::CONTEXT).to_le_bytes());
    code.extend([0xff, 0xe0]); // jmp rax
    code
}

/// `mov rax, [rdi + base of a memory of the module's own]`
pub fn load_memory_base(layout: &ContextLayout, memory: u32) -> Vec<u8> {
    let Slot::Inline(offset) = layout.memory(memory) else {
        panic!("the memory is the module's own");
    };
    let mut code = vec![0x48, 0x8b, 0x87];
    code.extend(offset.to_le_bytes());
    code
}

/// Calls a builtin with C's arguments after the context already in rsi, rdx, rcx, r8, r9; keeps a frame.
pub fn call_builtin(builtin: silica_contract::builtin::Builtin) -> Vec<u8> {
    let mut code = PROLOGUE.to_vec();
    code.extend([
        0x48,
        0x8b,
        0x47,
        silica_contract::layout::header::BUILTINS as u8,
    ]); // mov rax, [rdi + builtins]
    code.extend([0xff, 0x90]); // call [rax + offset]
    code.extend(builtin.table_offset().to_le_bytes());
    code.extend(EPILOGUE);
    code
}
