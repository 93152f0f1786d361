//! A program that runs: its threads by number, how one begins, and how all end.
//!
//! One lock keeps who is there. It is never held while a thread of the program runs, nor
//! while one is waited for.

use silica_engine::{Engine, Instance, InstancePre, InterruptHandle, Result, Store, Trap};
use std::any::Any;
use std::collections::HashMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

/// What a thread begins with: its number and its argument.
pub(crate) const START: &str = "wasi_thread_start";

/// What a program gets instead of a thread's number when it can have no more threads:
/// WASI's `again`, negative.
const REFUSED: i32 = -6;

/// The first thread's number, which it never learns.
const FIRST: u32 = 0;

/// The largest number of a thread.
const NUMBER_MAX: u32 = 0x1fff_ffff;

type MakeStore<T> = Box<dyn Fn(&Engine, &T, u32) -> Result<Store<T>> + Send + Sync>;

/// A program and its threads.
pub(crate) struct Program<T: 'static> {
    threads_max: u32,
    make_store: MakeStore<T>,
    members: Mutex<Members<T>>,
    left: Condvar,
}

struct Members<T: 'static> {
    /// What threads are instances of; none unless the program runs.
    code: Option<InstancePre<T>>,
    live: HashMap<u32, Member>,
    /// Threads of the host that are past their last look at this.
    finished: Vec<JoinHandle<()>>,
    last_number: u32,
    /// Somebody has ended the program.
    ending: bool,
    /// How, if it was no return of the first thread's.
    end: Option<End>,
}

/// A thread that is there, or about to be.
#[derive(Default)]
struct Member {
    interrupt: Option<InterruptHandle>,
    handle: Option<JoinHandle<()>>,
}

/// Why a program ended before its first thread returned.
enum End {
    Error(silica_engine::Error),
    Panic(Box<dyn Any + Send>),
}

impl<T> fmt::Debug for Program<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Program")
            .field("threads_max", &self.threads_max)
            .field("live", &self.lock().live.len())
            .finish_non_exhaustive()
    }
}

impl<T> Program<T> {
    fn lock(&self) -> MutexGuard<'_, Members<T>> {
        // Nothing that holds the lock can leave half a change behind.
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the program, if it has not ended yet, and interrupts all its threads.
    fn end(&self, end: Option<End>) {
        let mut members = self.lock();
        if !members.ending {
            members.ending = true;
            members.end = end;
        }
        for member in members.live.values() {
            if let Some(interrupt) = &member.interrupt {
                interrupt.interrupt();
            }
        }
    }

    fn leave(&self, number: u32) {
        let mut members = self.lock();
        let member = members.live.remove(&number);
        members
            .finished
            .extend(member.and_then(|member| member.handle));
        self.left.notify_all();
    }

    /// Waits until the host has taken back the threads that have left.
    fn reap(&self) {
        let finished = std::mem::take(&mut self.lock().finished);
        for thread in finished {
            // It catches its panics.
            let _ = thread.join();
        }
    }
}

impl<T: Send + 'static> Program<T> {
    pub(crate) fn new(threads_max: u32, make_store: MakeStore<T>) -> Self {
        Self {
            threads_max,
            make_store,
            members: Mutex::new(Members {
                code: None,
                live: HashMap::new(),
                finished: Vec::new(),
                last_number: FIRST,
                ending: false,
                end: None,
            }),
            left: Condvar::new(),
        }
    }

    /// Runs the first thread, and then waits until the others have ended.
    pub(crate) fn run<R>(
        self: Arc<Self>,
        store: &mut Store<T>,
        code: &InstancePre<T>,
        main: impl FnOnce(&mut Store<T>, Instance) -> Result<R>,
    ) -> Result<R> {
        let first = Member {
            interrupt: Some(store.interrupt_handle()),
            handle: None,
        };
        {
            let mut members = self.lock();
            members.code = Some(code.clone());
            members.live.insert(FIRST, first);
        }
        let result = ended(|| {
            let instance = code.instantiate(&mut *store)?;
            main(store, instance)
        });
        // From here on, interrupting this thread would only hit what comes after the program.
        self.leave(FIRST);
        let (value, end) = match result {
            Ok(value) => (Some(value), None),
            Err(end) => (None, Some(end)),
        };
        self.end(end);
        match self.finish() {
            Some(End::Error(error)) => Err(error),
            Some(End::Panic(payload)) => resume_unwind(payload),
            // Where there is no value, the reason is kept, or an earlier one.
            None => value.ok_or_else(|| Trap::Interrupt.into()),
        }
    }

    /// Waits until all threads are gone, and gives why the program ended.
    fn finish(&self) -> Option<End> {
        let members = self.lock();
        let mut members = self
            .left
            .wait_while(members, |members| !members.live.is_empty())
            .unwrap_or_else(PoisonError::into_inner);
        // The linker that the code was made from keeps this program: no circle is left.
        members.code = None;
        let end = members.end.take();
        drop(members);
        self.reap();
        end
    }

    /// `thread-spawn`: a new thread's number, or [`REFUSED`].
    pub(crate) fn spawn(self: &Arc<Self>, engine: &Engine, data: &T, argument: i32) -> Result<i32> {
        self.reap();
        let Some((place, code)) = self.reserve() else {
            return Ok(REFUSED);
        };
        let mut store = (self.make_store)(engine, data, place.number)?;
        place.register(store.interrupt_handle())?;
        // Here, so that what fails is known to who asked. Its start function runs here, too.
        let instance = code.instantiate(&mut store)?;
        let start = instance.get_typed_func::<(i32, i32), ()>(&mut store, START)?;
        let number = place.number.cast_signed();
        Ok(place.start(move |program| {
            let result = ended(|| start.call(&mut store, (number, argument)));
            if let Err(end) = result {
                program.end(Some(end));
            }
        }))
    }

    /// A number for a new thread, if there may be one more.
    fn reserve(self: &Arc<Self>) -> Option<(Place<T>, InstancePre<T>)> {
        let mut members = self.lock();
        let code = members.code.clone()?;
        if members.ending || members.live.len() >= self.threads_max as usize {
            return None;
        }
        let mut number = members.last_number;
        loop {
            number = if number >= NUMBER_MAX {
                FIRST + 1
            } else {
                number + 1
            };
            // Far fewer threads than numbers: one is free.
            if !members.live.contains_key(&number) {
                break;
            }
        }
        members.last_number = number;
        members.live.insert(number, Member::default());
        let place = Place {
            program: Arc::clone(self),
            number,
        };
        Some((place, code))
    }
}

/// A thread's place among the live ones, left when dropped.
struct Place<T: Send + 'static> {
    program: Arc<Program<T>>,
    number: u32,
}

impl<T: Send + 'static> Place<T> {
    /// Makes the program's end interrupt what runs with this handle.
    fn register(&self, interrupt: InterruptHandle) -> Result<()> {
        let mut members = self.program.lock();
        if members.ending {
            return Err(Trap::Interrupt.into());
        }
        if let Some(member) = members.live.get_mut(&self.number) {
            member.interrupt = Some(interrupt);
        }
        Ok(())
    }

    /// Runs `body` on a new thread of the host; gives its number.
    fn start(self, body: impl FnOnce(&Program<T>) + Send + 'static) -> i32 {
        let (program, number) = (Arc::clone(&self.program), self.number);
        let started = std::thread::Builder::new()
            .name(format!("wasi-thread-{number}"))
            .spawn(move || {
                body(&self.program);
                drop(self);
            });
        let Ok(handle) = started else {
            return REFUSED;
        };
        let mut members = program.lock();
        match members.live.get_mut(&number) {
            Some(member) => member.handle = Some(handle),
            // It was quick.
            None => members.finished.push(handle),
        }
        number.cast_signed()
    }
}

impl<T: Send + 'static> Drop for Place<T> {
    fn drop(&mut self) {
        self.program.leave(self.number);
    }
}

/// Runs a part of the program, whose panic is one way to end.
fn ended<R>(part: impl FnOnce() -> Result<R>) -> std::result::Result<R, End> {
    match catch_unwind(AssertUnwindSafe(part)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(End::Error(error)),
        Err(payload) => Err(End::Panic(payload)),
    }
}
