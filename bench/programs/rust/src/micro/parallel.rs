//! The same work on one thread and on two: rows of the Mandelbrot set, which threads take from a
//! common counter until none is left. Each pass prints its least time on standard error.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

const SIZE: u32 = 600;
const STEPS_MAX: u32 = 200;

/// The steps of all points of a row.
fn row(y: u32) -> u64 {
    let scale = 3.0 / f64::from(SIZE);
    let imaginary = f64::from(y) * scale - 1.5;
    let steps = |x: u32| {
        let real = f64::from(x) * scale - 2.0;
        let (mut a, mut b, mut count) = (0.0, 0.0, 0);
        while a * a + b * b < 4.0 && count < STEPS_MAX {
            (a, b) = (a * a - b * b + real, 2.0 * a * b + imaginary);
            count += 1;
        }
        u64::from(count)
    };
    (0..SIZE).map(steps).sum()
}

fn on_threads(threads: u32) -> u64 {
    let (next, sum) = (AtomicU32::new(0), AtomicU64::new(0));
    let work = || loop {
        let y = next.fetch_add(1, Ordering::Relaxed);
        if y >= SIZE {
            return;
        }
        sum.fetch_add(row(y), Ordering::Relaxed);
    };
    thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(work);
        }
        work();
    });
    sum.into_inner()
}

fn main() {
    for (name, threads) in [("one_thread", 1), ("two_threads", 2)] {
        let mut least = u128::MAX;
        let mut sum = 0;
        for _ in 0..7 {
            let start = Instant::now();
            sum = on_threads(threads);
            least = least.min(start.elapsed().as_nanos());
        }
        println!("{name} {sum}");
        eprintln!("{name} {least}");
    }
}
