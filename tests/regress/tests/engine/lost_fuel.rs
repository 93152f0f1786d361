//! Fuel that was not counted, or given back, on some way out of a function: calls through references, tail calls, traps, calls
//! of the host (class 18: GHSA-m63x, GHSA-jqpg, GHSA-j366).

use silica_engine::{Caller, Config, Engine, Linker, Module, Store, Trap};
use silica_tests_regress::{function, trap_of};

/// A hundred turns of a loop, after which each export goes another way.
const WAYS: &str = r#"(module
  (import "" "host" (func $host))
  (type $t (func))
  (table 4 funcref)
  (elem (i32.const 0) $work $host $boom $around)
  (func $work (local $n i32)
    (local.set $n (i32.const 100))
    (loop $again (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
  (func $boom unreachable)
  (func (export "direct") call $work)
  (func (export "tail") return_call $work)
  (func (export "indirect") (call_indirect (type $t) (i32.const 0)))
  (func (export "tail indirect") (return_call_indirect (type $t) (i32.const 0)))
  (func (export "before a host call") call $work call $host)
  (func (export "before a tail call of the host") call $work return_call $host)
  (func (export "before an indirect host call") call $work (call_indirect (type $t) (i32.const 1)))
  (func (export "before a trap") call $work unreachable)
  (func (export "before a trap in a callee") call $work (call_indirect (type $t) (i32.const 2)))
  (func (export "before a trap of the hardware") call $work (drop (i32.load (i32.const -1))))
  (func (export "before a division by zero") (local i32) call $work
    (drop (i32.div_u (i32.const 1) (local.get 0))))
  (memory 1)
  (func $forever (export "tail calls without end") return_call $forever)
  (func $around (export "indirect tail calls without end") (return_call_indirect (type $t) (i32.const 3)))
  (func (export "calls of the host without end") (loop call $host br 0)))"#;

const FUEL: u64 = 100_000;

/// What a call took, and how it ended.
fn cost(name: &str, host_runs: &str) -> (u64, Option<Trap>) {
    let engine = Engine::new(Config::new().consume_fuel(true)).unwrap();
    let module = Module::new(&engine, WAYS).unwrap();
    let mut store = Store::new(&engine, ());
    store.set_fuel(FUEL).unwrap();
    let mut linker = Linker::new(&engine);
    let inner = Module::new(
        &engine,
        format!("(module (func (export \"run\") {host_runs}))"),
    )
    .unwrap();
    linker
        .func_wrap("", "host", move |mut caller: Caller<'_, ()>| {
            // The host calls back into another instance, whose fuel is the same store's.
            let instance = silica_engine::Instance::new(&mut caller, &inner, &[])?;
            let run = instance.get_typed_func::<(), ()>(&mut caller, "run")?;
            run.call(&mut caller, ())
        })
        .unwrap();
    let instance = linker.instantiate(&mut store, &module).unwrap();
    let call = function::<(), ()>(&mut store, &instance, name);
    let before = store.get_fuel().unwrap();
    let trap = match call.call(&mut store, ()) {
        Ok(()) => None,
        outcome => Some(trap_of(outcome)),
    };
    (before - store.get_fuel().unwrap(), trap)
}

#[test]
fn the_work_is_paid_for_whatever_comes_after_it() {
    let (least, trap) = cost("direct", "nop");
    assert_eq!(trap, None);
    assert!(least > 300, "a hundred turns cost {least}");
    for name in ["tail", "indirect", "tail indirect"] {
        let (cost, trap) = cost(name, "nop");
        assert_eq!(trap, None, "{name}");
        assert!(
            cost.abs_diff(least) <= 5,
            "{name} costs {cost}, not {least}"
        );
    }
    let rest = [
        "before a host call",
        "before a tail call of the host",
        "before an indirect host call",
        "before a trap",
        "before a trap in a callee",
        "before a trap of the hardware",
        "before a division by zero",
    ];
    for name in rest {
        let (cost, trap) = cost(name, "nop");
        assert_eq!(
            trap.is_some(),
            name.contains("trap") || name.contains("zero")
        );
        assert!(
            (least..least + 20).contains(&cost),
            "{name} costs {cost}, the work alone {least}"
        );
    }
}

#[test]
fn what_the_host_runs_is_paid_for_by_the_same_store() {
    let (without, _) = cost("before a host call", "nop");
    let nops = "nop ".repeat(500);
    let (with, _) = cost("before a host call", &nops);
    let adds = "(drop (i32.add (i32.const 1) (i32.const 2)))".repeat(500);
    let (more, _) = cost("before a host call", &adds);
    assert!(with >= without, "{with} {without}");
    assert!(more >= without + 500, "{more} {without}");
}

#[test]
fn nothing_runs_without_end() {
    for name in [
        "tail calls without end",
        "indirect tail calls without end",
        "calls of the host without end",
    ] {
        let (cost, trap) = cost(name, "nop");
        assert_eq!((cost, trap), (FUEL, Some(Trap::OutOfFuel)), "{name}");
    }
}
