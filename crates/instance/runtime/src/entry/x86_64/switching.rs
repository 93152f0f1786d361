//! Leaving a stack for another on x86-64, and how a stack begins.

use crate::entry::activation::StoreFields;

/// Defines a stub that compiled code calls as a function: it notes where that was left, saves what a callee preserves, and calls
/// `$routine` with the context, the stack pointer and the arguments; then it goes on where that says. With fuel, what is left
/// stays in its register.
macro_rules! switching_stub {
    ($name:ident, $name_fuel:ident, $routine:path) => {
        $crate::entry::switching_stub!(@one $name, $routine, "", "pop r15");
        $crate::entry::switching_stub!(@one $name_fuel, $routine, "mov [rax + {fuel}], r15", "add rsp, 8");
    };
    (@one $name:ident, $routine:path, $save_fuel:literal, $restore_fuel:literal) => {
        #[unsafe(naked)]
        unsafe extern "C" fn $name() {
            std::arch::naked_asm!(
                "mov rax, [rdi + {store}]",
                "mov r11, [rsp]",
                "mov [rax + {exit_frame}], rbp",
                "mov [rax + {exit_pc}], r11",
                $save_fuel,
                "cmp rsp, [rax + {host_stack_limit}]",
                "jb 3f",
                "push rbp; push rbx; push r12; push r13; push r14; push r15",
                "mov rsi, rsp",
                "sub rsp, 8",
                "2:",
                "call {routine}",
                "mov rsp, rax",
                "mov rax, rdx",
                $restore_fuel,
                "pop r14; pop r13; pop r12; pop rbx; pop rbp",
                // Where this stack was left: no processor would predict a `ret` to it.
                "pop rcx; jmp rcx",
                "3:",
                "cmp rsp, [rax + {reserve_limit}]",
                "jb {exhausted}",
                "push rbp; push rbx; push r12; push r13; push r14; push r15",
                "mov rsi, rsp",
                "mov rsp, [rax + {reserve_top}]",
                "jmp 2b",
                "/* {fuel} */",
                store = const silica_contract::layout::header::STORE,
                exit_frame = const silica_contract::layout::store::EXIT_FRAME,
                exit_pc = const silica_contract::layout::store::EXIT_PC,
                fuel = const silica_contract::layout::store::FUEL,
                host_stack_limit = const silica_contract::layout::store::HOST_STACK_LIMIT,
                reserve_limit = const silica_contract::layout::store::RESERVE_LIMIT,
                reserve_top = const silica_contract::layout::store::RESERVE_TOP,
                exhausted = sym $crate::entry::host_stack_exhausted,
                routine = sym $routine,
            )
        }
    };
}
pub(crate) use switching_stub;

/// Defines the stub that a stack made by [`prepare_stack`] begins with: it calls `$routine` with what was given there, and goes on where that says.
macro_rules! start_stub {
    ($name:ident, $name_fuel:ident, $routine:path) => {
        $crate::entry::start_stub!(@one $name, $routine, "", "pop r15");
        $crate::entry::start_stub!(@one $name_fuel, $routine, "mov r15, [r12 + {fuel}]", "add rsp, 8");
    };
    (@one $name:ident, $routine:path, $load_fuel:literal, $restore_fuel:literal) => {
        #[unsafe(naked)]
        unsafe extern "C" fn $name() {
            std::arch::naked_asm!(
                "mov rdi, rbx",
                "mov rsi, r12",
                "call {routine}",
                $load_fuel,
                "mov rsp, rax",
                "mov rax, rdx",
                $restore_fuel,
                "pop r14; pop r13; pop r12; pop rbx; pop rbp",
                // Where this stack was left: no processor would predict a `ret` to it.
                "pop rcx; jmp rcx",
                "/* {fuel} */",
                fuel = const silica_contract::layout::store::FUEL,
                routine = sym $routine,
            )
        }
    };
}
pub(crate) use start_stub;

/// Makes a stack, of which nothing is used below `top`, one that control can arrive at: it begins with `start`. Gives its stack pointer.
///
/// # Safety
/// Nothing runs on the stack, which has some room; `start` is a `start` stub whose routine takes these two.
pub(crate) unsafe fn prepare_stack(
    top: usize,
    start: unsafe extern "C" fn(),
    first: *mut (),
    second: *mut StoreFields,
) -> usize {
    // As the stub pops them: r15 to r12, rbx, rbp, and the address to return to.
    let saved = [0, 0, 0, second as usize, first as usize, 0, start as usize];
    let stack_pointer = top - size_of_val(&saved);
    // SAFETY: see above.
    unsafe { (stack_pointer as *mut [usize; 7]).write(saved) };
    stack_pointer
}
