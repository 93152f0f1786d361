//! Prints `spinning`, then loops for ever without calling anything, so that only an interruption can stop it.

fn main() {
    println!("spinning");
    let mut count = 0u64;
    loop {
        count = core::hint::black_box(count.wrapping_add(1));
    }
}
