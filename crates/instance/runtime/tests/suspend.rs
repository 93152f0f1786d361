//! Async host functions: calls that are put aside.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

mod support;

use std::{
    future::Future,
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Waker},
};

use silica_contract::trap::TrapCode;
use silica_module::FunctionType;
use silica_runtime::{
    CallError, CompiledModule, Extern, Function, HostCall, HostError, HostFunction, HostFuture,
    Runtime, RuntimeError, Store, Value,
};
use support::*;

/// Ready when polled for the given time.
struct After(u32);

impl Future for After {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.0 == 0 {
            return Poll::Ready(());
        }
        self.0 -= 1;
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

/// Polls to the end; gives how often it was pending.
fn block_on<F: Future>(future: F) -> (F::Output, u32) {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    let mut pending = 0;
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(output) => return (output, pending),
            Poll::Pending => pending += 1,
        }
    }
}

#[derive(Default)]
struct Data {
    function: Option<Function>,
    alive: Arc<AtomicUsize>,
}

struct Alive(Arc<AtomicUsize>);

impl Alive {
    fn new(count: &Arc<AtomicUsize>) -> Alive {
        count.fetch_add(1, Ordering::SeqCst);
        Alive(Arc::clone(count))
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[expect(
    clippy::manual_async_fn,
    reason = "the future is asked to be `Send` here"
)]
fn waiting(
    mut call: HostCall<'_, Data>,
    times: i32,
) -> impl Future<Output = Result<i32, HostError>> + Send + '_ {
    async move {
        let _alive = Alive::new(&call.store.data().alive);
        After(times.unsigned_abs()).await;
        match times {
            -1 => Err(Box::new(TrapCode::Unreachable) as HostError),
            -2 => panic!("after waiting"),
            100 => {
                // Calls back, asynchronously.
                let function = call.store.data().function.unwrap();
                let mut results = [Value::I32(0)];
                let params = [Value::I32(3)];
                let result = call.store.call_async(function, &params, &mut results).await;
                result.map_err(|error| Box::new(error.to_string()) as HostError)?;
                assert_eq!(call.store.backtrace().frames.len(), 1);
                Ok(1000)
            }
            times => Ok(times * 2),
        }
    }
}

fn module(runtime: &Runtime) -> (CompiledModule, u32) {
    let mut builder = Builder::new();
    builder.import(&[I32], &[I32]);
    let function = builder.function(&[I32], &[I32]);
    let layout = builder.layout();
    builder.code(function, &[&call_import(&layout, 0)]);
    (builder.compile(runtime), function)
}

fn store(runtime: &Runtime) -> (Store<Data>, Function) {
    let (module, function) = module(runtime);
    let ty = runtime.function_type(&FunctionType {
        params: [I32].into(),
        results: [I32].into(),
    });
    let host = HostFunction::dynamic_async(
        runtime,
        ty,
        |call: HostCall<'_, Data>, params, results| -> HostFuture<'_> {
            let Value::I32(times) = params[0] else {
                unreachable!("the argument is an i32");
            };
            Box::pin(async move {
                results[0] = Value::I32(waiting(call, times).await?);
                Ok(())
            })
        },
    );
    let mut store = Store::new(runtime, false, Data::default());
    let import = store.as_mut().add_host_function(&host);
    let instance = store
        .instantiate(&module, &[Extern::Function(import)])
        .unwrap();
    let function = export(&store, instance, function);
    store.data_mut().function = Some(function);
    (store, function)
}

#[test]
fn a_call_is_suspended_and_goes_on() {
    let runtime = runtime();
    let (mut store, function) = store(&runtime);
    let typed = store.typed::<(i32,), (i32,)>(function).unwrap();
    for times in [0, 1, 7] {
        let (result, pending) = block_on(store.as_mut().call_typed_async(typed, (times,)));
        assert_eq!(result.unwrap(), (times * 2,));
        assert_eq!(pending, times.unsigned_abs());
    }
}

#[test]
fn a_suspended_call_moves_between_threads() {
    let runtime = runtime();
    let (mut store, function) = store(&runtime);
    let typed = store.typed::<(i32,), (i32,)>(function).unwrap();
    let mut access = store.as_mut();
    let mut future = Box::pin(access.call_typed_async(typed, (4,)));
    let mut pending = 0;
    let result = loop {
        let polled = std::thread::scope(|scope| {
            let future = future.as_mut();
            scope
                .spawn(move || future.poll(&mut Context::from_waker(Waker::noop())))
                .join()
                .unwrap()
        });
        match polled {
            Poll::Ready(result) => break result,
            Poll::Pending => pending += 1,
        }
    };
    assert_eq!((result.unwrap(), pending), ((8,), 4));
}

#[test]
fn a_synchronous_call_cannot_wait() {
    let runtime = runtime();
    let (mut store, function) = store(&runtime);
    match store.call(function, &[Value::I32(1)], &mut [Value::I32(0)]) {
        Err(CallError::Host { error, .. }) => {
            assert!(matches!(error.downcast_ref(), Some(RuntimeError::NotAsync)));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn errors_and_panics_after_waiting() {
    let runtime = runtime();
    let (mut store, function) = store(&runtime);
    let typed = store.typed::<(i32,), (i32,)>(function).unwrap();
    let (result, pending) = block_on(store.as_mut().call_typed_async(typed, (-1,)));
    assert!(matches!(
        result,
        Err(CallError::Trap {
            code: TrapCode::Unreachable,
            ..
        })
    ));
    assert_eq!(pending, 1);
    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        block_on(store.as_mut().call_typed_async(typed, (-2,))).0
    }));
    assert_eq!(
        *panic.unwrap_err().downcast::<&str>().unwrap(),
        "after waiting"
    );
    assert_eq!(
        block_on(store.as_mut().call_typed_async(typed, (2,)))
            .0
            .unwrap(),
        (4,)
    );
    assert_eq!(store.data().alive.load(Ordering::SeqCst), 0);
}

/// Regression class: a dropped call future.
#[test]
fn a_dropped_call_is_unwound() {
    let runtime = runtime();
    let (mut store, function) = store(&runtime);
    let typed = store.typed::<(i32,), (i32,)>(function).unwrap();
    let alive = Arc::clone(&store.data().alive);
    for _ in 0..20 {
        let mut access = store.as_mut();
        let mut future = Box::pin(access.call_typed_async(typed, (5,)));
        assert!(
            future
                .as_mut()
                .poll(&mut Context::from_waker(Waker::noop()))
                .is_pending()
        );
        assert_eq!(alive.load(Ordering::SeqCst), 1);
        drop(future);
        assert_eq!(alive.load(Ordering::SeqCst), 0);
    }
    drop(Box::pin(store.as_mut().call_typed_async(typed, (5,))));
    assert_eq!(
        block_on(store.as_mut().call_typed_async(typed, (2,)))
            .0
            .unwrap(),
        (4,)
    );
}

#[test]
fn a_waiting_host_function_calls_back_asynchronously() {
    let runtime = runtime();
    let (mut store, function) = store(&runtime);
    let typed = store.typed::<(i32,), (i32,)>(function).unwrap();
    let (result, pending) = block_on(store.as_mut().call_typed_async(typed, (100,)));
    assert_eq!(result.unwrap(), (1000,));
    assert_eq!(pending, 103);
    // Dropped while both calls wait.
    let mut access = store.as_mut();
    let mut future = Box::pin(access.call_typed_async(typed, (100,)));
    for _ in 0..102 {
        assert!(
            future
                .as_mut()
                .poll(&mut Context::from_waker(Waker::noop()))
                .is_pending()
        );
    }
    drop(future);
    assert_eq!(store.data().alive.load(Ordering::SeqCst), 0);
    assert_eq!(
        block_on(store.as_mut().call_typed_async(typed, (2,)))
            .0
            .unwrap(),
        (4,)
    );
}

#[test]
fn a_suspended_call_is_interrupted_when_it_goes_on() {
    let runtime = runtime();
    let (mut store, function) = store(&runtime);
    let typed = store.typed::<(i32,), (i32,)>(function).unwrap();
    let handle = store.interrupt_handle();
    let mut access = store.as_mut();
    let mut future = Box::pin(access.call_typed_async(typed, (5,)));
    assert!(
        future
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()))
            .is_pending()
    );
    handle.interrupt();
    match future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
    {
        Poll::Ready(Err(CallError::Trap {
            code: TrapCode::Interrupt,
            ..
        })) => {}
        other => panic!("{other:?}"),
    };
}

#[test]
fn a_start_function_may_wait() {
    let runtime = runtime();
    let mut builder = Builder::new();
    builder.import(&[], &[]);
    let start = builder.function(&[], &[]);
    let layout = builder.layout();
    builder.code(start, &[&call_import(&layout, 0)]);
    builder.module.start = Some(start);
    let module = builder.compile(&runtime);
    let ty = runtime.function_type(&FunctionType {
        params: [].into(),
        results: [].into(),
    });
    let host = HostFunction::dynamic_async(
        &runtime,
        ty,
        |mut call: HostCall<'_, u32>, _, _| -> HostFuture<'_> {
            Box::pin(async move {
                After(3).await;
                *call.store.data_mut() = 5;
                Ok(())
            })
        },
    );
    let mut store = Store::new(&runtime, false, 0);
    let import = store.as_mut().add_host_function(&host);
    let imports = [Extern::Function(import)];
    let (result, pending) = block_on(store.as_mut().instantiate_async(&module, &imports));
    result.unwrap();
    assert_eq!((*store.data(), pending), (5, 3));
}
