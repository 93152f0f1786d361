//! Asynchronous calls and host functions: suspension, several at a time, dropped futures.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll, Waker};

use silica_engine::{
    Caller, Engine, Func, FuncType, Instance, Linker, Module, Store, Trap, Val, ValType,
};
use silica_tests_embed::{block_on, instance, linked, yields};

const CALLS: &str = r#"(module (import "h" "later" (func $later (param i32) (result i32)))
    (func (export "f") (param i32) (result i32)
        (i32.add (call $later (local.get 0)) (call $later (i32.const 100)))))"#;

fn with_later() -> (Engine, Linker<u32>) {
    let engine = Engine::default();
    let mut linker: Linker<u32> = Linker::new(&engine);
    linker
        .func_wrap_async("h", "later", |mut caller: Caller<'_, u32>, (n,): (i32,)| {
            Box::new(async move {
                yields(3).await;
                *caller.data_mut() += 1;
                n + 1
            })
        })
        .unwrap();
    (engine, linker)
}

#[test]
fn a_host_function_suspends_the_call() {
    let (engine, linker) = with_later();
    let mut store = Store::new(&engine, 0);
    let instance = linked(&mut store, &linker, CALLS);
    let f = instance
        .get_typed_func::<i32, i32>(&mut store, "f")
        .unwrap();
    let mut polls = 0;
    let result = block_on(async {
        let mut call = pin!(f.call_async(&mut store, 1));
        std::future::poll_fn(|context| {
            polls += 1;
            call.as_mut().poll(context)
        })
        .await
    });
    assert_eq!(result.unwrap(), 103);
    assert_eq!(polls, 7);
    assert_eq!(*store.data(), 2);
}

#[test]
fn calls_of_several_stores_interleave() {
    let (engine, linker) = with_later();
    let module = Module::new(&engine, CALLS).unwrap();
    let mut stores: Vec<_> = (0..20).map(|_| Store::new(&engine, 0)).collect();
    let mut calls: Vec<_> = stores
        .iter_mut()
        .enumerate()
        .map(|(n, store)| {
            let instance = linker.instantiate(&mut *store, &module).unwrap();
            let f = instance
                .get_typed_func::<i32, i32>(&mut *store, "f")
                .unwrap();
            Box::pin(async move { f.call_async(store, n as i32).await })
        })
        .collect();
    let mut context = Context::from_waker(Waker::noop());
    let mut done = Vec::new();
    while done.len() < 20 {
        calls.retain_mut(|call| match call.as_mut().poll(&mut context) {
            Poll::Ready(result) => {
                done.push(result.unwrap());
                false
            }
            Poll::Pending => true,
        });
    }
    done.sort_unstable();
    assert_eq!(done, (102..122).collect::<Vec<_>>());
}

#[test]
fn a_suspended_call_moves_between_threads() {
    let (engine, linker) = with_later();
    let mut store = Store::new(&engine, 0);
    let instance = linked(&mut store, &linker, CALLS);
    let f = instance
        .get_typed_func::<i32, i32>(&mut store, "f")
        .unwrap();
    let mut call = Box::pin(async move { f.call_async(&mut store, 5).await });
    let result = loop {
        let (back, poll) = std::thread::spawn(move || {
            let mut context = Context::from_waker(Waker::noop());
            let poll = call.as_mut().poll(&mut context);
            (call, poll)
        })
        .join()
        .unwrap();
        call = back;
        if let Poll::Ready(result) = poll {
            break result;
        }
    };
    assert_eq!(result.unwrap(), 107);
}

#[test]
fn a_dropped_call_is_unwound() {
    struct Counts(Arc<AtomicU32>);
    impl Drop for Counts {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
    let dropped = Arc::new(AtomicU32::new(0));
    let engine = Engine::default();
    let mut linker: Linker<()> = Linker::new(&engine);
    let in_closure = dropped.clone();
    linker
        .func_wrap_async("h", "later", move |_, (_,): (i32,)| {
            let counts = Counts(in_closure.clone());
            Box::new(async move {
                let _counts = counts;
                std::future::pending::<i32>().await
            })
        })
        .unwrap();
    let mut store = Store::new(&engine, ());
    let instance = linked(&mut store, &linker, CALLS);
    let f = instance
        .get_typed_func::<i32, i32>(&mut store, "f")
        .unwrap();
    for n in 1..4 {
        {
            let mut call = pin!(f.call_async(&mut store, 1));
            let mut context = Context::from_waker(Waker::noop());
            assert!(call.as_mut().poll(&mut context).is_pending());
            assert!(call.as_mut().poll(&mut context).is_pending());
        }
        assert_eq!(dropped.load(Ordering::SeqCst), n);
    }
    // A call that was never polled has begun nothing.
    drop(f.call_async(&mut store, 1));
    assert_eq!(dropped.load(Ordering::SeqCst), 3);
}

#[test]
fn errors_and_traps_after_a_suspension() {
    let engine = Engine::default();
    let mut linker: Linker<()> = Linker::new(&engine);
    linker
        .func_wrap_async("h", "later", |_, (n,): (i32,)| {
            Box::new(async move {
                yields(1).await;
                if n == 0 {
                    silica_engine::bail!("zero");
                }
                Ok(n)
            })
        })
        .unwrap();
    let mut store = Store::new(&engine, ());
    let instance = linked(
        &mut store,
        &linker,
        r#"(module (import "h" "later" (func $later (param i32) (result i32)))
            (func (export "f") (param i32) (result i32) (i32.div_u (i32.const 100) (i32.sub (call $later (local.get 0)) (i32.const 1)))))"#,
    );
    let f = instance
        .get_typed_func::<i32, i32>(&mut store, "f")
        .unwrap();
    assert_eq!(block_on(f.call_async(&mut store, 3)).unwrap(), 50);
    let error = block_on(f.call_async(&mut store, 0)).unwrap_err();
    assert!(error.to_string().starts_with("zero"), "{error}");
    let error = block_on(f.call_async(&mut store, 1)).unwrap_err();
    assert_eq!(error.downcast_ref(), Some(&Trap::IntegerDivisionByZero));
    assert_eq!(block_on(f.call_async(&mut store, 3)).unwrap(), 50);
}

#[test]
fn dynamic_values() {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let ty = FuncType::new(&engine, [ValType::F64], [ValType::F64]);
    let half = Func::new_async(&mut store, ty, |_, params, results| {
        Box::new(async move {
            yields(2).await;
            results[0] = Val::from(params[0].unwrap_f64() / 2.0);
            Ok(())
        })
    });
    let mut results = [Val::I32(0)];
    block_on(half.call_async(&mut store, &[Val::from(5.0)], &mut results)).unwrap();
    assert_eq!(results[0].unwrap_f64(), 2.5);
}

#[test]
fn start_functions_suspend_too() {
    let (engine, linker) = with_later();
    let mut store = Store::new(&engine, 0);
    let module = Module::new(
        &engine,
        r#"(module (import "h" "later" (func $later (param i32) (result i32)))
            (func $start (drop (call $later (i32.const 1)))) (start $start))"#,
    )
    .unwrap();
    block_on(linker.instantiate_async(&mut store, &module)).unwrap();
    let pre = linker.instantiate_pre(&module).unwrap();
    block_on(pre.instantiate_async(&mut store)).unwrap();
    assert_eq!(*store.data(), 2);
}

#[test]
fn a_call_that_needs_no_host_is_ready_at_once() {
    let (mut store, instance) =
        instance(r#"(module (func (export "f") (result i32) i32.const 4))"#);
    let f = instance.get_typed_func::<(), i32>(&mut store, "f").unwrap();
    let mut context = Context::from_waker(Waker::noop());
    let mut call = pin!(f.call_async(&mut store, ()));
    assert!(matches!(
        call.as_mut().poll(&mut context),
        Poll::Ready(Ok(4))
    ));
}

#[test]
fn nested_asynchronous_calls() {
    let engine = Engine::default();
    let mut linker: Linker<Option<Instance>> = Linker::new(&engine);
    linker
        .func_wrap_async(
            "h",
            "later",
            |mut caller: Caller<'_, Option<Instance>>, (n,): (i32,)| {
                Box::new(async move {
                    yields(1).await;
                    if n == 0 {
                        return Ok(0);
                    }
                    let f = caller
                        .data()
                        .unwrap()
                        .get_typed_func::<i32, i32>(&mut caller, "f")?;
                    f.call_async(&mut caller, n - 1).await
                })
            },
        )
        .unwrap();
    let mut store = Store::new(&engine, None);
    let instance = linked(
        &mut store,
        &linker,
        r#"(module (import "h" "later" (func $later (param i32) (result i32)))
            (func (export "f") (param i32) (result i32) (i32.add (i32.const 1) (call $later (local.get 0)))))"#,
    );
    *store.data_mut() = Some(instance);
    let f = instance
        .get_typed_func::<i32, i32>(&mut store, "f")
        .unwrap();
    assert_eq!(block_on(f.call_async(&mut store, 10)).unwrap(), 11);
}
