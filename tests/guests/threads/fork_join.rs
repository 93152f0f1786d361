//! Sorts numbers by fork and join on a pool of threads that steal from each other, and prints what must
//! come of it, whatever the number of threads, which is the first argument.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, mpsc};

type Job = Box<dyn FnOnce(&Arc<Pool>, usize) + Send>;

struct Pool {
    queues: Vec<Mutex<VecDeque<Job>>>,
    /// How many jobs are queued, and whether the pool is to end.
    state: Mutex<(usize, bool)>,
    changed: Condvar,
    stolen: AtomicUsize,
}

impl Pool {
    fn new(threads: usize) -> Arc<Pool> {
        Arc::new(Pool {
            queues: (0..threads).map(|_| Mutex::default()).collect(),
            state: Mutex::new((0, false)),
            changed: Condvar::new(),
            stolen: AtomicUsize::new(0),
        })
    }

    fn push(&self, worker: usize, job: Job) {
        self.queues[worker].lock().unwrap().push_back(job);
        self.state.lock().unwrap().0 += 1;
        self.changed.notify_one();
    }

    /// The newest of the worker's own jobs, or the oldest of another's.
    fn take(&self, worker: usize) -> Option<Job> {
        let own = self.queues[worker].lock().unwrap().pop_back();
        let job = own.or_else(|| {
            let others = (0..self.queues.len()).filter(|other| *other != worker);
            let job = others.map(|other| self.queues[other].lock().unwrap().pop_front());
            let job = job.flatten().next();
            self.stolen
                .fetch_add(usize::from(job.is_some()), Ordering::Relaxed);
            job
        })?;
        self.state.lock().unwrap().0 -= 1;
        Some(job)
    }

    fn work(self: &Arc<Self>, worker: usize) {
        loop {
            if let Some(job) = self.take(worker) {
                job(self, worker);
                continue;
            }
            let mut state = self.state.lock().unwrap();
            while state.0 == 0 {
                if state.1 {
                    return;
                }
                state = self.changed.wait(state).unwrap();
            }
        }
    }

    fn end(&self) {
        self.state.lock().unwrap().1 = true;
        self.changed.notify_all();
    }
}

/// Sorts, and gives the result to `done` when all parts are sorted.
fn sort(
    pool: &Arc<Pool>,
    worker: usize,
    mut numbers: Vec<u32>,
    done: Box<dyn FnOnce(Vec<u32>) + Send>,
) {
    if numbers.len() <= 2_000 {
        numbers.sort_unstable();
        return done(numbers);
    }
    let right = numbers.split_off(numbers.len() / 2);
    let halves = Arc::new(Mutex::new((Vec::new(), Some(done))));
    let joined = |halves: Arc<Mutex<(Vec<Vec<u32>>, Option<Box<dyn FnOnce(Vec<u32>) + Send>>)>>| {
        Box::new(move |half: Vec<u32>| {
            let mut halves = halves.lock().unwrap();
            halves.0.push(half);
            if let [one, other] = &halves.0[..] {
                let merged = merge(one, other);
                let done = halves.1.take().expect("two halves join once");
                drop(halves);
                done(merged);
            }
        })
    };
    for half in [numbers, right] {
        let done = joined(Arc::clone(&halves));
        pool.push(
            worker,
            Box::new(move |pool, worker| sort(pool, worker, half, done)),
        );
    }
}

fn merge<'a>(mut one: &'a [u32], mut other: &'a [u32]) -> Vec<u32> {
    let mut merged = Vec::with_capacity(one.len() + other.len());
    while let (Some(a), Some(b)) = (one.first(), other.first()) {
        let from = if a <= b { &mut one } else { &mut other };
        merged.push(from[0]);
        *from = &from[1..];
    }
    merged.extend(one);
    merged.extend(other);
    merged
}

fn main() {
    let threads = std::env::args()
        .nth(1)
        .map_or(4, |count| count.parse().unwrap());
    let mut state = 12_345_u32;
    let numbers: Vec<u32> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state >> 8
    })
    .take(100_000)
    .collect();
    let mut expected = numbers.clone();
    expected.sort_unstable();

    let pool = Pool::new(threads);
    let (sender, receiver) = mpsc::channel();
    pool.push(
        0,
        Box::new(move |pool, worker| {
            sort(
                pool,
                worker,
                numbers,
                Box::new(move |sorted| sender.send(sorted).unwrap()),
            );
        }),
    );
    let workers: Vec<_> = (0..threads)
        .map(|worker| {
            let pool = Arc::clone(&pool);
            std::thread::spawn(move || pool.work(worker))
        })
        .collect();
    let sorted = receiver.recv().unwrap();
    pool.end();
    for worker in workers {
        worker.join().unwrap();
    }
    assert!(sorted == expected);
    println!("sorted {} numbers on {threads} threads", sorted.len());
}
