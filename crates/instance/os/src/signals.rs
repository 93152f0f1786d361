//! Faults of the processor and interruptions, as Unix signals.
//!
//! One handler per process decides about each fault; what it declines goes to the handler that was
//! there before, as if this one did not exist. The handler runs on a stack of its own, in the middle
//! of anything: it must not allocate, lock or panic.

use std::{
    cell::{Cell, RefCell},
    sync::{
        Mutex, OnceLock,
        atomic::{AtomicPtr, Ordering},
    },
};

use crate::{FaultKind, Mapping, OsError, ThreadId};

/// The signal for interruptions unless another is wanted: by default the system ignores it.
pub const INTERRUPT_SIGNAL_DEFAULT: i32 = libc::SIGURG;

/// Signals by which the processor's faults arrive.
const FAULTS: [i32; 4] = [libc::SIGSEGV, libc::SIGBUS, libc::SIGILL, libc::SIGFPE];
/// More than the largest signal number.
const SIGNALS: usize = 65;
/// Bytes of the stack that handlers run on.
const HANDLER_STACK_BYTES: usize = 64 << 10;

/// Decides about a fault: `true` when it was dealt with (see [`Fault::resume_at`]).
pub type Handler = fn(&mut Fault<'_>) -> bool;

static HANDLER: OnceLock<Handler> = OnceLock::new();
/// What was installed before us, for each signal; never freed.
static PREVIOUS: [AtomicPtr<libc::sigaction>; SIGNALS] =
    [const { AtomicPtr::new(std::ptr::null_mut()) }; SIGNALS];

/// A thread, stopped by a fault.
#[derive(Debug)]
pub struct Fault<'a> {
    kind: FaultKind,
    info: &'a libc::siginfo_t,
    context: &'a mut libc::ucontext_t,
}

impl Fault<'_> {
    /// Why it was stopped.
    #[must_use]
    pub fn kind(&self) -> FaultKind {
        self.kind
    }

    /// The address whose access faulted, for [`FaultKind::Access`].
    #[must_use]
    pub fn address(&self) -> usize {
        // SAFETY: the system fills this field for faults; for other signals it is some number.
        unsafe { self.info.si_addr() as usize }
    }

    /// The instruction that was about to run, or that faulted.
    #[must_use]
    pub fn pc(&self) -> usize {
        registers::pc(self.context)
    }

    /// The frame pointer register.
    #[must_use]
    pub fn frame_pointer(&self) -> usize {
        registers::frame_pointer(self.context)
    }

    /// The register that compiled code may pin (r15, x21).
    #[must_use]
    pub fn pinned_register(&self) -> u64 {
        registers::pinned(self.context)
    }

    /// Makes the thread go on at `pc`, with `argument` as C's first argument.
    pub fn resume_at(&mut self, pc: usize, argument: usize) {
        registers::resume_at(self.context, pc, argument);
    }
}

/// Installs the handler of faults, and of the interrupt signal. May be called again, with another signal
/// but the same handler.
///
/// # Errors
/// [`OsError::Call`] when the system refuses; [`OsError::Unsupported`] for a number that is no signal.
pub fn install(handler: Handler, interrupt_signal: i32) -> Result<(), OsError> {
    static INSTALLING: Mutex<()> = Mutex::new(());
    let in_range = (1..SIGNALS as i32).contains(&interrupt_signal);
    if !in_range || FAULTS.contains(&interrupt_signal) {
        return Err(OsError::Unsupported("that signal for interruptions"));
    }
    let _guard = INSTALLING
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    HANDLER.get_or_init(|| handler);
    for signal in FAULTS {
        install_one(signal, libc::SA_RESTART)?;
    }
    // Not restarted: a system call that the interrupt signal finds waiting ends with `EINTR`.
    install_one(interrupt_signal, 0)
}

fn install_one(signal: i32, flags: i32) -> Result<(), OsError> {
    let slot = &PREVIOUS[signal as usize];
    if !slot.load(Ordering::Acquire).is_null() {
        return Ok(());
    }
    let failed = || OsError::Call {
        operation: "installing a signal handler",
        source: std::io::Error::last_os_error(),
    };
    // SAFETY: all-zero bytes are a valid `sigaction`.
    let mut previous: libc::sigaction = unsafe { std::mem::zeroed() };
    // SAFETY: asks for the present action; both pointers are valid or null as allowed.
    if unsafe { libc::sigaction(signal, std::ptr::null(), &mut previous) } != 0 {
        return Err(failed());
    }
    slot.store(Box::into_raw(Box::new(previous)), Ordering::Release);
    // SAFETY: as above.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = on_signal as *const () as usize;
    action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK | flags;
    // SAFETY: `action` is whole: a handler of the three-argument form, and an emptied mask.
    let installed = unsafe {
        libc::sigemptyset(&mut action.sa_mask);
        libc::sigaction(signal, &action, std::ptr::null_mut())
    };
    if installed == 0 {
        Ok(())
    } else {
        Err(failed())
    }
}

extern "C" fn on_signal(signal: i32, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    let kind = match signal {
        libc::SIGSEGV | libc::SIGBUS => FaultKind::Access,
        libc::SIGILL => FaultKind::Illegal,
        libc::SIGFPE => FaultKind::Arithmetic,
        _ => FaultKind::Interrupt,
    };
    // SAFETY: the system passes valid pointers to a handler of this form, for as long as it runs.
    let (info_ref, context_ref) = unsafe { (&*info, &mut *context.cast::<libc::ucontext_t>()) };
    let mut fault = Fault {
        kind,
        info: info_ref,
        context: context_ref,
    };
    let handled = HANDLER.get().is_some_and(|handler| handler(&mut fault));
    if !handled {
        chain(signal, info, context);
    }
}

/// Does what would have been done without us.
fn chain(signal: i32, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    let previous = PREVIOUS[signal as usize].load(Ordering::Acquire);
    // SAFETY: stored by `install_one` before the handler was installed, and never freed.
    let Some(previous) = (unsafe { previous.as_ref() }) else {
        return;
    };
    match previous.sa_sigaction {
        libc::SIG_DFL | libc::SIG_IGN => default_action(signal, info, previous),
        address => call_previous(address, previous, signal, info, context),
    }
}

fn call_previous(
    address: usize,
    previous: &libc::sigaction,
    signal: i32,
    info: *mut libc::siginfo_t,
    context: *mut libc::c_void,
) {
    // SAFETY: `previous` is a registered action, so `address` is a function of the form that its flags
    // say; the mask is restored afterwards, and the arguments are the system's own.
    unsafe {
        let mut mask = std::mem::zeroed();
        libc::pthread_sigmask(libc::SIG_BLOCK, &previous.sa_mask, &mut mask);
        if previous.sa_flags & libc::SA_SIGINFO != 0 {
            let handler: extern "C" fn(i32, *mut libc::siginfo_t, *mut libc::c_void) =
                std::mem::transmute::<usize, _>(address);
            handler(signal, info, context);
        } else {
            let handler: extern "C" fn(i32) = std::mem::transmute::<usize, _>(address);
            handler(signal);
        }
        libc::pthread_sigmask(libc::SIG_SETMASK, &mask, std::ptr::null_mut());
    }
}

/// Restores the system's own action and lets the cause repeat itself.
fn default_action(signal: i32, info: *mut libc::siginfo_t, previous: &libc::sigaction) {
    if !FAULTS.contains(&signal) && default_is_ignore(signal)
        || is_sent_and_ignored(signal, info, previous)
    {
        return;
    }
    // SAFETY: `previous` is the action that the system had; `info` is the system's.
    unsafe {
        libc::sigaction(signal, previous, std::ptr::null_mut());
        // A fault repeats when the instruction is tried again; a signal that was sent does not.
        if (*info).si_code <= 0 || !FAULTS.contains(&signal) {
            libc::raise(signal);
        }
    }
}

fn default_is_ignore(signal: i32) -> bool {
    [libc::SIGURG, libc::SIGCHLD, libc::SIGWINCH, libc::SIGCONT].contains(&signal)
}

fn is_sent_and_ignored(
    signal: i32,
    info: *mut libc::siginfo_t,
    previous: &libc::sigaction,
) -> bool {
    // SAFETY: `info` is the system's.
    let sent = !FAULTS.contains(&signal) || unsafe { (*info).si_code } <= 0;
    previous.sa_sigaction == libc::SIG_IGN && sent
}

/// A stack for handlers, taken back when its thread ends.
struct HandlerStack(Option<Mapping>);

impl Drop for HandlerStack {
    fn drop(&mut self) {
        PREPARED.set(0);
        let Some(mapping) = &self.0 else { return };
        // SAFETY: all-zero bytes are a valid `stack_t`, and both calls get valid pointers. A stack that
        // somebody else installed meanwhile is left alone.
        unsafe {
            let mut current: libc::stack_t = std::mem::zeroed();
            libc::sigaltstack(std::ptr::null(), &mut current);
            if std::ptr::eq(current.ss_sp.cast(), mapping.base()) {
                let mut off: libc::stack_t = std::mem::zeroed();
                off.ss_flags = libc::SS_DISABLE;
                off.ss_size = HANDLER_STACK_BYTES;
                libc::sigaltstack(&off, std::ptr::null_mut());
            }
        }
    }
}

thread_local! {
    /// Number of this thread once it was prepared; 0 before.
    static PREPARED: Cell<u64> = const { Cell::new(0) };
    static HANDLER_STACK: RefCell<HandlerStack> = const { RefCell::new(HandlerStack(None)) };
}

/// Makes sure that handlers on this thread have a stack of their own that is large enough, and tells which thread
/// it is. Costs one load when it was done before.
#[inline]
pub fn prepare_thread() -> ThreadId {
    match ThreadId::from_number(PREPARED.get()) {
        Some(thread) => thread,
        None => prepare_thread_slow(),
    }
}

#[cold]
fn prepare_thread_slow() -> ThreadId {
    let thread = ThreadId::current();
    PREPARED.set(thread.number());
    provide_handler_stack();
    thread
}

fn provide_handler_stack() {
    // SAFETY: all-zero bytes are a valid `stack_t`, and the query gets a valid pointer.
    let current = unsafe {
        let mut current: libc::stack_t = std::mem::zeroed();
        libc::sigaltstack(std::ptr::null(), &mut current);
        current
    };
    if current.ss_flags & libc::SS_DISABLE == 0 && current.ss_size >= HANDLER_STACK_BYTES {
        return;
    }
    let Ok(mapping) = Mapping::anonymous(HANDLER_STACK_BYTES) else {
        return;
    };
    // The thread may be ending already; then it keeps what it has.
    let _ = HANDLER_STACK.try_with(|stack| {
        let new = libc::stack_t {
            ss_sp: mapping.base().cast(),
            ss_flags: 0,
            ss_size: HANDLER_STACK_BYTES,
        };
        // SAFETY: the mapping is of that size, and lives until `HandlerStack` is dropped,
        // which takes it out of use first.
        unsafe { libc::sigaltstack(&new, std::ptr::null_mut()) };
        stack.borrow_mut().0 = Some(mapping);
    });
}

#[cfg(all(
    any(target_os = "linux", target_os = "android"),
    target_arch = "x86_64"
))]
mod registers {
    //! Registers of a stopped thread.
    use libc::{REG_R15, REG_RBP, REG_RDI, REG_RIP, ucontext_t};

    pub(super) fn pc(context: &ucontext_t) -> usize {
        context.uc_mcontext.gregs[REG_RIP as usize] as usize
    }
    pub(super) fn frame_pointer(context: &ucontext_t) -> usize {
        context.uc_mcontext.gregs[REG_RBP as usize] as usize
    }
    pub(super) fn pinned(context: &ucontext_t) -> u64 {
        context.uc_mcontext.gregs[REG_R15 as usize] as u64
    }
    pub(super) fn resume_at(context: &mut ucontext_t, pc: usize, argument: usize) {
        context.uc_mcontext.gregs[REG_RIP as usize] = pc as i64;
        context.uc_mcontext.gregs[REG_RDI as usize] = argument as i64;
    }
}

#[cfg(all(
    any(target_os = "linux", target_os = "android"),
    target_arch = "aarch64"
))]
mod registers {
    //! Registers of a stopped thread.
    use libc::ucontext_t;

    pub(super) fn pc(context: &ucontext_t) -> usize {
        context.uc_mcontext.pc as usize
    }
    pub(super) fn frame_pointer(context: &ucontext_t) -> usize {
        context.uc_mcontext.regs[29] as usize
    }
    pub(super) fn pinned(context: &ucontext_t) -> u64 {
        context.uc_mcontext.regs[21]
    }
    pub(super) fn resume_at(context: &mut ucontext_t, pc: usize, argument: usize) {
        context.uc_mcontext.pc = pc as u64;
        context.uc_mcontext.regs[0] = argument as u64;
    }
}

#[cfg(all(target_vendor = "apple", target_arch = "aarch64"))]
mod registers {
    //! Registers of a stopped thread.
    use libc::ucontext_t;

    fn state(context: &ucontext_t) -> *mut libc::__darwin_arm_thread_state64 {
        // SAFETY: the system's context of a stopped thread has a valid pointer to its registers.
        unsafe { &raw mut (*context.uc_mcontext).__ss }
    }
    pub(super) fn pc(context: &ucontext_t) -> usize {
        // SAFETY: see `state`.
        unsafe { (*state(context)).__pc as usize }
    }
    pub(super) fn frame_pointer(context: &ucontext_t) -> usize {
        // SAFETY: see `state`.
        unsafe { (*state(context)).__fp as usize }
    }
    pub(super) fn pinned(context: &ucontext_t) -> u64 {
        // SAFETY: see `state`.
        unsafe { (*state(context)).__x[21] }
    }
    pub(super) fn resume_at(context: &mut ucontext_t, pc: usize, argument: usize) {
        // SAFETY: see `state`.
        unsafe {
            (*state(context)).__pc = pc as u64;
            (*state(context)).__x[0] = argument as u64;
        }
    }
}

#[cfg(all(target_vendor = "apple", target_arch = "x86_64"))]
mod registers {
    //! Registers of a stopped thread.
    use libc::ucontext_t;

    fn state(context: &ucontext_t) -> *mut libc::__darwin_x86_thread_state64 {
        // SAFETY: the system's context of a stopped thread has a valid pointer to its registers.
        unsafe { &raw mut (*context.uc_mcontext).__ss }
    }
    pub(super) fn pc(context: &ucontext_t) -> usize {
        // SAFETY: see `state`.
        unsafe { (*state(context)).__rip as usize }
    }
    pub(super) fn frame_pointer(context: &ucontext_t) -> usize {
        // SAFETY: see `state`.
        unsafe { (*state(context)).__rbp as usize }
    }
    pub(super) fn pinned(context: &ucontext_t) -> u64 {
        // SAFETY: see `state`.
        unsafe { (*state(context)).__r15 }
    }
    pub(super) fn resume_at(context: &mut ucontext_t, pc: usize, argument: usize) {
        // SAFETY: see `state`.
        unsafe {
            (*state(context)).__rip = pc as u64;
            (*state(context)).__rdi = argument as u64;
        }
    }
}
