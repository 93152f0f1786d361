//! Stacks are left for others where there is little left of them, or nothing: what does the switching must not overflow where no
//! fault is a trap.

#![forbid(unsafe_code)]

use silica_engine::{Config, Engine, Tier, Trap};
use silica_tests_regress::{function, instance, trap_of};

/// One more level of calls for each switch, up to the end of the stack.
const TEXT: &str = r#"(module
      (type $f (func))
      (type $c (cont $f))
      (tag $t)
      (tag $s)
      (global $levels (mut i32) (i32.const 0))
      (func $nothing (type $f))
      (func $suspends_deeper (type $f)
        (global.set $levels (i32.add (global.get $levels) (i32.const 1)))
        (suspend $t)
        (call $suspends_deeper)
        (global.set $levels (i32.const 0)))
      (func $resumes_deeper
        (global.set $levels (i32.add (global.get $levels) (i32.const 1)))
        (resume $c (cont.new $c (ref.func $nothing)))
        (call $resumes_deeper)
        (global.set $levels (i32.const 0)))
      (func $resumes (type $f) (call $resumes_deeper))
      (elem declare func $nothing $suspends_deeper $resumes)
      (func (export "suspending") (local $k (ref null $c))
        (local.set $k (cont.new $c (ref.func $suspends_deeper)))
        (loop $again
          (block $on (result (ref $c))
            (resume $c (on $t $on) (local.get $k))
            (unreachable))
          (local.set $k)
          (br $again)))
      (func (export "resuming") (call $resumes_deeper))
      (func (export "resuming in one") (resume $c (cont.new $c (ref.func $resumes))))
      (func (export "deep") (result i32)
        (i32.gt_u (global.get $levels) (i32.const 1000))
        (global.set $levels (i32.const 0)))
    )"#;

#[test]
fn switching_near_the_end_of_a_stack_is_a_trap() {
    let tiers = match cfg!(target_arch = "x86_64") {
        true => &[Tier::Optimize, Tier::Baseline][..],
        false => &[Tier::Optimize],
    };
    for tier in tiers {
        let mut config = Config::new();
        config.wasm_stack_switching(true).tier(*tier);
        let (mut store, instance) = instance(&Engine::new(&config).unwrap(), TEXT);
        let deep = function::<(), i32>(&mut store, &instance, "deep");
        for name in ["suspending", "resuming", "resuming in one", "suspending"] {
            let f = function::<(), ()>(&mut store, &instance, name);
            assert_eq!(
                trap_of(f.call(&mut store, ())),
                Trap::StackOverflow,
                "{name}"
            );
            assert_eq!(deep.call(&mut store, ()).unwrap(), 1, "{name}");
        }
    }
}
