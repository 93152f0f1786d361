//! Calls that suspend: while an async host function waits, the whole call is put aside as a stack.
//!
//! The call runs as a coroutine on a stack of its own. What of the store and of the thread belongs to it
//! (innermost activation, where code was left, which stack) is taken out when it is suspended and put back
//! when it goes on, perhaps on another thread.
//!
//! Only an async host function can suspend, and only when nothing but compiled code is between it and the beginning of
//! the call: what else is on the stack then is known to be able to move to another thread.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use corosensei::{Coroutine, CoroutineResult, Yielder, stack::StackPointer};
use silica_contract::trap::TrapCode;
use silica_os::Stack;

use crate::{
    CallError, CompiledModule, Extern, Function, HostCall, HostError, HostFunction, Instance,
    InstantiateError, RegisteredType, Runtime, RuntimeError, StoreMut, Typed, Value, WasmTypes,
    entry::Activation,
    fault,
    stacks::StackBounds,
    state::{State, StoreState},
    suspender::Suspender,
};

/// What of a store belongs to a call.
struct CallState {
    exit_frame: usize,
    exit_pc: usize,
    activation: *mut Activation,
    stack: StackBounds,
    suspender: Option<Suspender>,
}

impl CallState {
    /// Exchanges it with what the store has.
    fn swap(&mut self, state: &mut State) {
        let stack = state.stack;
        state.set_stack(self.stack);
        self.stack = stack;
        std::mem::swap(&mut state.fields.exit_frame, &mut self.exit_frame);
        std::mem::swap(&mut state.fields.exit_pc, &mut self.exit_pc);
        std::mem::swap(&mut state.fields.activation, &mut self.activation);
        std::mem::swap(&mut state.suspender, &mut self.suspender);
    }
}

/// A stack as the coroutine wants it.
struct CallStack(Stack);

// SAFETY: a `Stack` has a guard below, more than the least size above it, and its ends are on page boundaries; what runs on its
// reserve leaves it before it returns.
unsafe impl corosensei::stack::Stack for CallStack {
    fn base(&self) -> StackPointer {
        StackPointer::new(self.0.top()).expect("a stack is not at address zero")
    }

    fn limit(&self) -> StackPointer {
        StackPointer::new(self.0.start()).expect("a stack is not at address zero")
    }

    #[cfg(windows)]
    fn teb_fields(&self) -> corosensei::stack::StackTebFields {
        unreachable!("there are no stacks of ours on this system")
    }

    #[cfg(windows)]
    fn update_teb_fields(&mut self, _stack_limit: usize, _guaranteed_stack_bytes: usize) {}
}

type CallCoroutine<R> = Coroutine<(), (), R, CallStack>;

enum Stage<F, R> {
    NotStarted(F),
    Started(CallCoroutine<R>, CallState),
    Done,
}

/// A call that may be suspended, as a future.
pub(crate) struct SuspendableCall<F, R> {
    state: *mut State,
    stage: Stage<F, R>,
    /// The thread's innermost activation when the call was suspended.
    innermost: *mut Activation,
    /// The call's first activation; null when it was not suspended in one.
    outermost: *mut Activation,
}

// SAFETY: `body` is `Send`; a suspended call's stack holds it, compiled code's frames, this crate's
// frames, which keep nothing of a thread, and the async host function's future, which is `Send`.
unsafe impl<F: Send, R: Send> Send for SuspendableCall<F, R> {}

impl<F, R> Unpin for SuspendableCall<F, R> {}

impl<F, R, E> SuspendableCall<F, Result<R, E>>
where
    F: FnOnce() -> Result<R, E> + Send,
    E: From<RuntimeError>,
{
    /// A call of `body`, which enters code of the store of `state`, and has exclusive access to it.
    fn new(state: *mut State, body: F) -> SuspendableCall<F, Result<R, E>> {
        SuspendableCall {
            state,
            stage: Stage::NotStarted(body),
            innermost: std::ptr::null_mut(),
            outermost: std::ptr::null_mut(),
        }
    }

    fn start(&mut self, body: F) -> Result<(), RuntimeError> {
        // SAFETY: `body` has exclusive access to the store, and does not run yet.
        let state = unsafe { &mut *self.state };
        let stack = state.runtime.stacks().take()?;
        let call_state = CallState {
            exit_frame: state.fields.exit_frame,
            exit_pc: state.fields.exit_pc,
            activation: state.fields.activation,
            stack: StackBounds::of(&stack),
            suspender: Some(Suspender {
                yielder: std::ptr::null(),
                base: state.fields.activation,
                context: std::ptr::null_mut(),
            }),
        };
        let pointer = SendState(self.state);
        let run = move |yielder: &Yielder<(), ()>, ()| {
            let SendState(state) = pointer;
            // SAFETY: while the coroutine runs, the store is in the state that belongs to the call.
            unsafe {
                if let Some(suspender) = &mut (*state).suspender {
                    suspender.yielder = yielder;
                }
            }
            body()
        };
        // SAFETY: the coroutine is driven to its end or dropped by this future, which what `body`
        // borrows outlives; a future that is forgotten is never resumed.
        let coroutine = unsafe { Coroutine::with_stack_unchecked(CallStack(stack), run) };
        self.stage = Stage::Started(coroutine, call_state);
        Ok(())
    }
}

/// A pointer that goes with the call from thread to thread.
struct SendState(*mut State);

impl<F, R> SuspendableCall<F, R> {
    /// Does something with the coroutine, with the store and the thread in the state that belongs to it.
    fn inside<V>(
        &mut self,
        context: *mut Context<'static>,
        act: impl FnOnce(&mut CallCoroutine<R>) -> V,
    ) -> Option<V> {
        let Stage::Started(coroutine, call_state) = &mut self.stage else {
            return None;
        };
        let this_thread = silica_os::prepare_thread();
        let outside = fault::current();
        // SAFETY: the future has exclusive access to the store; the activations are on the call's stack, which is
        // suspended.
        let thread = unsafe {
            call_state.swap(&mut *self.state);
            if let Some(suspender) = &mut (*self.state).suspender {
                suspender.context = context;
            }
            let mut thread = None;
            if let Some(outermost) = self.outermost.as_mut() {
                outermost.relink(outside, fault::thread_slot());
                fault::set_current(self.innermost);
                thread = Some((*self.state).interrupt.set_thread(this_thread.number()));
            }
            thread
        };
        let mut leave = Leave {
            state: self.state,
            call_state,
            outside,
            thread: thread.unwrap_or_else(|| {
                // SAFETY: as above; this only reads and writes the same number.
                unsafe { (*self.state).interrupt.thread() }
            }),
            innermost: &mut self.innermost,
            outermost: &mut self.outermost,
        };
        let result = act(coroutine);
        leave.leave();
        std::mem::forget(leave);
        Some(result)
    }

    /// Gives the stack of a call that has ended back.
    fn finish(&mut self) {
        if let Stage::Started(coroutine, _) = std::mem::replace(&mut self.stage, Stage::Done)
            && coroutine.done()
        {
            let CallStack(stack) = coroutine.into_stack();
            // SAFETY: the future has exclusive access to the store.
            unsafe { (*self.state).runtime.stacks().give_back(stack) };
        }
    }
}

/// Takes the call out of the store and of the thread again, also when a panic goes on.
struct Leave<'a> {
    state: *mut State,
    call_state: &'a mut CallState,
    outside: *mut Activation,
    thread: u64,
    innermost: &'a mut *mut Activation,
    outermost: &'a mut *mut Activation,
}

impl Leave<'_> {
    fn leave(&mut self) {
        *self.innermost = fault::current();
        *self.outermost = std::ptr::null_mut();
        let mut activation = *self.innermost;
        // SAFETY: activations from the innermost down to `outside` belong to the call, which is suspended or
        // has left them; the future has exclusive access to the store.
        unsafe {
            while activation != self.outside {
                *self.outermost = activation;
                activation = (*activation).before().activation;
            }
            fault::set_current(self.outside);
            self.call_state.swap(&mut *self.state);
            (*self.state).interrupt.restore_thread(self.thread);
        }
    }
}

impl Drop for Leave<'_> {
    fn drop(&mut self) {
        self.leave();
    }
}

impl<F, R, E> Future for SuspendableCall<F, Result<R, E>>
where
    F: FnOnce() -> Result<R, E> + Send,
    E: From<RuntimeError>,
{
    type Output = Result<R, E>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<R, E>> {
        if let Stage::NotStarted(_) = &self.stage
            && let Stage::NotStarted(body) = std::mem::replace(&mut self.stage, Stage::Done)
            && let Err(error) = self.start(body)
        {
            return Poll::Ready(Err(error.into()));
        }
        let context: *mut Context<'static> = std::ptr::from_mut(context).cast();
        let result = self.inside(context, |coroutine| coroutine.resume(()));
        match result.expect("a call is not polled after its end") {
            CoroutineResult::Yield(()) => Poll::Pending,
            CoroutineResult::Return(result) => {
                self.finish();
                Poll::Ready(result)
            }
        }
    }
}

impl<F, R> Drop for SuspendableCall<F, R> {
    fn drop(&mut self) {
        // The host function that waits is unwound, then the call that waits for it, and so on to the beginning.
        self.inside(std::ptr::null_mut(), |coroutine| coroutine.force_unwind());
        self.finish();
    }
}

/// Waits for a future in a host function, suspending the call.
///
/// # Safety
/// The caller is a host function, called by code of this thread's current activation in the store of `state`, and
/// its own frame holds nothing that must not go to another thread.
unsafe fn wait<R>(
    state: *mut State,
    mut future: Pin<Box<dyn Future<Output = Result<R, HostError>> + Send + '_>>,
) -> Result<R, HostError> {
    loop {
        // SAFETY: the call is running, so that the store's suspender is the call's; its context is that of
        // the poll that runs. It is looked up again every time, since a wait ends in another poll.
        let yielder = unsafe {
            let innermost = (*state).fields.activation;
            let Some(suspender) = (*state)
                .suspender
                .as_ref()
                .filter(|suspender| (*innermost).before().in_store == suspender.base)
            else {
                return Err(Box::new(RuntimeError::NotAsync));
            };
            let (yielder, context) = (suspender.yielder, suspender.context);
            if let Poll::Ready(result) = future.as_mut().poll(&mut *context) {
                return result;
            }
            yielder
        };
        // SAFETY: the coroutine of the call is running, and this is on its stack or on one that is part of the call.
        unsafe { (*yielder).suspend(()) };
        // SAFETY: as above.
        if unsafe { (*state).interrupt.is_asked() && (*state).interrupt.take() } {
            return Err(Box::new(TrapCode::Interrupt));
        }
    }
}

/// What an async host function gives.
pub type HostFuture<'a> = Pin<Box<dyn Future<Output = Result<(), HostError>> + Send + 'a>>;

impl<T: Send + 'static> HostFunction<T> {
    /// A host function that suspends the call while its future waits. It can only be called by async calls. Otherwise
    /// as [`HostFunction::dynamic`].
    pub fn dynamic_async(
        runtime: &Runtime,
        ty: RegisteredType,
        closure: impl for<'a> Fn(HostCall<'a, T>, &'a [Value], &'a mut [Value]) -> HostFuture<'a>
        + Send
        + Sync
        + 'static,
    ) -> HostFunction<T> {
        HostFunction::dynamic(runtime, ty, move |mut call, params, results| {
            let state = call.store.raw();
            let future = closure(call, params, results);
            // SAFETY: this is a host function's closure; what its frame and those of the routine hold are
            // values, which are `Send`.
            unsafe { wait(state, future) }
        })
    }
}

impl From<RuntimeError> for CallError {
    fn from(error: RuntimeError) -> CallError {
        CallError::from_runtime(error)
    }
}

impl<T: Send + 'static> StoreMut<'_, T> {
    /// As [`StoreState::call`], suspending while an async host function waits. Dropping the future ends the call.
    pub fn call_async<'s>(
        &'s mut self,
        function: Function,
        params: &'s [Value],
        results: &'s mut [Value],
    ) -> impl Future<Output = Result<(), CallError>> + Send + 's {
        let state = self.raw();
        let mut store = self.reborrow();
        SuspendableCall::new(state, move || {
            StoreState::call(&mut store, function, params, results)
        })
    }

    /// As [`StoreState::call_typed`], suspending while an async host function waits. Dropping the future ends the call.
    pub fn call_typed_async<'s, P: WasmTypes, R: WasmTypes>(
        &'s mut self,
        function: Typed<P, R>,
        params: P,
    ) -> impl Future<Output = Result<R, CallError>> + Send + 's {
        let state = self.raw();
        let mut store = self.reborrow();
        SuspendableCall::new(state, move || store.call_typed(function, params))
    }

    /// As [`StoreState::instantiate`], suspending while an async host function waits. Dropping the future ends the call.
    pub fn instantiate_async<'s>(
        &'s mut self,
        module: &'s CompiledModule,
        imports: &'s [Extern],
    ) -> impl Future<Output = Result<Instance, InstantiateError>> + Send + 's {
        let state = self.raw();
        let mut store = self.reborrow();
        SuspendableCall::new(state, move || store.instantiate(module, imports))
    }
}
