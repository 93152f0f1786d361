//! Continuations and the host: frames of the host's between a `suspend` and its `resume`, calls that end early on another stack than
//! they began on, stacks that leak or run out.

#![forbid(unsafe_code)]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use silica_engine::{
    Caller, Config, ContRef, Engine, ExternRef, Func, HeapType, Instance, Linker, Module, Result,
    Rooted, Store, StoreLimitsBuilder, Tier, Trap, Val,
};
use silica_tests_regress::trap_of;

/// Engines with continuations: both tiers, counting fuel or not, collecting always or not.
fn engines(change: impl Fn(&mut Config)) -> Vec<Engine> {
    let mut engines = Vec::new();
    let tiers = match cfg!(target_arch = "x86_64") {
        true => &[Tier::Optimize, Tier::Baseline][..],
        false => &[Tier::Optimize],
    };
    for tier in tiers {
        for (fuel, stress) in [(false, false), (true, false), (false, true)] {
            let mut config = Config::new();
            config.wasm_stack_switching(true).tier(*tier);
            config.consume_fuel(fuel).gc_stress(stress);
            change(&mut config);
            engines.push(Engine::new(&config).expect("an embedder may choose this"));
        }
    }
    engines
}

fn store<T>(engine: &Engine, data: T) -> Store<T> {
    let mut store = Store::new(engine, data);
    if engine.config().counts_fuel() {
        store.set_fuel(1 << 40).expect("the engine counts fuel");
    }
    store
}

/// A generator of the numbers from 3 on, and what the tests do with it. The host is `h` (called on the generator's stack).
const TEXT: &str = r#"(module
    (type $f (func (param i32)))
    (type $c (cont $f))
    (type $g (func))
    (type $d (cont $g))
    (tag $yield (export "yield") (param i32))
    (import "h" "h" (func $h (param i32) (result i32)))
    (func $generate (type $f)
        (loop $again
            (suspend $yield (call $h (local.get 0)))
            (local.set 0 (i32.add (local.get 0) (i32.const 1)))
            (br $again)))
    (elem declare func $generate $suspend_in_host)
    (global $k (mut (ref null $d)) (ref.null $d))
    (func $first (export "first") (result i32)
        (block $on (result i32 (ref $d))
            (resume $c (on $yield $on) (i32.const 3) (cont.new $c (ref.func $generate)))
            (unreachable))
        (global.set $k))
    (func $next (export "next") (result i32)
        (block $on (result i32 (ref $d))
            (resume $d (on $yield $on) (global.get $k))
            (unreachable))
        (global.set $k))
    (func (export "drop") (global.set $k (ref.null $d)))
    (func (export "suspend") (param i32) (suspend $yield (local.get 0)))
    (func $suspend_in_host (type $f) (drop (call $h (local.get 0))))
    ;; A suspension that would have to cross the host.
    (func (export "across the host")
        (block $on (result i32 (ref $d))
            (resume $c (on $yield $on) (i32.const -1) (cont.new $c (ref.func $suspend_in_host)))
            (return))
        (unreachable)))"#;

fn with_host<T: Send + 'static>(
    engine: &Engine,
    data: T,
    host: impl Fn(Caller<'_, T>, i32) -> Result<i32> + Send + Sync + 'static,
) -> (Store<T>, Instance) {
    let mut store = store(engine, data);
    let module = Module::new(engine, TEXT).expect("the module compiles");
    let mut linker = Linker::new(engine);
    linker.func_wrap("h", "h", host).expect("it is new");
    let instance = linker.instantiate(&mut store, &module);
    let instance = instance.expect("the host has what is imported");
    (store, instance)
}

fn call<T: 'static>(store: &mut Store<T>, instance: &Instance, name: &str) -> Result<i32> {
    let function = instance.get_typed_func::<(), i32>(&mut *store, name)?;
    function.call(store, ())
}

#[test]
fn a_continuation_outlives_the_call_that_made_it() {
    for engine in engines(|_| {}) {
        let (mut store, instance) = with_host(&engine, (), |_, n| Ok(n * 2));
        assert_eq!(call(&mut store, &instance, "first").unwrap(), 6);
        for n in 4..50 {
            assert_eq!(call(&mut store, &instance, "next").unwrap(), n * 2);
        }
        // The other one is never finished: its stack comes back with the store.
        assert_eq!(call(&mut store, &instance, "first").unwrap(), 6);
        assert_eq!(call(&mut store, &instance, "next").unwrap(), 8);
    }
}

#[test]
fn the_host_is_a_barrier() {
    for engine in engines(|_| {}) {
        let (mut store, instance) = with_host(&engine, (), |mut caller, n| {
            if n != -1 {
                return Ok(n);
            }
            let suspend = caller.get_export("suspend").and_then(|e| e.into_func());
            let suspend = suspend.expect("the module exports it");
            let error = suspend
                .call(&mut caller, &[Val::I32(1)], &mut [])
                .unwrap_err();
            assert_eq!(error.downcast_ref(), Some(&Trap::UnhandledTag));
            // What goes on beneath, in a call of its own, is not affected.
            let first = caller.get_export("first").and_then(|e| e.into_func());
            let first = first.expect("the module exports it");
            let mut results = [Val::I32(0)];
            first.call(&mut caller, &[], &mut results)?;
            assert_eq!(results[0].i32(), Some(3));
            Ok(0)
        });
        let across = instance.get_typed_func::<(), ()>(&mut store, "across the host");
        across.unwrap().call(&mut store, ()).unwrap();
        assert_eq!(call(&mut store, &instance, "next").unwrap(), 4);
    }
}

/// Traps, errors and panics of the host, on the stack of a computation that is several deep, end the whole call; the store goes on.
#[test]
fn an_early_end_frees_what_ran() {
    for engine in engines(|_| {}) {
        let (mut store, instance) = with_host(&engine, 0, |caller, n| {
            let round = *caller.data();
            match round % 4 {
                1 => Err(Trap::UnreachableCodeReached.into()),
                2 => Err(std::fmt::Error.into()),
                3 => panic!("the host panics"),
                _ => Ok(n),
            }
        });
        for round in 0..200 {
            *store.data_mut() = round;
            let attempt = std::panic::AssertUnwindSafe(|| call(&mut store, &instance, "first"));
            let outcome = std::panic::catch_unwind(attempt);
            match (round % 4, outcome) {
                (0, Ok(Ok(3))) | (3, Err(_)) => {}
                (1, Ok(Err(error))) => {
                    assert_eq!(error.downcast_ref(), Some(&Trap::UnreachableCodeReached));
                }
                (2, Ok(Err(error))) => assert!(error.is::<std::fmt::Error>()),
                (_, outcome) => panic!("round {round}: {outcome:?}"),
            }
        }
        *store.data_mut() = 0;
        assert_eq!(call(&mut store, &instance, "next").unwrap(), 4);
    }
}

#[test]
fn a_backtrace_crosses_stacks() {
    const TEXT: &str = r#"(module
        (type $f (func)) (type $c (cont $f))
        (func $trap (type $f) (unreachable))
        (func $middle (type $f) (resume $c (cont.new $c (ref.func $trap))))
        (elem declare func $trap $middle)
        (func $outer (export "f") (resume $c (cont.new $c (ref.func $middle)))))"#;
    for engine in engines(|config| {
        config.compiler_inlining(false);
    }) {
        let mut store = store(&engine, ());
        let module = Module::new(&engine, TEXT).unwrap();
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let f = instance.get_typed_func::<(), ()>(&mut store, "f").unwrap();
        let error = f.call(&mut store, ()).unwrap_err();
        let text = format!("{error:?}");
        let found: Vec<usize> = ["trap", "middle", "outer"]
            .iter()
            .map(|name| {
                text.find(name)
                    .unwrap_or_else(|| panic!("no {name} in {text}"))
            })
            .collect();
        assert!(found.is_sorted(), "{text}");
    }
}

/// Each round leaves a continuation that nothing refers to: there are never more than the store may have.
#[test]
fn dropped_continuations_are_collected() {
    for engine in engines(|config| {
        config.max_continuations(20);
    }) {
        let (mut store, instance) = with_host(&engine, (), |_, n| Ok(n));
        for _ in 0..500 {
            assert_eq!(call(&mut store, &instance, "first").unwrap(), 3);
        }
        assert_eq!(call(&mut store, &instance, "next").unwrap(), 4);
    }
}

const MANY: &str = r#"(module
    (type $f (func)) (type $c (cont $f))
    (type $list (array (mut (ref null $c))))
    (tag $pause)
    (func $pause (type $f) (suspend $pause))
    (func $nest (type $f) (resume $c (cont.new $c (ref.func $nest))))
    (elem declare func $pause $nest)
    (func (export "keep") (param i32) (result i32)
        (local $list (ref $list)) (local $i i32) (local $k (ref null $c))
        (local.set $list (array.new_default $list (local.get 0)))
        (loop $again
            (block $on (result (ref $c))
                (resume $c (on $pause $on) (cont.new $c (ref.func $pause)))
                (unreachable))
            (local.set $k)
            (array.set $list (local.get $list) (local.get $i) (local.get $k))
            (br_if $again
                (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get 0))))
        (local.get $i))
    (func (export "nest") (result i32) (resume $c (cont.new $c (ref.func $nest))) (i32.const 0)))"#;

#[test]
fn there_are_no_more_than_there_may_be() {
    for engine in engines(|config| {
        config.max_continuations(20);
    }) {
        let mut store = store(&engine, ());
        let module = Module::new(&engine, MANY).unwrap();
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let keep = instance
            .get_typed_func::<i32, i32>(&mut store, "keep")
            .unwrap();
        for _ in 0..3 {
            assert_eq!(keep.call(&mut store, 20).unwrap(), 20);
            let trap = trap_of(keep.call(&mut store, 21));
            assert_eq!(trap, Trap::ContinuationsExhausted);
            let trap = trap_of(call(&mut store, &instance, "nest"));
            assert_eq!(trap, Trap::ContinuationsExhausted);
        }
    }
}

#[test]
fn the_limiter_is_asked_for_stacks() {
    let mut config = Config::new();
    config.wasm_stack_switching(true);
    let engine = Engine::new(&config).unwrap();
    // A stack with its reserve and guards takes more than 2 MiB.
    let limits = StoreLimitsBuilder::new().memory_size(20 << 20).build();
    let mut store = Store::new(&engine, limits);
    store.limiter(|limits| limits);
    let module = Module::new(&engine, MANY).unwrap();
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    let keep = instance
        .get_typed_func::<i32, i32>(&mut store, "keep")
        .unwrap();
    assert_eq!(keep.call(&mut store, 5).unwrap(), 5);
    let trap = trap_of(keep.call(&mut store, 100));
    assert_eq!(trap, Trap::ContinuationsExhausted);
}

/// Fuel is one count, whichever stack takes it, and its end is found on any.
#[test]
fn fuel_is_counted_across_stacks() {
    let mut counts = Vec::new();
    for engine in engines(|_| {})
        .iter()
        .filter(|engine| engine.config().counts_fuel())
    {
        let (mut store, instance) = with_host(engine, (), |_, n| Ok(n));
        store.set_fuel(1_000_000).unwrap();
        call(&mut store, &instance, "first").unwrap();
        for _ in 0..100 {
            call(&mut store, &instance, "next").unwrap();
        }
        counts.push(store.get_fuel().unwrap());
        store.set_fuel(500).unwrap();
        let error = loop {
            if let Err(error) = call(&mut store, &instance, "next") {
                break error;
            }
        };
        assert_eq!(error.downcast_ref(), Some(&Trap::OutOfFuel));
        assert_eq!(store.get_fuel().unwrap(), 0);
    }
    assert!(
        counts
            .iter()
            .all(|count| *count == counts[0] && *count < 1_000_000),
        "{counts:?}"
    );
}

#[test]
fn an_interruption_ends_what_runs_on_other_stacks() {
    const TEXT: &str = r#"(module
        (type $f (func)) (type $c (cont $f))
        (tag $t)
        (import "h" "begun" (func $begun))
        (func $forever (type $f) (loop $again (suspend $t) (br $again)))
        (func $spin (type $f) (call $begun) (loop $again (br $again)))
        (elem declare func $forever $spin)
        (func (export "ping-pong") (local $k (ref null $c))
            (call $begun)
            (local.set $k (cont.new $c (ref.func $forever)))
            (loop $again
                (block $on (result (ref $c))
                    (resume $c (on $t $on) (local.get $k))
                    (unreachable))
                (local.set $k)
                (br $again)))
        (func (export "spin") (resume $c (cont.new $c (ref.func $spin)))))"#;
    for engine in engines(|_| {}) {
        let mut store = store(&engine, ());
        let begun = Arc::new(AtomicBool::new(false));
        let tell = Arc::clone(&begun);
        let host = Func::wrap(&mut store, move || tell.store(true, Ordering::SeqCst));
        let module = Module::new(&engine, TEXT).unwrap();
        let instance = Instance::new(&mut store, &module, &[host.into()]).unwrap();
        for name in ["ping-pong", "spin", "ping-pong"] {
            begun.store(false, Ordering::SeqCst);
            let handle = store.interrupt_handle();
            let begun = Arc::clone(&begun);
            let other = std::thread::spawn(move || {
                while !begun.load(Ordering::SeqCst) {
                    std::thread::sleep(Duration::from_millis(1));
                }
                handle.interrupt();
            });
            let f = instance.get_typed_func::<(), ()>(&mut store, name).unwrap();
            assert_eq!(trap_of(f.call(&mut store, ())), Trap::Interrupt);
            other.join().unwrap();
        }
    }
}

/// What the program has got from the host and keeps on a suspended stack alone is dropped once that is gone, and not before.
#[test]
fn values_of_the_host_live_as_long_as_the_stack() {
    struct Noted(Arc<AtomicUsize>);
    impl Drop for Noted {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
    const TEXT: &str = r#"(module
        (type $f (func (param externref) (result externref))) (type $c (cont $f))
        (type $g (func (result externref))) (type $d (cont $g))
        (tag $t)
        (global $k (mut (ref null $d)) (ref.null $d))
        (func $keep (type $f) (suspend $t) (local.get 0))
        (elem declare func $keep)
        (func (export "keep") (param externref)
            (block $on (result (ref $d))
                (resume $c (on $t $on) (local.get 0) (cont.new $c (ref.func $keep)))
                (unreachable))
            (global.set $k))
        (func (export "give") (result externref) (resume $d (global.get $k)))
        (func (export "forget") (global.set $k (ref.null $d))))"#;
    for engine in engines(|_| {}) {
        let mut store = store(&engine, ());
        let module = Module::new(&engine, TEXT).unwrap();
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let keep = instance.get_func(&mut store, "keep").unwrap();
        let give = instance.get_func(&mut store, "give").unwrap();
        let forget = instance
            .get_typed_func::<(), ()>(&mut store, "forget")
            .unwrap();
        let dropped = Arc::new(AtomicUsize::new(0));
        for round in 0..3 {
            {
                let mut scope = silica_engine::RootScope::new(&mut store);
                let value = ExternRef::new(&mut scope, Noted(Arc::clone(&dropped))).unwrap();
                keep.call(&mut scope, &[value.into()], &mut []).unwrap();
            }
            store.gc().unwrap();
            assert_eq!(dropped.load(Ordering::SeqCst), round, "it is on the stack");
            if round == 1 {
                let mut scope = silica_engine::RootScope::new(&mut store);
                let mut results = [Val::null_ref(&HeapType::Extern).unwrap()];
                give.call(&mut scope, &[], &mut results).unwrap();
                let value = results[0].extern_ref().flatten().unwrap();
                assert!(value.data(&scope).unwrap().unwrap().is::<Noted>());
            }
            forget.call(&mut store, ()).unwrap();
            store.gc().unwrap();
            assert_eq!(dropped.load(Ordering::SeqCst), round + 1);
        }
    }
}

#[test]
fn the_host_keeps_and_gives_back_what_it_cannot_resume() {
    const TEXT: &str = r#"(module
        (type $f (func (result i32))) (type $c (cont $f))
        (func $seven (type $f) (i32.const 7))
        (elem declare func $seven)
        (global $k (mut contref) (ref.null cont))
        (func (export "make") (result contref) (cont.new $c (ref.func $seven)))
        (func (export "take") (param contref) (result i32)
            (global.set $k (local.get 0)) (ref.is_null (global.get $k)))
        (func (export "resume") (param (ref null $c)) (result i32) (resume $c (local.get 0))))"#;
    for engine in engines(|_| {}) {
        let mut store = store(&engine, ());
        let module = Module::new(&engine, TEXT).unwrap();
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let get = |store: &mut Store<()>, name| instance.get_func(store, name).unwrap();
        let make = get(&mut store, "make");
        let mut results = [Val::null_ref(&HeapType::Cont).unwrap()];
        make.call(&mut store, &[], &mut results).unwrap();
        let made: Option<Rooted<ContRef>> = results[0].cont_ref().unwrap();
        assert!(made.is_some());
        store.gc().unwrap();
        let take = get(&mut store, "take");
        let mut is_null = [Val::I32(2)];
        take.call(&mut store, &[results[0]], &mut is_null).unwrap();
        assert_eq!(is_null[0].i32(), Some(0));
        take.call(&mut store, &[Val::ContRef(None)], &mut is_null)
            .unwrap();
        assert_eq!(is_null[0].i32(), Some(1));
        // Of which type it is the host cannot say.
        let resume = get(&mut store, "resume");
        let error = resume
            .call(&mut store, &[results[0]], &mut is_null)
            .unwrap_err();
        assert!(error.downcast_ref::<Trap>().is_none(), "{error:?}");
        let error = resume
            .call(&mut store, &[Val::ContRef(None)], &mut is_null)
            .unwrap_err();
        assert_eq!(error.downcast_ref(), Some(&Trap::NullContinuationReference));
    }
}

/// A host function that waits, called on the stack of a computation; the call may be dropped meanwhile.
#[test]
fn an_async_host_function_waits_on_any_stack() {
    use std::future::Future;
    use std::task::{Context, Poll, Waker};
    for engine in engines(|_| {}) {
        let mut store = store(&engine, 0);
        let module = Module::new(&engine, TEXT).unwrap();
        let mut linker: Linker<i32> = Linker::new(&engine);
        linker
            .func_wrap_async("h", "h", |mut caller: Caller<'_, i32>, (n,): (i32,)| {
                Box::new(async move {
                    let mut waited = false;
                    std::future::poll_fn(|_| match std::mem::replace(&mut waited, true) {
                        true => Poll::Ready(()),
                        false => Poll::Pending,
                    })
                    .await;
                    *caller.data_mut() += 1;
                    n
                })
            })
            .unwrap();
        let instance = linker.instantiate(&mut store, &module).unwrap();
        let first = instance
            .get_typed_func::<(), i32>(&mut store, "first")
            .unwrap();
        let mut context = Context::from_waker(Waker::noop());
        for round in 0..20 {
            let mut call = Box::pin(first.call_async(&mut store, ()));
            assert!(call.as_mut().poll(&mut context).is_pending());
            if round % 2 == 0 {
                match call.as_mut().poll(&mut context) {
                    Poll::Ready(result) => assert_eq!(result.unwrap(), 3),
                    Poll::Pending => panic!("it waits once"),
                }
            }
        }
        assert_eq!(*store.data(), 10);
    }
}

#[test]
fn it_is_off_unless_it_is_turned_on() {
    let error = Module::new(&Engine::default(), TEXT).unwrap_err();
    assert!(
        format!("{error:#}").contains("stack-switching"),
        "{error:#}"
    );
}
