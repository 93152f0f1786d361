//! Settings: what is refused, what has an effect, pools.

use silica_engine::{
    Config, Engine, Instance, Module, OptLevel, PoolingAllocationConfig, Processor, Store,
};
use silica_tests_embed::{engine_with, instance_in};

#[test]
fn what_cannot_be_had_is_refused() {
    let refused = |change: fn(&mut Config)| {
        let mut config = Config::new();
        change(&mut config);
        Engine::new(&config).map(|_| ()).unwrap_err().to_string()
    };
    assert!(
        refused(|c| {
            c.max_wasm_stack(0);
        })
        .contains("max_wasm_stack")
    );
    assert!(
        refused(|c| {
            c.async_stack_size(1 << 10);
        })
        .contains("async_stack_size")
    );
}

#[test]
fn every_level_of_optimization_computes_the_same() {
    let text = r#"(module (func (export "f") (param i32) (result i32)
        (local i32) (loop $l
            (local.set 1 (i32.add (i32.mul (local.get 1) (i32.const 31)) (local.get 0)))
            (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
        (local.get 1)))"#;
    let results: Vec<i32> = [OptLevel::None, OptLevel::Speed, OptLevel::SpeedAndSize]
        .into_iter()
        .flat_map(|level| [Processor::Host, Processor::Baseline].map(|p| (level, p)))
        .map(|(level, processor)| {
            let engine = engine_with(|config| {
                config.cranelift_opt_level(level).processor(processor);
            });
            let (mut store, instance) = instance_in(&engine, text);
            let f = instance
                .get_typed_func::<i32, i32>(&mut store, "f")
                .unwrap();
            f.call(&mut store, 1000).unwrap()
        })
        .collect();
    assert!(
        results.windows(2).all(|two| two[0] == two[1]),
        "{results:?}"
    );
}

#[test]
fn nans_are_canonical_where_asked_for() {
    let engine = engine_with(|config| {
        config.deterministic(true);
    });
    let (mut store, instance) = instance_in(
        &engine,
        r#"(module (func (export "f") (param f32) (result i32) (i32.reinterpret_f32 (f32.add (local.get 0) (f32.const 1)))))"#,
    );
    let f = instance
        .get_typed_func::<f32, u32>(&mut store, "f")
        .unwrap();
    let odd = f32::from_bits(0xffc0_1234);
    assert_eq!(f.call(&mut store, odd).unwrap(), 0x7fc0_0000);
}

fn pooled(change: impl FnOnce(&mut PoolingAllocationConfig)) -> Engine {
    let mut pool = PoolingAllocationConfig::new();
    change(&mut pool);
    engine_with(|config| {
        config.allocation_strategy(pool);
    })
}

#[test]
fn a_slot_that_is_used_again_shows_nothing_of_before() {
    for resident in [0, 64 << 10, 1 << 20] {
        let engine = pooled(|pool| {
            pool.linear_memory_keep_resident(resident);
        });
        let module = Module::new(
            &engine,
            r#"(module (memory (export "m") 1 4) (data (i32.const 100) "initial") (table (export "t") 10 funcref)
                (func (export "f")))"#,
        )
        .unwrap();
        for _ in 0..10 {
            let mut store = Store::new(&engine, ());
            let instance = Instance::new(&mut store, &module, &[]).unwrap();
            let memory = instance.get_memory(&mut store, "m").unwrap();
            assert_eq!(memory.data_size(&store), 1 << 16);
            memory.grow(&mut store, 3).unwrap();
            let bytes = memory.data_mut(&mut store);
            assert_eq!(&bytes[100..107], b"initial");
            bytes[100..107].fill(0);
            assert!(bytes.iter().all(|byte| *byte == 0));
            bytes.fill(0xaa);
            let table = instance.get_table(&mut store, "t").unwrap();
            let f = instance.get_func(&mut store, "f").unwrap();
            for i in 0..10 {
                assert!(table.get(&mut store, i).unwrap().is_null());
                table.set(&mut store, i, f.into()).unwrap();
            }
        }
    }
}

#[test]
fn slots_of_one_module_serve_another() {
    let engine = pooled(|_| {});
    let texts = [
        r#"(module (memory (export "m") 1) (data (i32.const 0) "one"))"#,
        r#"(module (memory (export "m") 3) (data (i32.const 131072) "two"))"#,
        r#"(module (memory (export "m") 2))"#,
    ];
    let modules: Vec<Module> = texts
        .iter()
        .map(|text| Module::new(&engine, text).unwrap())
        .collect();
    for round in 0..12 {
        let module = &modules[round % 3];
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, module, &[]).unwrap();
        let memory = instance.get_memory(&mut store, "m").unwrap();
        let bytes = memory.data_mut(&mut store);
        let (pages, sum) = [(1, 322), (3, 346), (2, 0)][round % 3];
        assert_eq!(bytes.len(), pages << 16);
        assert_eq!(bytes.iter().map(|byte| u32::from(*byte)).sum::<u32>(), sum);
        bytes.fill(1);
    }
}

#[test]
fn a_pool_serves_threads() {
    let engine = pooled(|pool| {
        pool.total_memories(4);
    });
    let module = Module::new(&engine, r#"(module (memory (export "m") 1) (func (export "f") (result i32) (i32.load (i32.const 0))))"#).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for n in 0..100 {
                    let mut store = Store::new(&engine, ());
                    let instance = Instance::new(&mut store, &module, &[]).unwrap();
                    let f = instance.get_typed_func::<(), i32>(&mut store, "f").unwrap();
                    assert_eq!(f.call(&mut store, ()).unwrap(), 0);
                    let memory = instance.get_memory(&mut store, "m").unwrap();
                    memory.data_mut(&mut store)[0] = n as u8 | 1;
                }
            });
        }
    });
}
