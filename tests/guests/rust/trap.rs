//@ flags: -C opt-level=0 -C debuginfo=2
//! Traps with `unreachable` three named calls below `main`, and keeps its debug information, so that a backtrace
//! has both names and source lines to show.

#[inline(never)]
fn innermost_call(depth: u32) -> u32 {
    if depth == 3 {
        core::arch::wasm32::unreachable();
    }
    depth
}

#[inline(never)]
fn middle_call(depth: u32) -> u32 {
    innermost_call(depth + 1) + 1
}

#[inline(never)]
fn outer_call(depth: u32) -> u32 {
    middle_call(depth + 1) + 1
}

fn main() {
    println!("before the trap");
    println!("never reached: {}", outer_call(1));
}
