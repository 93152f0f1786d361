//! Atomic operators, waiting and notifying, on every way in which a memory is laid out and checked.

use std::time::Duration;

use silica_engine::{
    Config, Engine, InstanceAllocationStrategy, Linker, MemoryTypeBuilder, Module,
    PoolingAllocationConfig, SharedMemory, Store, Trap, TypedFunc, WasmParams, WasmResults,
};

/// Ways to lay memories out and to check accesses, by name.
fn configurations() -> Vec<(&'static str, Config)> {
    let with = |change: &dyn Fn(&mut Config)| {
        let mut config = Config::new();
        change(&mut config);
        config
    };
    let pool = || InstanceAllocationStrategy::from(PoolingAllocationConfig::new());
    vec![
        ("reserved", with(&|_| ())),
        (
            "checked",
            with(&|config| {
                config.memory_reservation(1 << 20);
            }),
        ),
        (
            "checked without guards",
            with(&|config| {
                config.memory_reservation(0).memory_guard_size(0);
            }),
        ),
        (
            "pooled",
            with(&|config| {
                config.allocation_strategy(pool());
            }),
        ),
        (
            "pooled and checked",
            with(&|config| {
                config
                    .memory_reservation(1 << 20)
                    .allocation_strategy(pool());
            }),
        ),
    ]
}

/// The operators on a memory that `memory` declares, with `index` as the type of addresses.
fn operators(memory: &str, index: &str) -> String {
    format!(
        r#"(module {memory}
        (func (export "add") (param {index} i32) (result i32)
            (i32.atomic.rmw.add (local.get 0) (local.get 1)))
        (func (export "exchange8") (param {index} i32) (result i32)
            (i32.atomic.rmw8.xchg_u offset=1 (local.get 0) (local.get 1)))
        (func (export "compare16") (param {index} i64 i64) (result i64)
            (i64.atomic.rmw16.cmpxchg_u (local.get 0) (local.get 1) (local.get 2)))
        (func (export "store64") (param {index} i64) (i64.atomic.store (local.get 0) (local.get 1)))
        (func (export "load64") (param {index}) (result i64) (i64.atomic.load (local.get 0)))
        (func (export "far") (param {index}) (result i32)
            (i32.atomic.load offset=0xfffffffc (local.get 0)))
        (func (export "notify") (param {index} i32) (result i32)
            (memory.atomic.notify offset=4 (local.get 0) (local.get 1)))
        (func (export "wait32") (param {index} i32 i64) (result i32)
            (memory.atomic.wait32 (local.get 0) (local.get 1) (local.get 2)))
        (func (export "wait64") (param {index} i64 i64) (result i32)
            (memory.atomic.wait64 (local.get 0) (local.get 1) (local.get 2))))"#
    )
}

/// An instance, with its memory where threads share it.
struct Guest {
    store: Store<()>,
    instance: silica_engine::Instance,
}

impl Guest {
    fn new(engine: &Engine, text: &str, shared: Option<&SharedMemory>) -> Guest {
        let module = Module::new(engine, text).unwrap();
        let mut store = Store::new(engine, ());
        let mut linker = Linker::new(engine);
        if let Some(memory) = shared {
            linker.define(&store, "h", "m", memory.clone()).unwrap();
        }
        let instance = linker.instantiate(&mut store, &module).unwrap();
        Guest { store, instance }
    }

    fn call<P: WasmParams, R: WasmResults>(&mut self, name: &str, params: P) -> Result<R, Trap> {
        let function: TypedFunc<P, R> =
            self.instance.get_typed_func(&mut self.store, name).unwrap();
        function
            .call(&mut self.store, params)
            .map_err(|error| *error.downcast_ref::<Trap>().expect("it traps"))
    }
}

/// Kinds of addresses, so that one test is for both.
trait Address: 'static {
    fn new(value: u64) -> Self;
}

impl Address for u32 {
    fn new(value: u64) -> u32 {
        value as u32
    }
}

impl Address for u64 {
    fn new(value: u64) -> u64 {
        value
    }
}

macro_rules! test_operators {
    ($what:expr, $guest:expr, $index:ty) => {{
        let (what, guest): (&str, &mut Guest) = ($what, $guest);
        let at = <$index>::new;
        assert_eq!(guest.call("add", (at(8), 5)), Ok(0), "{what}");
        assert_eq!(guest.call("add", (at(8), -7)), Ok(5), "{what}");
        assert_eq!(guest.call("add", (at(8), 0)), Ok(-2), "{what}");
        assert_eq!(guest.call("exchange8", (at(8), 1)), Ok(0xff), "{what}");
        let low = guest.call("compare16", (at(8), 0x1fe_i64, 0x1234_5678_i64));
        assert_eq!(low, Ok(0x1fe_i64), "{what}");
        assert_eq!(
            guest.call("compare16", (at(8), 0_i64, 1_i64)),
            Ok(0x5678_i64),
            "{what}"
        );
        assert_eq!(
            guest.call("store64", (at(65_528), i64::MIN)),
            Ok(()),
            "{what}"
        );
        assert_eq!(guest.call("load64", at(65_528)), Ok(i64::MIN), "{what}");
        // Bounds, and what is not aligned.
        let out = Err::<i32, _>(Trap::MemoryOutOfBounds);
        let unaligned = Err::<i32, _>(Trap::HeapMisaligned);
        assert_eq!(guest.call("add", (at(65_536), 1)), out, "{what}");
        assert_eq!(guest.call("add", (at(65_534), 1)), unaligned, "{what}");
        assert_eq!(guest.call("far", at(8)), out, "{what}");
        assert_eq!(guest.call("add", (at(u64::MAX - 3), 1)), out, "{what}");
        assert_eq!(guest.call("notify", (at(65_532), 1)), out, "{what}");
        assert_eq!(guest.call("notify", (at(2), 1)), unaligned, "{what}");
        assert_eq!(guest.call("notify", (at(0), 1)), Ok(0), "{what}");
    }};
}

macro_rules! test_waits {
    ($what:expr, $guest:expr, $index:ty) => {{
        let (what, guest): (&str, &mut Guest) = ($what, $guest);
        let at = <$index>::new;
        let (millisecond, never) = (1_000_000_i64, -1_i64);
        assert_eq!(guest.call("wait32", (at(64), 1, never)), Ok(1), "{what}");
        assert_eq!(
            guest.call("wait32", (at(64), 0, millisecond)),
            Ok(2),
            "{what}"
        );
        assert_eq!(
            guest.call("wait64", (at(64), 0_i64, 0_i64)),
            Ok(2),
            "{what}"
        );
        let out = Err::<i32, _>(Trap::MemoryOutOfBounds);
        let unaligned = Err::<i32, _>(Trap::HeapMisaligned);
        assert_eq!(guest.call("wait32", (at(65_536), 0, 0_i64)), out, "{what}");
        assert_eq!(
            guest.call("wait64", (at(u64::MAX - 7), 0_i64, 0_i64)),
            out,
            "{what}"
        );
        assert_eq!(
            guest.call("wait64", (at(68), 0_i64, 0_i64)),
            unaligned,
            "{what}"
        );
    }};
}

/// One thread waits in one instance, another notifies it in a second one.
fn test_notification<I: Address>(what: &str, engine: &Engine, text: &str, memory: &SharedMemory)
where
    (I, i32, i64): WasmParams,
    (I, i32): WasmParams,
{
    let waiter = std::thread::spawn({
        let (engine, text, memory) = (engine.clone(), text.to_owned(), memory.clone());
        move || {
            let mut guest = Guest::new(&engine, &text, Some(&memory));
            guest.call::<_, i32>("wait32", (I::new(132), 0_i32, -1_i64))
        }
    });
    let mut guest = Guest::new(engine, text, Some(memory));
    // The offset of `notify` is 4.
    while guest
        .call::<_, i32>("notify", (I::new(128), 1_i32))
        .unwrap()
        == 0
    {
        std::thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(waiter.join().unwrap(), Ok(0), "{what}");
}

#[test]
fn of_a_memory_that_is_not_shared() {
    for (what, config) in configurations() {
        let engine = Engine::new(&config).unwrap();
        let text = operators("(memory 1 1)", "i32");
        let mut guest = Guest::new(&engine, &text, None);
        test_operators!(what, &mut guest, u32);
        let waited = guest.call::<_, i32>("wait32", (0_u32, 0_i32, 0_i64));
        assert_eq!(waited, Err(Trap::AtomicWaitNonSharedMemory), "{what}");
        let text = operators("(memory i64 1 1)", "i64");
        let mut guest = Guest::new(&engine, &text, None);
        test_operators!(what, &mut guest, u64);
        let waited = guest.call::<_, i32>("wait32", (0_u64, 0_i32, 0_i64));
        assert_eq!(waited, Err(Trap::AtomicWaitNonSharedMemory), "{what}");
    }
}

#[test]
fn of_a_shared_memory_of_the_modules_own() {
    for (what, config) in configurations() {
        let engine = Engine::new(&config).unwrap();
        let text = operators("(memory 1 1 shared)", "i32");
        let mut guest = Guest::new(&engine, &text, None);
        test_operators!(what, &mut guest, u32);
        test_waits!(what, &mut guest, u32);
        let text = operators("(memory i64 1 1 shared)", "i64");
        let mut guest = Guest::new(&engine, &text, None);
        test_operators!(what, &mut guest, u64);
        test_waits!(what, &mut guest, u64);
    }
}

#[test]
fn of_an_imported_shared_memory() {
    for (what, config) in configurations() {
        let engine = Engine::new(&config).unwrap();
        let ty = |wide| {
            let mut builder = MemoryTypeBuilder::default();
            builder.min(1).max(Some(1)).shared(true).memory64(wide);
            builder.build().unwrap()
        };
        let text = operators(r#"(import "h" "m" (memory 1 1 shared))"#, "i32");
        let memory = SharedMemory::new(&engine, ty(false)).unwrap();
        let mut guest = Guest::new(&engine, &text, Some(&memory));
        test_operators!(what, &mut guest, u32);
        test_waits!(what, &mut guest, u32);
        test_notification::<u32>(what, &engine, &text, &memory);
        let text = operators(r#"(import "h" "m" (memory i64 1 1 shared))"#, "i64");
        let memory = SharedMemory::new(&engine, ty(true)).unwrap();
        let mut guest = Guest::new(&engine, &text, Some(&memory));
        test_operators!(what, &mut guest, u64);
        test_waits!(what, &mut guest, u64);
        test_notification::<u64>(what, &engine, &text, &memory);
    }
}
