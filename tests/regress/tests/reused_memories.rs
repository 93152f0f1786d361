//! A memory in address space that was another's shows the former tenant's bytes (class 10: GHSA-6wgr, CVE-2022-39393).
//!
//! The address space of dropped memories is kept for reuse with every allocation strategy, so each is looked at.

#![forbid(unsafe_code)]

use silica_engine::{
    Config, Engine, Instance, Memory, Module, PoolingAllocationConfig, Store, Trap,
};

fn engines() -> Vec<(&'static str, Engine)> {
    let with = |change: &dyn Fn(&mut Config)| {
        let mut config = Config::new();
        change(&mut config);
        Engine::new(&config).expect("each configuration is one that an embedder may choose")
    };
    let pool = |resident: usize| {
        let mut pool = PoolingAllocationConfig::new();
        pool.linear_memory_keep_resident(resident);
        pool
    };
    vec![
        ("on demand", with(&|_| {})),
        (
            "on demand, small reservation",
            with(&|c| {
                c.memory_reservation(1 << 20);
            }),
        ),
        (
            "pool",
            with(&|c| {
                c.allocation_strategy(pool(0));
            }),
        ),
        (
            "pool that keeps pages",
            with(&|c| {
                c.allocation_strategy(pool(96 << 10));
            }),
        ),
    ]
}

/// Pages, and a byte that fills `20000..60000` at the start if it is not 0.
fn module(engine: &Engine, pages: u32, byte: u8) -> Module {
    let data = match byte {
        0 => String::new(),
        byte => format!(
            r#"(data (i32.const 20000) "{}")"#,
            format!("\\{byte:02x}").repeat(40_000)
        ),
    };
    let text = format!(
        r#"(module (memory (export "memory") {pages} 8) {data}
        (func (export "load") (param i32) (result i32) (i32.load8_u (local.get 0))))"#
    );
    Module::new(engine, text).expect("the module compiles")
}

fn instance(engine: &Engine, module: &Module) -> (Store<()>, Instance, Memory) {
    let mut store = Store::new(engine, ());
    let instance = Instance::new(&mut store, module, &[]).expect("nothing is imported");
    let memory = instance
        .get_memory(&mut store, "memory")
        .expect("it is exported");
    (store, instance, memory)
}

#[test]
fn a_new_memory_begins_with_its_own_contents() {
    for (name, engine) in engines() {
        let modules = [(3, 1), (1, 2), (2, 0), (3, 1), (1, 0), (1, 2)]
            .map(|(pages, byte)| (module(&engine, pages, byte), pages as usize, byte));
        for round in 0..3 * modules.len() {
            let (module, pages, byte) = &modules[round % modules.len()];
            let (mut store, _, memory) = instance(&engine, module);
            memory.grow(&mut store, 1).unwrap();
            let bytes = memory.data_mut(&mut store);
            assert_eq!(bytes.len(), (pages + 1) << 16);
            for (address, found) in bytes.iter().enumerate() {
                let in_data = (20_000..60_000).contains(&address);
                let expected = if in_data { *byte } else { 0 };
                assert_eq!(*found, expected, "{name}, round {round}, at {address:#x}");
            }
            bytes.fill(0xee);
        }
    }
}

#[test]
fn a_smaller_memory_ends_where_it_ends() {
    for (name, engine) in engines() {
        let (large, small) = (module(&engine, 4, 1), module(&engine, 1, 2));
        for _ in 0..3 {
            let (mut store, _, memory) = instance(&engine, &large);
            memory.data_mut(&mut store).fill(0xee);
            drop(store);
            let (mut store, instance, _) = instance(&engine, &small);
            let load = instance
                .get_typed_func::<i32, i32>(&mut store, "load")
                .unwrap();
            for address in [1 << 16, 2 << 16, (4 << 16) - 1] {
                let error = load.call(&mut store, address).unwrap_err();
                let trap = error.downcast_ref();
                assert_eq!(
                    trap,
                    Some(&Trap::MemoryOutOfBounds),
                    "{name}, at {address:#x}"
                );
            }
        }
    }
}

/// Contents of a module that is gone are shown to nobody.
#[test]
fn modules_that_come_and_go() {
    for (name, engine) in engines() {
        for byte in 1..40 {
            let module = module(&engine, 1, byte);
            let (mut store, _, memory) = instance(&engine, &module);
            drop(module);
            let bytes = memory.data_mut(&mut store);
            assert!(bytes[..20_000].iter().all(|b| *b == 0), "{name}");
            assert!(bytes[20_000..60_000].iter().all(|b| *b == byte), "{name}");
            assert!(bytes[60_000..].iter().all(|b| *b == 0), "{name}");
            bytes.fill(0xee);
        }
    }
}
