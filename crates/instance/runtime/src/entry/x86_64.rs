//! Entering and leaving compiled code on x86-64, System V.
//!
//! In Cranelift's `tail` convention integer arguments come in rdi, rsi, rdx, rcx, r8, r9 as in C, floats in xmm0
//! to xmm7; results leave in rax, rcx, rdx, rsi, rdi, r8, r9, r10 and xmm0 to xmm7; the callee pops the arguments on
//! the stack and preserves rbx, rbp and r12 to r15, as in C. r15 holds the fuel where fuel is counted.

mod switching;

use std::arch::naked_asm;

use silica_contract::layout::{header, host_context, store};

use super::activation::{
    Activation, Ended, FLOAT_ARGUMENTS, FLOAT_RESULTS, FUEL, MANY_RESULTS, RARE_ARGUMENTS,
    RARE_RESULTS, STACK_ARGUMENTS as STACK_ARGUMENTS_FLAG,
    offsets::{
        FLOATS, FRAME_BYTES, FRAME_FLOATS, HOST_STACK_POINTER, INTEGERS, RESOLVE, RESOLVE_STACK,
        STACK_ARGUMENTS, STACK_ARGUMENTS_BYTES, STORE,
    },
};

pub(crate) use switching::{prepare_stack, start_stub, switching_stub};

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
        "push rbp",
        "mov rbp, rsp",
        "push rbx",
        "push r12; push r13; push r14; push r15",
        "mov [rdi + {host_stack_pointer}], rsp",
        "test r8, r8",
        "cmovne rsp, r8",
        // Either way rsp is now 8 below a multiple of 16.
        "sub rsp, 8",
        "mov rbx, rdi",
        "mov r12, rcx",
        "mov r11, rsi",
        "mov rdi, rdx",
        "test ecx, {rare_arguments}",
        "jne 5f",
        "2:",
        // The host has no context.
        "xor esi, esi",
        "mov rdx, [rbx + {integers} + 16]",
        "mov rcx, [rbx + {integers} + 24]",
        "mov r8, [rbx + {integers} + 32]",
        "mov r9, [rbx + {integers} + 40]",
        "call r11",
        // The callee preserved rbx, r12 and rbp, and all that it would have cost to restore.
        "test r12d, {rare_results}",
        "jne 7f",
        "6:",
        "mov rbx, [rbp - 8]",
        "mov r12, [rbp - 16]",
        "mov rdx, rax",
        "xor eax, eax",
        "leave",
        "ret",
        // Arguments on the stack, highest first.
        "5:",
        "test ecx, {stack_arguments_flag}",
        "je 3f",
        "mov rax, [rbx + {stack_arguments_bytes}]",
        "mov r10, [rbx + {stack_arguments}]",
        "8:",
        "sub rax, 8",
        "push qword ptr [r10 + rax]",
        "jne 8b",
        "3:",
        "test ecx, {float_arguments}",
        "je 4f",
        "movups xmm0, [rbx + {floats}]; movups xmm1, [rbx + {floats} + 16]",
        "movups xmm2, [rbx + {floats} + 32]; movups xmm3, [rbx + {floats} + 48]",
        "movups xmm4, [rbx + {floats} + 64]; movups xmm5, [rbx + {floats} + 80]",
        "movups xmm6, [rbx + {floats} + 96]; movups xmm7, [rbx + {floats} + 112]",
        "4:",
        "test ecx, {fuel}",
        "je 2b",
        "mov r10, [rbx + {store}]",
        "mov r15, [r10 + {store_fuel}]",
        "jmp 2b",
        // More results than rax, or fuel.
        "7:",
        "test r12d, {many_results}",
        "je 9f",
        "mov [rbx + {integers} + 8], rcx",
        "mov [rbx + {integers} + 16], rdx",
        "mov [rbx + {integers} + 24], rsi",
        "mov [rbx + {integers} + 32], rdi",
        "mov [rbx + {integers} + 40], r8",
        "mov [rbx + {integers} + 48], r9",
        "mov [rbx + {integers} + 56], r10",
        "9:",
        "test r12d, {float_results}",
        "je 12f",
        "movups [rbx + {floats}], xmm0; movups [rbx + {floats} + 16], xmm1",
        "movups [rbx + {floats} + 32], xmm2; movups [rbx + {floats} + 48], xmm3",
        "movups [rbx + {floats} + 64], xmm4; movups [rbx + {floats} + 80], xmm5",
        "movups [rbx + {floats} + 96], xmm6; movups [rbx + {floats} + 112], xmm7",
        "12:",
        "test r12d, {fuel}",
        "je 6b",
        "mov rcx, [rbx + {store}]",
        "mov [rcx + {store_fuel}], r15",
        "mov r15, [rbp - 40]",
        "jmp 6b",
        host_stack_pointer = const HOST_STACK_POINTER,
        stack_arguments = const STACK_ARGUMENTS,
        stack_arguments_bytes = const STACK_ARGUMENTS_BYTES,
        store = const STORE,
        store_fuel = const store::FUEL,
        integers = const INTEGERS,
        floats = const FLOATS,
        float_arguments = const FLOAT_ARGUMENTS,
        many_results = const MANY_RESULTS,
        float_results = const FLOAT_RESULTS,
        fuel = const FUEL,
        stack_arguments_flag = const STACK_ARGUMENTS_FLAG,
        rare_arguments = const RARE_ARGUMENTS,
        rare_results = const RARE_RESULTS,
    )
}

/// Throws away all frames above `activation` and returns 1 from its [`enter`].
///
/// # Safety
/// `activation` is the thread's current one, and no frame above it has anything left to drop.
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn resume_host(activation: *mut Activation) -> ! {
    naked_asm!(
        "mov rsp, [rdi + {host_stack_pointer}]",
        "mov eax, 1",
        "pop r15",
        "pop r14",
        "pop r13",
        "pop r12",
        "pop rbx",
        "pop rbp",
        "ret",
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
        "mov rbp, rsi",
        "mov rsp, rdx",
        "mov rax, rcx",
        "mov r15, r8",
        "jmp rdi",
    )
}

/// Where the leaving stubs go when too little stack is left, and no reserve: a fault, so that what follows runs
/// on the stack of fault handlers.
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn host_stack_exhausted() {
    naked_asm!("ud2")
}

/// Notes where compiled code was left (the store in rax afterwards) and checks the stack.
macro_rules! note_exit {
    ($context:literal) => {
        concat!(
            "mov rax, [",
            $context,
            " + {store}]\n",
            "mov r11, [rsp]\n",
            "mov [rax + {exit_frame}], rbp\n",
            "mov [rax + {exit_pc}], r11\n",
        )
    };
}

/// Checks that as much stack is left as a host function may need. Otherwise goes on at 3, if the reserve is free.
macro_rules! check_stack {
    () => {
        "cmp rsp, [rax + {host_stack_limit}]\n jb 3f\n"
    };
}

/// Where `check_stack` goes on.
macro_rules! check_reserve {
    () => {
        "3:\n cmp rsp, [rax + {reserve_limit}]\n jb {exhausted}\n"
    };
}

/// The code of a host function whose arguments are all in registers: jumps to its routine,
/// which finds them where C has them.
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn leave_typed() {
    naked_asm!(
        note_exit!("rdi"),
        check_stack!(),
        "jmp [rdi + {code}]",
        check_reserve!(),
        "mov r11, rsp",
        "mov rsp, [rax + {reserve_top}]",
        "push r11",
        "push r11",
        "call [rdi + {code}]",
        "pop rsp",
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
        note_exit!("rdi"),
        "mov [rax + {fuel}], r15",
        check_stack!(),
        "push rax",
        "call [rdi + {code}]",
        "pop r11",
        "mov r15, [r11 + {fuel}]",
        "ret",
        check_reserve!(),
        "mov r11, rsp",
        "mov rsp, [rax + {reserve_top}]",
        "push r11",
        "push rax",
        "call [rdi + {code}]",
        "pop r11",
        "mov r15, [r11 + {fuel}]",
        "pop rsp",
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
/// The return address is moved up to the last of those arguments, so that returning pops them. Where the reserve is used,
/// rbp and the store, next to it, are on the stack that was left.
macro_rules! leave_general_body {
    ($save_fuel:literal, $load_fuel:literal) => {
        concat!(
            note_exit!("rdi"),
            $save_fuel,
            check_stack!(),
            "push rbp
             mov rbp, rsp
             2:
             sub rsp, {frame_bytes} + 16
             mov [rbp - 8], rax
             mov [rsp], rdi
             mov [rsp + 8], rsi
             mov [rsp + 16], rdx
             mov [rsp + 24], rcx
             mov [rsp + 32], r8
             mov [rsp + 40], r9
             movups [rsp + {floats}], xmm0
             movups [rsp + {floats} + 16], xmm1
             movups [rsp + {floats} + 32], xmm2
             movups [rsp + {floats} + 48], xmm3
             movups [rsp + {floats} + 64], xmm4
             movups [rsp + {floats} + 80], xmm5
             movups [rsp + {floats} + 96], xmm6
             movups [rsp + {floats} + 112], xmm7
             mov rdx, rdi
             mov rcx, rsi
             mov rdi, rsp
             lea rsi, [rbp + 16]
             call [rdx + {code}]
             mov r11, rax
             mov rcx, [rbp + 8]
             mov [rbp + r11 + 8], rcx\n",
            $load_fuel,
            "mov rax, [rsp]
             mov rcx, [rsp + 8]
             mov rdx, [rsp + 16]
             mov rsi, [rsp + 24]
             mov rdi, [rsp + 32]
             mov r8, [rsp + 40]
             mov r9, [rsp + 48]
             mov r10, [rsp + 56]
             movups xmm0, [rsp + {floats}]
             movups xmm1, [rsp + {floats} + 16]
             movups xmm2, [rsp + {floats} + 32]
             movups xmm3, [rsp + {floats} + 48]
             movups xmm4, [rsp + {floats} + 64]
             movups xmm5, [rsp + {floats} + 80]
             movups xmm6, [rsp + {floats} + 96]
             movups xmm7, [rsp + {floats} + 112]
             leave
             add rsp, r11
             ret\n",
            check_reserve!(),
            "push rbp
             mov rbp, rsp
             mov rsp, [rax + {reserve_top}]
             jmp 2b"
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
        leave_general_body!("mov [rax + {fuel}], r15\n", "mov rax, [rbp - 8]\n mov r15, [rax + {fuel}]\n"),
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

/// Bytes of [`ask_code`], a multiple of 64.
pub(crate) const ASK_BYTES: usize = 256;

/// What growing code has in front of its stubs: asks for the function with the number in eax, which was called just now, and jumps to it
/// with all arguments as they were. It is copied to where code is known to the registry, so that a fault for want of stack is the call's. The
/// function is compiled on a stack of its own; rbp leads back from there.
pub(crate) fn ask_code() -> Option<&'static [u8]> {
    let start = ask as *const u8;
    // SAFETY: the routine is filled up to so many bytes, which are readable as all code of this program.
    Some(unsafe { std::slice::from_raw_parts(start, ASK_BYTES) })
}

/// Only a pattern to copy: it refers to nothing by its distance.
#[unsafe(naked)]
unsafe extern "C" fn ask() {
    naked_asm!(
        "2:",
        "push rbp",
        "mov rbp, rsp",
        "sub rsp, {frame_bytes}",
        "mov [rsp], rdi",
        "mov [rsp + 8], rsi",
        "mov [rsp + 16], rdx",
        "mov [rsp + 24], rcx",
        "mov [rsp + 32], r8",
        "mov [rsp + 40], r9",
        "movups [rsp + {floats}], xmm0; movups [rsp + {floats} + 16], xmm1",
        "movups [rsp + {floats} + 32], xmm2; movups [rsp + {floats} + 48], xmm3",
        "movups [rsp + {floats} + 64], xmm4; movups [rsp + {floats} + 80], xmm5",
        "movups [rsp + {floats} + 96], xmm6; movups [rsp + {floats} + 112], xmm7",
        "mov r11, [rdi + {store}]",
        "mov r10, [rbp]; mov [r11 + {exit_frame}], r10",
        "mov r10, [rbp + 8]; mov [r11 + {exit_pc}], r10",
        "mov [r11 + {fuel}], r15",
        "mov esi, eax",
        "mov rsp, [r11 + {resolve_stack}]",
        "call [r11 + {resolve}]",
        "lea rsp, [rbp - {frame_bytes}]",
        "mov rdi, [rsp]",
        "mov rsi, [rsp + 8]",
        "mov rdx, [rsp + 16]",
        "mov rcx, [rsp + 24]",
        "mov r8, [rsp + 32]",
        "mov r9, [rsp + 40]",
        "movups xmm0, [rsp + {floats}]; movups xmm1, [rsp + {floats} + 16]",
        "movups xmm2, [rsp + {floats} + 32]; movups xmm3, [rsp + {floats} + 48]",
        "movups xmm4, [rsp + {floats} + 64]; movups xmm5, [rsp + {floats} + 80]",
        "movups xmm6, [rsp + {floats} + 96]; movups xmm7, [rsp + {floats} + 112]",
        "leave",
        "jmp rax",
        "3:",
        ".skip {bytes} - (3b - 2b), 0xcc",
        store = const header::STORE,
        exit_frame = const store::EXIT_FRAME,
        exit_pc = const store::EXIT_PC,
        fuel = const store::FUEL,
        resolve_stack = const RESOLVE_STACK,
        resolve = const RESOLVE,
        floats = const FRAME_FLOATS,
        frame_bytes = const FRAME_BYTES,
        bytes = const ASK_BYTES,
    )
}

/// Defines a stub that notes where compiled code was left, saves the fuel if any is counted, and goes on to `$routine`.
macro_rules! builtin_stub {
    ($name:ident, $name_fuel:ident, $routine:path) => {
        #[unsafe(naked)]
        unsafe extern "C" fn $name() {
            std::arch::naked_asm!(
                "mov rax, [rdi + {store}]",
                "mov r11, [rsp]",
                "mov [rax + {exit_frame}], rbp",
                "mov [rax + {exit_pc}], r11",
                "cmp rsp, [rax + {host_stack_limit}]",
                "jb 3f",
                "jmp {routine}",
                "3:",
                "cmp rsp, [rax + {reserve_limit}]",
                "jb {exhausted}",
                "mov r11, rsp",
                "mov rsp, [rax + {reserve_top}]",
                "push r11",
                "push r11",
                "call {routine}",
                "pop rsp",
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
                "mov rax, [rdi + {store}]",
                "mov [rax + {fuel}], r15",
                "jmp {unfueled}",
                store = const silica_contract::layout::header::STORE,
                fuel = const silica_contract::layout::store::FUEL,
                unfueled = sym $name,
            )
        }
    };
}
pub(crate) use builtin_stub;
