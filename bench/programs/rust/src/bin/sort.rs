//! Sorting: the standard library's stable and unstable sorts, of numbers, records and strings.

use programs::{Digest, Random, run};

#[derive(Clone)]
struct Record {
    name: String,
    score: f32,
    id: u32,
}

fn setup() -> (Vec<u64>, Vec<Record>) {
    let mut random = Random::new(25);
    let numbers = (0..100_000).map(|_| random.bits()).collect();
    let records = (0..8000)
        .map(|id| Record {
            name: format!("{:05}-{}", random.below(3000), id % 7),
            score: random.unit() as f32,
            id,
        })
        .collect();
    (numbers, records)
}

#[inline(never)]
fn sort_numbers(numbers: &[u64], mask: u64) -> u64 {
    let mut unstable: Vec<u64> = numbers.iter().map(|n| n ^ mask).collect();
    let mut stable: Vec<u32> = unstable.iter().map(|n| *n as u32).collect();
    unstable.sort_unstable();
    stable.sort();
    let middle = unstable.len() / 2;
    unstable[middle] ^ u64::from(stable[middle])
}

#[inline(never)]
fn sort_records(records: &mut [Record]) -> u64 {
    let mut sum = Digest::new();
    records.sort_by(|a, b| a.name.cmp(&b.name));
    records
        .iter()
        .step_by(97)
        .for_each(|record| sum.add(u64::from(record.id)));
    records.sort_by(|a, b| b.score.total_cmp(&a.score));
    records
        .iter()
        .step_by(89)
        .for_each(|record| sum.add(u64::from(record.id)));
    records.sort_unstable_by_key(|record| (record.id % 100, record.id));
    sum.get()
}

#[inline(never)]
fn round(state: &mut (Vec<u64>, Vec<Record>), index: u32) -> u64 {
    let mask = u64::from(index).wrapping_mul(0x0101_0101_0101_0101);
    state.1[index as usize % 8000].score += 0.5;
    sort_numbers(&state.0, mask) ^ sort_records(&mut state.1)
}

fn main() {
    run("sort", 100, setup, round);
}
