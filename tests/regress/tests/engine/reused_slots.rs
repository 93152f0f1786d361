//! A memory's or a table's slot that served again showed its former tenant's contents (class 10: GHSA-6wgr, CVE-2022-39393).

use silica_engine::{Config, Engine, Instance, Module, PoolingAllocationConfig, Store};

const TENANTS: [&str; 3] = [
    r#"(module (memory (export "m") 1 8) (data (i32.const 70) "first") (table (export "t") 20 40 funcref)
        (func $f (export "f")) (global (export "g") (mut i64) (i64.const 0)))"#,
    r#"(module (memory (export "m") 4) (table (export "t") 1 40 funcref) (func (export "f"))
        (global (export "g") (mut i64) (i64.const 0)))"#,
    r#"(module (memory (export "m") 2 3) (data (i32.const 131000) "third") (table (export "t") 30 funcref)
        (func (export "f")) (global (export "g") (mut i64) (i64.const 0)))"#,
];

fn pool(resident: usize) -> Engine {
    let mut pool = PoolingAllocationConfig::new();
    // One slot, so that each tenant gets the former's.
    pool.total_memories(1);
    pool.linear_memory_keep_resident(resident);
    Engine::new(Config::new().allocation_strategy(pool)).unwrap()
}

/// Grows what can be grown, checks that nothing is there but the module's own, and leaves something everywhere.
fn live(engine: &Engine, module: &Module, own: Option<(usize, &[u8])>) {
    let mut store = Store::new(engine, ());
    let instance = Instance::new(&mut store, module, &[]).unwrap();
    let memory = instance.get_memory(&mut store, "m").unwrap();
    while memory.size(&store) < 8 && memory.grow(&mut store, 1).is_ok() {}
    let bytes = memory.data_mut(&mut store);
    if let Some((at, contents)) = own {
        assert_eq!(&bytes[at..at + contents.len()], contents);
        bytes[at..at + contents.len()].fill(0);
    }
    assert_eq!(bytes.iter().position(|byte| *byte != 0), None);
    bytes.fill(0xa5);
    let table = instance.get_table(&mut store, "t").unwrap();
    let function = instance.get_func(&mut store, "f").unwrap();
    for index in 0..table.size(&store) {
        assert!(table.get(&mut store, index).unwrap().is_null());
        table.set(&mut store, index, function.into()).unwrap();
    }
    let global = instance.get_global(&mut store, "g").unwrap();
    assert_eq!(global.get(&mut store).unwrap_i64(), 0);
    global.set(&mut store, (-1_i64).into()).unwrap();
}

#[test]
fn a_tenant_finds_only_what_it_brought() {
    for resident in [0, 1 << 16, 1 << 20] {
        let engine = pool(resident);
        let modules = TENANTS.map(|text| Module::new(&engine, text).unwrap());
        let own: [Option<(usize, &[u8])>; 3] =
            [Some((70, b"first")), None, Some((131_000, b"third"))];
        for round in [0, 1, 2, 0, 2, 1, 1, 0, 0, 2, 2, 1] {
            live(&engine, &modules[round], own[round]);
        }
    }
}
