//! Entering and leaving compiled code on aarch64.
//!
//! In Cranelift's `tail` convention integer arguments come in x2 to x7, floats in v0 to v7; results leave in the same
//! registers; the callee pops the arguments on the stack and preserves what C does.
//! x21 holds the fuel where fuel is counted.

mod switching;

use std::arch::naked_asm;

use silica_contract::layout::{host_context, store};

use super::activation::{
    Activation, Ended,
    offsets::{
        FLOATS, FRAME_BYTES, FRAME_FLOATS, HOST_STACK_POINTER, INTEGERS, STACK_ARGUMENTS,
        STACK_ARGUMENTS_BYTES, STORE,
    },
};

const _: () = {
    use super::{FLOAT_ARGUMENTS, FLOAT_RESULTS, FUEL, MANY_RESULTS, activation::STACK_ARGUMENTS};
    // The bits that `tbz` names below.
    assert!(
        FLOAT_ARGUMENTS == 1 << 0
            && MANY_RESULTS == 1 << 1
            && FLOAT_RESULTS == 1 << 2
            && FUEL == 1 << 3
            && STACK_ARGUMENTS == 1 << 4
    );
};

macro_rules! restore_host {
    () => {
        "ldp x19, x20, [sp, #16]
         ldp x21, x22, [sp, #32]
         ldp x23, x24, [sp, #48]
         ldp x25, x26, [sp, #64]
         ldp x27, x28, [sp, #80]
         ldp d8, d9, [sp, #96]
         ldp d10, d11, [sp, #112]
         ldp d12, d13, [sp, #128]
         ldp d14, d15, [sp, #144]
         ldp x29, x30, [sp], #160
         ret"
    };
}

pub(crate) use switching::{arrive, prepare_stack, start_stub, switching_stub};

/// Calls `code`, on the stack that begins at `stack` unless that is 0: [`super::RETURNED`] when it returned, with its results
/// in the activation but for the first integer, and 1 when [`resume_host`] ended it.
///
/// # Safety
/// `activation` is whole; `code` is a compiled function or a leaving stub, the registers and stack arguments are those
/// of its signature, `flags` say which; nothing runs on the stack; the activation's store is that
/// of `context`.
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn enter(
    activation: *mut Activation,
    code: usize,
    context: u64,
    flags: u64,
    stack: usize,
) -> Ended {
    naked_asm!(
        "stp x29, x30, [sp, #-160]!",
        "mov x29, sp",
        "stp x19, x20, [sp, #16]",
        "stp x21, x22, [sp, #32]",
        "stp x23, x24, [sp, #48]",
        "stp x25, x26, [sp, #64]",
        "stp x27, x28, [sp, #80]",
        "stp d8, d9, [sp, #96]",
        "stp d10, d11, [sp, #112]",
        "stp d12, d13, [sp, #128]; stp d14, d15, [sp, #144]",
        "mov x9, sp",
        "str x9, [x0, #{host_stack_pointer}]",
        "cmp x4, #0",
        "csel x10, x9, x4, eq",
        "mov sp, x10",
        "stp x0, x3, [sp, #-16]!",
        "mov x11, x3",
        "tbnz w11, #4, 5f",
        "2:",
        "tbz w11, #0, 3f",
        "ldp q0, q1, [x0, #{floats}]",
        "ldp q2, q3, [x0, #{floats} + 32]",
        "ldp q4, q5, [x0, #{floats} + 64]",
        "ldp q6, q7, [x0, #{floats} + 96]",
        "3:",
        "tbz w11, #3, 4f",
        "ldr x13, [x0, #{store}]",
        "ldr x21, [x13, #{store_fuel}]",
        "4:",
        // The host has no context.
        "mov x3, #0",
        "ldp x4, x5, [x0, #{integers} + 16]",
        "ldp x6, x7, [x0, #{integers} + 32]",
        "blr x1",
        // The callee popped its arguments: the activation is on top.
        "ldp x0, x11, [sp]",
        "tst x11, #14",
        "b.ne 7f",
        "6:",
        "ldr x9, [x0, #{host_stack_pointer}]",
        "mov sp, x9",
        "mov x0, #0",
        "mov x1, x2",
        restore_host!(),
        // Arguments on the stack.
        "5:",
        "ldr x12, [x0, #{stack_arguments_bytes}]",
        "ldr x13, [x0, #{stack_arguments}]",
        "sub sp, sp, x12",
        "mov x15, sp",
        "8:",
        "sub x12, x12, #8",
        "ldr x14, [x13, x12]",
        "str x14, [x15, x12]",
        "cbnz x12, 8b",
        "b 2b",
        // More results than x2, or fuel.
        "7:",
        "tbz w11, #1, 9f",
        "str x3, [x0, #{integers} + 8]",
        "stp x4, x5, [x0, #{integers} + 16]",
        "stp x6, x7, [x0, #{integers} + 32]",
        "9:",
        "tbz w11, #2, 12f",
        "stp q0, q1, [x0, #{floats}]",
        "stp q2, q3, [x0, #{floats} + 32]",
        "stp q4, q5, [x0, #{floats} + 64]",
        "stp q6, q7, [x0, #{floats} + 96]",
        "12:",
        "tbz w11, #3, 6b",
        "ldr x13, [x0, #{store}]",
        "str x21, [x13, #{store_fuel}]",
        "b 6b",
        host_stack_pointer = const HOST_STACK_POINTER,
        stack_arguments = const STACK_ARGUMENTS,
        stack_arguments_bytes = const STACK_ARGUMENTS_BYTES,
        store = const STORE,
        store_fuel = const store::FUEL,
        integers = const INTEGERS,
        floats = const FLOATS,
    )
}

/// Throws away all frames above `activation` and returns 1 from its [`enter`].
///
/// # Safety
/// `activation` is the thread's current one, and no frame above it has anything left to drop.
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn resume_host(activation: *mut Activation) -> ! {
    naked_asm!(
        "ldr x9, [x0, #{host_stack_pointer}]",
        "mov sp, x9",
        "mov x0, #1",
        restore_host!(),
        host_stack_pointer = const HOST_STACK_POINTER,
    )
}

/// Throws frames away and goes on in the one with this frame pointer, with the stack pointer, the exception and the
/// fuel that compiled code expects there. Code with a handler counts on no other register.
///
/// # Safety
/// `pc` is a handler of the function that the frame is of, which the thread's current activation waits in or in a
/// callee of; `stack` is what the image says; no frame above has anything left to drop.
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn resume_handler(
    pc: usize,
    frame: usize,
    stack: usize,
    exception: u64,
    fuel: u64,
) -> ! {
    naked_asm!(
        "mov x29, x1",
        "mov sp, x2",
        "mov x9, x0",
        "mov x0, x3",
        "mov x21, x4",
        "br x9",
    )
}

/// Where the leaving stubs go when too little stack is left, and no reserve: a fault, so that what follows runs
/// on the stack of fault handlers.
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn host_stack_exhausted() {
    naked_asm!("udf #0")
}

/// Notes where compiled code was left (the store in x9 afterwards) and checks the stack.
macro_rules! note_exit {
    () => {
        "ldr x9, [x2, #{store}]
         str x29, [x9, #{exit_frame}]
         str x30, [x9, #{exit_pc}]
         ldr x10, [x9, #{host_stack_limit}]
         mov x11, sp\n"
    };
}

/// Makes a frame, and where too little stack is left goes on below it on the reserve, if that is free.
macro_rules! check_stack {
    () => {
        "cmp x11, x10
         b.hs 2f
         ldr x12, [x9, #{reserve_limit}]
         cmp x11, x12
         b.hs 2f
         b {exhausted}
         2:
         stp x29, x30, [sp, #-32]!
         mov x29, sp
         str x9, [sp, #16]
         ldr x16, [x2, #{code}]
         cmp x11, x10
         b.hs 3f
         ldr x12, [x9, #{reserve_top}]
         mov sp, x12
         3:\n"
    };
}

macro_rules! call_typed {
    () => {
        "mov x0, x2
         mov x1, x3
         mov x2, x4
         mov x3, x5
         mov x4, x6
         mov x5, x7
         blr x16
         mov x2, x0
         mov sp, x29
         ldr x9, [sp, #16]
         ldp x29, x30, [sp], #32\n"
    };
}

/// The code of a host function whose arguments are all in registers: calls its routine
/// with the arguments where C wants them.
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn leave_typed() {
    naked_asm!(
        note_exit!(),
        check_stack!(),
        call_typed!(),
        "ret",
        store = const host_context::STORE,
        code = const host_context::CODE,
        exit_frame = const store::EXIT_FRAME,
        exit_pc = const store::EXIT_PC,
        host_stack_limit = const store::HOST_STACK_LIMIT,
        reserve_limit = const store::RESERVE_LIMIT,
        reserve_top = const store::RESERVE_TOP,
        exhausted = sym host_stack_exhausted,
    )
}

/// As [`leave_typed`], where fuel is counted.
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn leave_typed_fuel() {
    naked_asm!(
        note_exit!(),
        "str x21, [x9, #{fuel}]",
        check_stack!(),
        call_typed!(),
        "ldr x21, [x9, #{fuel}]",
        "ret",
        store = const host_context::STORE,
        code = const host_context::CODE,
        exit_frame = const store::EXIT_FRAME,
        exit_pc = const store::EXIT_PC,
        fuel = const store::FUEL,
        host_stack_limit = const store::HOST_STACK_LIMIT,
        reserve_limit = const store::RESERVE_LIMIT,
        reserve_top = const store::RESERVE_TOP,
        exhausted = sym host_stack_exhausted,
    )
}

/// Spills the argument registers and calls the general routine with (registers, stack arguments,
/// callee, caller); its result is how many bytes of arguments to pop. Results are in the spilled registers.
macro_rules! leave_general_body {
    ($save_fuel:literal, $load_fuel:literal) => {
        concat!(
            note_exit!(),
            $save_fuel,
            check_stack!(),
            "sub sp, sp, #{frame_bytes}
             stp x2, x3, [sp]
             stp x4, x5, [sp, #16]
             stp x6, x7, [sp, #32]
             stp q0, q1, [sp, #{floats}]
             stp q2, q3, [sp, #{floats} + 32]
             stp q4, q5, [sp, #{floats} + 64]
             stp q6, q7, [sp, #{floats} + 96]
             mov x0, sp
             add x1, x29, #32
             blr x16
             mov x9, x0\n",
            $load_fuel,
            "ldp x2, x3, [sp]
             ldp x4, x5, [sp, #16]
             ldp x6, x7, [sp, #32]
             ldp q0, q1, [sp, #{floats}]
             ldp q2, q3, [sp, #{floats} + 32]
             ldp q4, q5, [sp, #{floats} + 64]
             ldp q6, q7, [sp, #{floats} + 96]
             mov sp, x29
             ldp x29, x30, [sp], #32
             add sp, sp, x9
             ret"
        )
    };
}

/// The code of every other host function.
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn leave_general() {
    naked_asm!(
        leave_general_body!("", ""),
        store = const host_context::STORE,
        code = const host_context::CODE,
        exit_frame = const store::EXIT_FRAME,
        exit_pc = const store::EXIT_PC,
        host_stack_limit = const store::HOST_STACK_LIMIT,
        reserve_limit = const store::RESERVE_LIMIT,
        reserve_top = const store::RESERVE_TOP,
        floats = const FRAME_FLOATS,
        frame_bytes = const FRAME_BYTES,
        exhausted = sym host_stack_exhausted,
    )
}

/// As [`leave_general`], where fuel is counted.
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn leave_general_fuel() {
    naked_asm!(
        leave_general_body!("str x21, [x9, #{fuel}]\n", "ldr x10, [x29, #16]\n ldr x21, [x10, #{fuel}]\n"),
        store = const host_context::STORE,
        code = const host_context::CODE,
        exit_frame = const store::EXIT_FRAME,
        exit_pc = const store::EXIT_PC,
        fuel = const store::FUEL,
        host_stack_limit = const store::HOST_STACK_LIMIT,
        reserve_limit = const store::RESERVE_LIMIT,
        reserve_top = const store::RESERVE_TOP,
        floats = const FRAME_FLOATS,
        frame_bytes = const FRAME_BYTES,
        exhausted = sym host_stack_exhausted,
    )
}

/// Bytes of [`ask_code`].
pub(crate) const ASK_BYTES: usize = 0;

/// There is no tier here that would compile a function when it is called.
pub(crate) fn ask_code() -> Option<&'static [u8]> {
    None
}

/// Defines a stub that notes where compiled code was left, saves the fuel if any is counted, and goes on to `$routine`.
macro_rules! builtin_stub {
    ($name:ident, $name_fuel:ident, $routine:path) => {
        #[unsafe(naked)]
        unsafe extern "C" fn $name() {
            std::arch::naked_asm!(
                "ldr x9, [x0, #{store}]",
                "str x29, [x9, #{exit_frame}]",
                "str x30, [x9, #{exit_pc}]",
                "ldr x10, [x9, #{host_stack_limit}]",
                "mov x11, sp",
                "cmp x11, x10",
                "b.hs 2f",
                "ldr x10, [x9, #{reserve_limit}]",
                "cmp x11, x10",
                "b.hs 3f",
                "b {exhausted}",
                "2:",
                "b {routine}",
                "3:",
                "stp x29, x30, [sp, #-16]!",
                "mov x29, sp",
                "ldr x10, [x9, #{reserve_top}]",
                "mov sp, x10",
                "bl {routine}",
                "mov sp, x29",
                "ldp x29, x30, [sp], #16",
                "ret",
                store = const silica_contract::layout::header::STORE,
                exit_frame = const silica_contract::layout::store::EXIT_FRAME,
                exit_pc = const silica_contract::layout::store::EXIT_PC,
                host_stack_limit = const silica_contract::layout::store::HOST_STACK_LIMIT,
                reserve_limit = const silica_contract::layout::store::RESERVE_LIMIT,
                reserve_top = const silica_contract::layout::store::RESERVE_TOP,
                exhausted = sym $crate::entry::host_stack_exhausted,
                routine = sym $routine,
            )
        }
        #[unsafe(naked)]
        unsafe extern "C" fn $name_fuel() {
            std::arch::naked_asm!(
                "ldr x9, [x0, #{store}]",
                "str x21, [x9, #{fuel}]",
                "b {unfueled}",
                store = const silica_contract::layout::header::STORE,
                fuel = const silica_contract::layout::store::FUEL,
                unfueled = sym $name,
            )
        }
    };
}
pub(crate) use builtin_stub;
