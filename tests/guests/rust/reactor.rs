//@ flags: --crate-type cdylib
//! A reactor: no `_start`, an `_initialize`, and exports that keep state between calls.

use std::sync::atomic::{AtomicU32, Ordering};

static INITIALIZED: AtomicU32 = AtomicU32::new(0);
static CALLS: AtomicU32 = AtomicU32::new(0);

/// What the host must call once, before anything else.
#[unsafe(no_mangle)]
pub extern "C" fn _initialize() {
    INITIALIZED.fetch_add(1, Ordering::Relaxed);
}

/// How often [`_initialize`] was called: 1 where the host does its part.
#[unsafe(no_mangle)]
pub extern "C" fn initialized() -> u32 {
    INITIALIZED.load(Ordering::Relaxed)
}

/// Adds its operands, and counts the call.
#[unsafe(no_mangle)]
pub extern "C" fn add(left: i32, right: i32) -> i32 {
    CALLS.fetch_add(1, Ordering::Relaxed);
    left.wrapping_add(right)
}

/// How often [`add`] was called.
#[unsafe(no_mangle)]
pub extern "C" fn calls() -> u32 {
    CALLS.load(Ordering::Relaxed)
}

/// Prints a line through WASI, from a call that is not `_start`.
#[unsafe(no_mangle)]
pub extern "C" fn greet() {
    println!("greetings from a reactor");
}
