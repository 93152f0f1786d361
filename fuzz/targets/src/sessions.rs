//! An instance of the same module here and on `wasmi`, asked the same questions.

use silica_contract::trap::TrapCode;
use silica_engine::{Extern, Instance, Module, Ref, Store, ThrownException, Val, WasmBacktrace};

use crate::engines::{
    EngineKind, engine, silica_bits, silica_trap, silica_value, wasmi_bits, wasmi_trap, wasmi_value,
};
use crate::operators::Type;

/// An argument: its type and bits, or a null reference.
pub type Argument = Option<(Type, u128)>;

/// Why a call gave no results.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// It trapped.
    Trap(TrapCode),
    /// An exception left it.
    Exception,
    /// The store had no room for an object that the module begins with.
    Room,
}

impl Stop {
    /// Whether an engine came to a limit of its own, which others need not have.
    #[must_use]
    pub fn is_limit(self) -> bool {
        match self {
            Stop::Trap(code) => {
                matches!(code, TrapCode::StackOverflow | TrapCode::HeapExhausted)
            }
            Stop::Exception => false,
            Stop::Room => true,
        }
    }

    fn of(error: &silica_engine::Error) -> Option<Stop> {
        if error.is::<ThrownException>() {
            return Some(Stop::Exception);
        }
        // Before a call there is no trap.
        if error.to_string().starts_with("out of memory") {
            return Some(Stop::Room);
        }
        silica_trap(error).map(Stop::Trap)
    }
}

/// What calls leave behind, of all that is exported, by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// Bits of globals; of references, whether they are there.
    pub globals: Vec<u128>,
    /// Contents of memories.
    pub memories: Vec<Vec<u8>>,
    /// Which elements of tables are there.
    pub tables: Vec<Vec<bool>>,
}

/// A function, and an offset in the module.
pub type Place = (Option<u32>, Option<usize>);

/// An instance that can be called and looked at.
pub trait Session {
    /// Exported functions that can be called, with their parameters' types: `None` for references, which are null.
    fn functions(&mut self) -> Vec<(String, Vec<Option<Type>>)>;
    /// Calls a function; gives its results' bits.
    ///
    /// # Errors
    /// Why it gave none.
    ///
    /// # Panics
    /// Where the call fails in any other way.
    fn call(&mut self, name: &str, arguments: &[Argument]) -> Result<Vec<u128>, Stop>;
    /// What is exported besides functions.
    fn state(&mut self) -> State;
    /// Where the last call trapped: function and offset of each frame. `None` where that is not known.
    fn trace(&self) -> Option<&[Place]> {
        None
    }
}

/// Exports by name: `wasmi` does not keep their order.
fn sorted<E>(mut exports: Vec<(String, E)>) -> Vec<(String, E)> {
    exports.sort_by(|a, b| a.0.cmp(&b.0));
    exports
}

/// An instance here.
#[derive(Debug)]
pub struct SilicaSession {
    store: Store<()>,
    instance: Instance,
    trace: Vec<Place>,
}

impl SilicaSession {
    /// Compiles and instantiates the module.
    ///
    /// # Errors
    /// The trap of instantiation, or that an exception left the start function.
    ///
    /// # Panics
    /// Where the module does not compile or instantiate for any other reason.
    pub fn new(bytes: &[u8], kind: EngineKind) -> Result<SilicaSession, Stop> {
        // For whoever wants to look at a module that went wrong.
        if let Some(path) = std::env::var_os("SILICA_FUZZ_KEEP") {
            std::fs::write(path, bytes).expect("there is room for a module");
        }
        let engine = engine(kind);
        let module = Module::new(engine, bytes).unwrap_or_else(|e| panic!("{e:#}"));
        let mut store = Store::new(engine, ());
        if kind.counts_fuel() {
            store
                .set_fuel(u64::MAX >> 1)
                .unwrap_or_else(|e| panic!("{e:#}"));
        }
        match Instance::new(&mut store, &module, &[]) {
            Ok(instance) => Ok(SilicaSession {
                store,
                instance,
                trace: Vec::new(),
            }),
            Err(error) => Err(Stop::of(&error).unwrap_or_else(|| panic!("{error:#}"))),
        }
    }

    fn exports(&mut self) -> Vec<(String, Extern)> {
        let exports = self.instance.exports(&mut self.store);
        let exports = exports.map(|export| (export.name().to_owned(), export.into_extern()));
        sorted(exports.collect())
    }
}

impl Session for SilicaSession {
    fn functions(&mut self) -> Vec<(String, Vec<Option<Type>>)> {
        let mut functions = Vec::new();
        for (name, export) in self.exports() {
            if let Extern::Func(function) = export {
                let ty = function.ty(&self.store);
                if ty.params().all(|ty| Val::default_for_ty(&ty).is_some()) {
                    functions.push((name, ty.params().map(|ty| silica_type(&ty)).collect()));
                }
            }
        }
        functions
    }

    fn call(&mut self, name: &str, arguments: &[Argument]) -> Result<Vec<u128>, Stop> {
        let function = self
            .instance
            .get_func(&mut self.store, name)
            .expect("it is exported");
        let ty = function.ty(&self.store);
        let arguments: Vec<Val> = (ty.params().zip(arguments))
            .map(|(param, argument)| match argument {
                Some((ty, bits)) => silica_value(*ty, *bits),
                None => Val::default_for_ty(&param).expect("a null reference is a value"),
            })
            .collect();
        let mut results = vec![Val::I32(0); ty.results().len()];
        match function.call(&mut self.store, &arguments, &mut results) {
            Ok(()) => Ok(results.iter().map(silica_bits).collect()),
            Err(error) => {
                let frames = error.downcast_ref::<WasmBacktrace>();
                let frames = frames.map_or(&[][..], WasmBacktrace::frames);
                let places = frames.iter().map(|f| (f.func_index(), f.module_offset()));
                self.trace = places.collect();
                Err(Stop::of(&error).unwrap_or_else(|| panic!("{name}: {error:#}")))
            }
        }
    }

    fn trace(&self) -> Option<&[Place]> {
        Some(&self.trace)
    }

    fn state(&mut self) -> State {
        let (mut globals, mut memories, mut tables) = (Vec::new(), Vec::new(), Vec::new());
        for (_, export) in self.exports() {
            match export {
                Extern::Global(global) => globals.push(silica_bits(&global.get(&mut self.store))),
                Extern::Memory(memory) => memories.push(memory.data(&self.store).to_vec()),
                Extern::Table(table) => {
                    let there = (0..table.size(&self.store))
                        .map(|index| table.get(&mut self.store, index))
                        .map(|element| element.is_some_and(|element: Ref| !element.is_null()));
                    tables.push(there.collect());
                }
                Extern::Func(_) | Extern::SharedMemory(_) | Extern::Tag(_) => {}
            }
        }
        State {
            globals,
            memories,
            tables,
        }
    }
}

fn silica_type(ty: &silica_engine::ValType) -> Option<Type> {
    match ty {
        silica_engine::ValType::I32 => Some(Type::I32),
        silica_engine::ValType::I64 => Some(Type::I64),
        silica_engine::ValType::F32 => Some(Type::F32),
        silica_engine::ValType::F64 => Some(Type::F64),
        silica_engine::ValType::V128 => Some(Type::V128),
        silica_engine::ValType::Ref(_) => None,
    }
}

/// An instance on `wasmi`.
#[derive(Debug)]
pub struct WasmiSession {
    store: wasmi::Store<()>,
    instance: wasmi::Instance,
}

impl WasmiSession {
    /// Compiles and instantiates the module; `None` where `wasmi` does not know a proposal.
    #[must_use]
    pub fn new(bytes: &[u8]) -> Option<Result<WasmiSession, Stop>> {
        let mut config = wasmi::Config::default();
        config
            .set_max_recursion_depth(10_000)
            .wasm_multi_memory(true)
            .wasm_memory64(true)
            .wasm_custom_page_sizes(true)
            .wasm_wide_arithmetic(true)
            .wasm_simd(true);
        let engine = wasmi::Engine::new(&config);
        let module = wasmi::Module::new(&engine, bytes).ok()?;
        let mut store = wasmi::Store::new(&engine, ());
        match wasmi::Linker::new(&engine).instantiate_and_start(&mut store, &module) {
            Ok(instance) => Some(Ok(WasmiSession { store, instance })),
            Err(error) => Some(Err(Stop::Trap(instantiation_trap(&error)?))),
        }
    }

    fn exports(&self) -> Vec<(String, wasmi::Extern)> {
        let exports = self.instance.exports(&self.store);
        let exports = exports.map(|export| (export.name().to_owned(), export.into_extern()));
        sorted(exports.collect())
    }
}

/// `wasmi` has errors of its own for segments that do not fit.
fn instantiation_trap(error: &wasmi::Error) -> Option<TrapCode> {
    if let Some(code) = error.as_trap_code() {
        return Some(wasmi_trap(code));
    }
    let text = error.to_string();
    if text.contains("out of bounds table access") || text.contains("element segment") {
        Some(TrapCode::TableOutOfBounds)
    } else if text.contains("out of bounds memory access") || text.contains("data segment") {
        Some(TrapCode::MemoryOutOfBounds)
    } else {
        None
    }
}

impl Session for WasmiSession {
    fn functions(&mut self) -> Vec<(String, Vec<Option<Type>>)> {
        let mut functions = Vec::new();
        for (name, export) in self.exports() {
            if let wasmi::Extern::Func(function) = export {
                let ty = function.ty(&self.store);
                functions.push((name, ty.params().iter().copied().map(wasmi_type).collect()));
            }
        }
        functions
    }

    fn call(&mut self, name: &str, arguments: &[Argument]) -> Result<Vec<u128>, Stop> {
        let function = self
            .instance
            .get_func(&self.store, name)
            .expect("it is exported");
        let ty = function.ty(&self.store);
        let arguments: Vec<wasmi::Val> = (ty.params().iter().zip(arguments))
            .map(|(param, argument)| match argument {
                Some((ty, bits)) => wasmi_value(*ty, *bits),
                None => wasmi::Val::default_for_ty(*param),
            })
            .collect();
        let mut results = vec![wasmi::Val::I32(0); ty.results().len()];
        match function.call(&mut self.store, &arguments, &mut results) {
            Ok(()) => Ok(results.iter().map(wasmi_bits).collect()),
            Err(error) => {
                let code = error.as_trap_code();
                let code = code.unwrap_or_else(|| panic!("{name}: {error}"));
                Err(Stop::Trap(wasmi_trap(code)))
            }
        }
    }

    fn state(&mut self) -> State {
        let (mut globals, mut memories, mut tables) = (Vec::new(), Vec::new(), Vec::new());
        for (_, export) in self.exports() {
            match export {
                wasmi::Extern::Global(global) => {
                    globals.push(wasmi_bits(&global.get(&self.store)));
                }
                wasmi::Extern::Memory(memory) => memories.push(memory.data(&self.store).to_vec()),
                wasmi::Extern::Table(table) => {
                    let there = (0..table.size(&self.store))
                        .map(|index| table.get(&self.store, index))
                        .map(|element| element.is_some_and(|element| !element.is_null()));
                    tables.push(there.collect());
                }
                wasmi::Extern::Func(_) => {}
            }
        }
        State {
            globals,
            memories,
            tables,
        }
    }
}

fn wasmi_type(ty: wasmi::ValType) -> Option<Type> {
    match ty {
        wasmi::ValType::I32 => Some(Type::I32),
        wasmi::ValType::I64 => Some(Type::I64),
        wasmi::ValType::F32 => Some(Type::F32),
        wasmi::ValType::F64 => Some(Type::F64),
        wasmi::ValType::V128 => Some(Type::V128),
        wasmi::ValType::FuncRef | wasmi::ValType::ExternRef => None,
    }
}
