//! Ends in the way that its argument names, while other threads read, sleep and compute.

use std::io::Read;
use std::process::exit;
use std::thread::{Builder, sleep, spawn};
use std::time::Duration;

fn forever() {
    let mut count = 0_u64;
    loop {
        count = std::hint::black_box(count + 1);
    }
}

fn main() {
    let how = std::env::args().nth(1).unwrap_or_default();
    if how == "refused" {
        let refused = Builder::new()
            .spawn(|| ())
            .expect_err("there may be no thread");
        return println!("refused: {:?}", refused.kind());
    }
    spawn(forever);
    spawn(|| sleep(Duration::from_secs(1_000)));
    spawn(|| std::io::stdin().read_exact(&mut [0; 1]));
    match how.as_str() {
        "return" => println!("returning"),
        "exit" => exit(3),
        "exit-of-thread" => {
            spawn(|| exit(4));
            forever();
        }
        "trap-of-thread" => {
            spawn(|| std::arch::wasm32::unreachable());
            sleep(Duration::from_secs(1_000));
        }
        _ => forever(),
    }
}
