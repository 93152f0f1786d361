//! Leaving a stack for another on aarch64, and how a stack begins.

use crate::entry::activation::StoreFields;

/// Goes on where a routine says: on the stack that it gives, restoring what was saved there, with the result that it gives.
macro_rules! arrive {
    ($restore_fuel:literal) => {
        concat!(
            "mov sp, x0
             mov x2, x1
             ldp x19, x20, [sp, #16]\n",
            $restore_fuel,
            "\nldp x23, x24, [sp, #48]
             ldp x25, x26, [sp, #64]
             ldp x27, x28, [sp, #80]
             ldp d8, d9, [sp, #96]
             ldp d10, d11, [sp, #112]
             ldp d12, d13, [sp, #128]
             ldp d14, d15, [sp, #144]
             ldp x29, x30, [sp], #160
             ret"
        )
    };
}
pub(crate) use arrive;

/// Defines a stub that compiled code calls as a function: it notes where that was left, saves what a callee preserves, and calls
/// `$routine` with the context, the stack pointer and the arguments; then it goes on where that says. With fuel, what is left
/// stays in its register.
macro_rules! switching_stub {
    ($name:ident, $name_fuel:ident, $routine:path) => {
        $crate::entry::switching_stub!(@one $name, $routine, "", "ldp x21, x22, [sp, #32]");
        $crate::entry::switching_stub!(@one $name_fuel, $routine, "str x21, [x9, #{fuel}]", "ldr x22, [sp, #40]");
    };
    (@one $name:ident, $routine:path, $save_fuel:literal, $restore_fuel:literal) => {
        #[unsafe(naked)]
        unsafe extern "C" fn $name() {
            std::arch::naked_asm!(
                "ldr x9, [x2, #{store}]",
                "str x29, [x9, #{exit_frame}]",
                "str x30, [x9, #{exit_pc}]",
                $save_fuel,
                "ldr x10, [x9, #{host_stack_limit}]",
                "mov x11, sp",
                "cmp x11, x10",
                "b.hs 2f",
                "ldr x12, [x9, #{reserve_limit}]",
                "cmp x11, x12",
                "b.hs 2f",
                "b {exhausted}",
                "2:",
                "stp x29, x30, [sp, #-160]!",
                "stp x19, x20, [sp, #16]",
                "stp x21, x22, [sp, #32]",
                "stp x23, x24, [sp, #48]",
                "stp x25, x26, [sp, #64]",
                "stp x27, x28, [sp, #80]",
                "stp d8, d9, [sp, #96]",
                "stp d10, d11, [sp, #112]",
                "stp d12, d13, [sp, #128]",
                "stp d14, d15, [sp, #144]",
                "mov x0, x2",
                "mov x1, sp",
                "mov x2, x4",
                "mov x3, x5",
                "mov x4, x6",
                "mov x5, x7",
                "cmp x11, x10",
                "b.hs 3f",
                "ldr x12, [x9, #{reserve_top}]",
                "mov sp, x12",
                "3:",
                "bl {routine}",
                $crate::entry::arrive!($restore_fuel),
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
        $crate::entry::start_stub!(@one $name, $routine, "", "ldp x21, x22, [sp, #32]");
        $crate::entry::start_stub!(@one $name_fuel, $routine, "ldr x21, [x20, #{fuel}]", "ldr x22, [sp, #40]");
    };
    (@one $name:ident, $routine:path, $load_fuel:literal, $restore_fuel:literal) => {
        #[unsafe(naked)]
        unsafe extern "C" fn $name() {
            std::arch::naked_asm!(
                "mov x0, x19",
                "mov x1, x20",
                "bl {routine}",
                $load_fuel,
                $crate::entry::arrive!($restore_fuel),
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
    // As the stub restores them: x29 and the address to return to, x19, x20, and what follows.
    let mut saved = [0; 20];
    saved[1] = start as usize;
    saved[2] = first as usize;
    saved[3] = second as usize;
    let stack_pointer = top - size_of_val(&saved);
    // SAFETY: see above.
    unsafe { (stack_pointer as *mut [usize; 20]).write(saved) };
    stack_pointer
}
