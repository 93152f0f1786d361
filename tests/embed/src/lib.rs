//! What tests of the embedding API share: instances from text, a small executor of futures, panics' messages.
//!
//! It has no tests itself; they are in `tests/`, a file for each part of the API.

#![forbid(unsafe_code)]

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use silica_engine::{Config, Engine, Instance, Linker, Module, Store};

/// An engine with the default settings but for what `change` does.
#[must_use]
pub fn engine_with(change: impl FnOnce(&mut Config)) -> Engine {
    let mut config = Config::new();
    change(&mut config);
    Engine::new(&config).expect("the settings fit together")
}

/// An instance, in a store of its own, of a module without imports.
#[must_use]
pub fn instance(text: &str) -> (Store<()>, Instance) {
    instance_in(&Engine::default(), text)
}

/// The same in a given engine.
#[must_use]
pub fn instance_in(engine: &Engine, text: &str) -> (Store<()>, Instance) {
    let mut store = Store::new(engine, ());
    if engine.config().counts_fuel() {
        store.set_fuel(u64::MAX).expect("fuel is counted");
    }
    let instance = linked(&mut store, &Linker::new(engine), text);
    (store, instance)
}

/// An instance of the module with what it imports from `linker`.
pub fn linked<T>(store: &mut Store<T>, linker: &Linker<T>, text: &str) -> Instance {
    let module = Module::new(linker.engine(), text).expect("the module is valid");
    linker
        .instantiate(store, &module)
        .expect("the module can be instantiated")
}

struct Unpark(std::thread::Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Runs a future to its end on this thread.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(output) => return output,
            Poll::Pending => std::thread::park(),
        }
    }
}

/// A future that is ready when it is polled for the `n + 1`st time.
pub async fn yields(mut n: u32) {
    std::future::poll_fn(move |context| {
        if n == 0 {
            return Poll::Ready(());
        }
        n -= 1;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// The message with which `f` panics.
///
/// # Panics
/// If it does not, or with something else than a message.
pub fn panic_message(f: impl FnOnce()) -> String {
    let Err(payload) = catch_unwind(AssertUnwindSafe(f)) else {
        panic!("it was to panic and did not");
    };
    match payload.downcast::<String>() {
        Ok(message) => *message,
        Err(payload) => (*payload.downcast::<&str>().expect("panics have messages")).to_owned(),
    }
}
