//! Memories that threads share.

use std::sync::atomic::Ordering;
use std::time::Duration;

use silica_engine::{
    Engine, Extern, Linker, MemoryType, Module, SharedMemory, Store, Trap, WaitResult,
};
use silica_tests_embed::{instance, linked};

const ADDS: &str = r#"(module (import "h" "m" (memory 1 4 shared))
    (func (export "add") (param i32)
        (loop $again
            (drop (i32.atomic.rmw.add (i32.const 8) (i32.const 1)))
            (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
            (br_if $again (local.get 0))))
    (func (export "grow") (result i32) (memory.grow (i32.const 1)))
    (func (export "wait") (result i32) (memory.atomic.wait32 (i32.const 16) (i32.const 0) (i64.const -1)))
    (func (export "notify") (result i32) (memory.atomic.notify (i32.const 16) (i32.const 10))))"#;

fn number(memory: &SharedMemory, at: usize) -> u32 {
    let bytes: Vec<u8> = memory.bytes()[at..at + 4]
        .iter()
        .map(|b| b.load(Ordering::SeqCst))
        .collect();
    u32::from_le_bytes(bytes.try_into().unwrap())
}

#[test]
fn threads_add_to_one_number() {
    let engine = Engine::default();
    let module = Module::new(&engine, ADDS).unwrap();
    let memory = SharedMemory::new(&engine, MemoryType::shared(1, 4)).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut store = Store::new(&engine, ());
                let mut linker: Linker<()> = Linker::new(&engine);
                linker.define(&store, "h", "m", memory.clone()).unwrap();
                let instance = linker.instantiate(&mut store, &module).unwrap();
                let add = instance
                    .get_typed_func::<i32, ()>(&mut store, "add")
                    .unwrap();
                add.call(&mut store, 10_000).unwrap();
            });
        }
    });
    assert_eq!(number(&memory, 8), 40_000);
}

#[test]
fn growth_is_seen_everywhere() {
    let engine = Engine::default();
    let memory = SharedMemory::new(&engine, MemoryType::shared(1, 4)).unwrap();
    let mut store = Store::new(&engine, ());
    let mut linker: Linker<()> = Linker::new(&engine);
    linker.define(&store, "h", "m", memory.clone()).unwrap();
    let instance = linked(&mut store, &linker, ADDS);
    let grow = instance
        .get_typed_func::<(), i32>(&mut store, "grow")
        .unwrap();
    assert_eq!(grow.call(&mut store, ()).unwrap(), 1);
    assert_eq!((memory.size(), memory.data_size()), (2, 2 << 16));
    assert_eq!(memory.grow(2).unwrap(), 2);
    assert_eq!(grow.call(&mut store, ()).unwrap(), -1);
    assert!(memory.grow(1).is_err());
    assert!(memory.grow(u64::MAX).is_err());
}

#[test]
fn a_waiting_program_is_notified_by_the_host() {
    let engine = Engine::default();
    let memory = SharedMemory::new(&engine, MemoryType::shared(1, 4)).unwrap();
    let waiter = std::thread::spawn({
        let (engine, memory) = (engine.clone(), memory.clone());
        move || {
            let mut store = Store::new(&engine, ());
            let mut linker: Linker<()> = Linker::new(&engine);
            linker.define(&store, "h", "m", memory).unwrap();
            let instance = linked(&mut store, &linker, ADDS);
            let wait = instance
                .get_typed_func::<(), i32>(&mut store, "wait")
                .unwrap();
            wait.call(&mut store, ()).unwrap()
        }
    });
    let mut woken = 0;
    while woken == 0 {
        std::thread::sleep(Duration::from_millis(1));
        woken = memory.atomic_notify(16, 1).unwrap();
    }
    assert_eq!((woken, waiter.join().unwrap()), (1, 0));
}

#[test]
fn waits_of_the_host() {
    let memory = SharedMemory::new(&Engine::default(), MemoryType::shared(1, 1)).unwrap();
    let short = Some(Duration::from_millis(1));
    assert_eq!(
        memory.atomic_wait32(0, 1, short).unwrap(),
        WaitResult::Mismatch
    );
    assert_eq!(
        memory.atomic_wait32(0, 0, short).unwrap(),
        WaitResult::TimedOut
    );
    assert_eq!(
        memory.atomic_wait64(8, 0, short).unwrap(),
        WaitResult::TimedOut
    );
    assert_eq!(memory.atomic_wait64(4, 0, short), Err(Trap::HeapMisaligned));
    assert_eq!(
        memory.atomic_wait32(65536, 0, short),
        Err(Trap::MemoryOutOfBounds)
    );
    assert_eq!(
        memory.atomic_wait32(u64::MAX - 3, 0, short),
        Err(Trap::MemoryOutOfBounds)
    );
    assert_eq!(memory.atomic_notify(0, 1), Ok(0));
    assert!(memory.atomic_notify(1, 1).is_err());
}

#[test]
fn they_are_no_plain_memories() {
    let (mut store, instance) = instance(r#"(module (memory (export "m") 1 2 shared))"#);
    assert!(instance.get_memory(&mut store, "m").is_none());
    let shared = instance.get_shared_memory(&mut store, "m").unwrap();
    assert!(shared.ty().is_shared());
    assert!(matches!(
        instance.get_export(&mut store, "m"),
        Some(Extern::SharedMemory(_))
    ));
    assert!(SharedMemory::new(&Engine::default(), MemoryType::new(1, Some(2))).is_err());
}

#[test]
fn one_outlives_its_store() {
    let memory = {
        let (mut store, instance) = instance(r#"(module (memory (export "m") 1 2 shared))"#);
        instance.get_shared_memory(&mut store, "m").unwrap()
    };
    memory.bytes()[7].store(3, Ordering::SeqCst);
    assert_eq!(memory.bytes()[7].load(Ordering::SeqCst), 3);
}
