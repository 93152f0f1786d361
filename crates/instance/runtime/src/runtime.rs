//! What all stores of an engine share: limits, types, idle stacks and memories.

use std::sync::Arc;

use silica_contract::settings::{Architecture, MemoryStyle, ProcessorFeatures, Settings};
use silica_module::{CompositeType, FunctionType, MemoryType, SubType, ValueType};

use crate::{
    TierUp,
    code::Optimizer,
    memory::MemoryPool,
    stacks::StackPool,
    types::{self, RegisteredType, TypeRegistry},
};

/// Sizes and limits of an engine.
#[derive(Clone, Debug)]
pub struct RuntimeConfig {
    /// Bytes of stack for WebAssembly, and for the host functions that it calls while there is enough left.
    pub stack_bytes: usize,
    /// Bytes of stack that a host function finds at least. Where less is left of WebAssembly's, it runs on a reserve of this size.
    pub host_stack_bytes: usize,
    /// Stacks kept for reuse.
    pub stacks_idle_max: usize,
    /// Memory slots kept for reuse; 0 for none.
    pub memories_idle_max: usize,
    /// Bytes of a reused slot that are cleared by hand instead of given back to the system.
    pub memory_keep_resident: usize,
    /// Address space reserved for a 32-bit memory: 4 GiB for code without checks, as in
    /// [`silica_contract::settings::Settings::memory_reservation`], which must be the same.
    pub memory_reservation: u64,
    /// Bytes after a reservation that fault; as in [`silica_contract::settings::Settings::memory_guard`].
    pub memory_guard: u64,
    /// Whether a memory moves that outgrows a reservation of less than 4 GiB; as in
    /// [`silica_contract::settings::Settings::memory_may_move`].
    pub memory_may_move: bool,
    /// Address space reserved for a 64-bit memory that does not move, unless its maximum is smaller.
    pub memory64_reservation: u64,
    /// Most elements of a table, whatever its type says.
    pub table_elements_max: u64,
    /// Signal for interruptions; `None` is the system's default for it (SIGURG).
    pub interrupt_signal: Option<i32>,
    /// External objects that a store may hold.
    pub externrefs_max: u32,
    /// Continuations that a store may have at a time, each with a stack once it has begun.
    pub continuations_max: u32,
    /// Bytes of a store's objects at most, of 4 GiB that there can be.
    pub heap_bytes_max: u64,
    /// Bytes of the part of a store's heap where new objects are made.
    pub heap_nursery_bytes: u32,
    /// Whether to collect whenever an object is made, and to verify the heap afterwards: for finding references that are
    /// not known to the collector.
    pub heap_stress: bool,
    /// When functions are optimized that were compiled when they were first called; never, if this is not said.
    pub tier_up: Option<TierUp>,
}

impl Default for RuntimeConfig {
    fn default() -> RuntimeConfig {
        RuntimeConfig {
            stack_bytes: 1 << 20,
            host_stack_bytes: 512 << 10,
            stacks_idle_max: 16,
            memories_idle_max: 16,
            memory_keep_resident: 0,
            memory_reservation: 4 << 30,
            memory_guard: 2 << 30,
            memory_may_move: true,
            memory64_reservation: 64 << 30,
            table_elements_max: 10_000_000,
            interrupt_signal: None,
            externrefs_max: 1 << 20,
            continuations_max: 10_000,
            heap_bytes_max: 4 << 30,
            heap_nursery_bytes: 1 << 20,
            heap_stress: false,
            tier_up: None,
        }
    }
}

impl RuntimeConfig {
    /// How code of this engine checks accesses to a memory of type `ty`.
    pub(crate) fn memory_style(&self, ty: &MemoryType) -> MemoryStyle {
        let settings = Settings {
            memory_reservation: self.memory_reservation,
            memory_guard: self.memory_guard,
            memory_may_move: self.memory_may_move,
            ..Settings::new(ProcessorFeatures {
                architecture: Architecture::HOST,
                enabled: Vec::new(),
            })
        };
        settings.memory_style(ty)
    }
}

/// Stack for a compiler: what the system gives a thread that only compiles.
const RESOLVE_STACK_BYTES: usize = 2 << 20;
/// Least stack for host functions: what a handler of errors in them needs.
const HOST_STACK_MIN: usize = 64 << 10;
/// Least stack for WebAssembly: what the arguments of any call need.
const STACK_MIN: usize = 64 << 10;

/// What an engine's modules and stores share. Cloning gives another handle to the same.
#[derive(Clone)]
pub struct Runtime(Arc<Shared>);

struct Shared {
    config: RuntimeConfig,
    types: Arc<TypeRegistry>,
    stacks: StackPool,
    resolve_stacks: StackPool,
    memories: Arc<MemoryPool>,
    optimizer: Option<Optimizer>,
    signal: i32,
}

impl std::fmt::Debug for Runtime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Runtime")
            .field("config", &self.0.config)
            .finish_non_exhaustive()
    }
}

impl Runtime {
    /// A runtime of a process whose faults are handled, interrupted by that signal.
    pub(crate) fn with_signal(mut config: RuntimeConfig, signal: i32) -> Runtime {
        config.host_stack_bytes = config.host_stack_bytes.max(HOST_STACK_MIN);
        config.stack_bytes = config.stack_bytes.max(STACK_MIN);
        Runtime(Arc::new(Shared {
            types: Arc::new(TypeRegistry::default()),
            stacks: StackPool::new(
                config.stack_bytes,
                config.host_stack_bytes,
                config.stacks_idle_max,
            ),
            resolve_stacks: StackPool::new(RESOLVE_STACK_BYTES, 0, config.stacks_idle_max),
            memories: Arc::new(MemoryPool::new(
                config.memories_idle_max,
                config.memory_keep_resident,
            )),
            optimizer: config.tier_up.map(Optimizer::new),
            signal,
            config,
        }))
    }

    /// Sizes and limits.
    #[must_use]
    pub fn config(&self) -> &RuntimeConfig {
        &self.0.config
    }

    /// Whether both are handles to one runtime.
    #[must_use]
    pub fn same(&self, other: &Runtime) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Registers a final function type. Its [`silica_module::HeapType::Concrete`] hold canonical ids.
    #[must_use]
    pub fn function_type(&self, ty: &FunctionType) -> RegisteredType {
        self.register_type(SubType::from(CompositeType::Function(ty.clone())))
    }

    /// Registers a type that does not refer to itself. Its [`silica_module::HeapType::Concrete`] and its supertype
    /// hold canonical ids of types that are alive, and it matches its supertype.
    #[must_use]
    pub fn register_type(&self, ty: SubType) -> RegisteredType {
        self.0.types.register_one(ty)
    }

    /// The type with this canonical id, if it is alive.
    #[must_use]
    pub fn type_of_id(&self, id: u32) -> Option<RegisteredType> {
        self.0.types.get(id)
    }

    /// Whether a type was registered here.
    #[must_use]
    pub fn owns_type(&self, ty: &RegisteredType) -> bool {
        ty.is_of(&self.0.types)
    }

    /// Whether a value of type `sub` can be used where `sup` is needed; both canonical.
    #[must_use]
    pub fn is_subtype(&self, sub: ValueType, sup: ValueType) -> bool {
        types::is_value_subtype(&self.0.types, sub, sup)
    }

    /// Whether a type made of `sub` can declare one made of `sup` as its supertype; both canonical.
    #[must_use]
    pub fn is_composite_subtype(&self, sub: &CompositeType, sup: &CompositeType) -> bool {
        types::is_composite_subtype(&self.0.types, sub, sup)
    }

    pub(crate) fn types(&self) -> &Arc<TypeRegistry> {
        &self.0.types
    }

    pub(crate) fn stacks(&self) -> &StackPool {
        &self.0.stacks
    }

    /// Stacks that functions are compiled on when they are called.
    pub(crate) fn resolve_stacks(&self) -> &StackPool {
        &self.0.resolve_stacks
    }

    /// What optimizes functions that are used much.
    pub(crate) fn optimizer(&self) -> Option<&Optimizer> {
        self.0.optimizer.as_ref()
    }

    pub(crate) fn memories(&self) -> &Arc<MemoryPool> {
        &self.0.memories
    }

    pub(crate) fn interrupt_signal(&self) -> i32 {
        self.0.signal
    }
}
