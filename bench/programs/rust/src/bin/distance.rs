//! Dynamic programming: edit distances, longest common subsequences and a knapsack.

use programs::{Digest, Random, run};

fn setup() -> Vec<Vec<u8>> {
    let mut random = Random::new(35);
    (0..8)
        .map(|i| {
            (0..300 + 10 * i)
                .map(|_| b'a' + random.below(6) as u8)
                .collect()
        })
        .collect()
}

#[inline(never)]
fn edit_distance(a: &[u8], b: &[u8]) -> u32 {
    let mut row: Vec<u32> = (0..=b.len() as u32).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i as u32 + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + u32::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[inline(never)]
fn common(a: &[u8], b: &[u8]) -> u32 {
    let mut lengths = vec![vec![0u16; b.len() + 1]; a.len() + 1];
    for i in 0..a.len() {
        for j in 0..b.len() {
            lengths[i + 1][j + 1] = if a[i] == b[j] {
                lengths[i][j] + 1
            } else {
                lengths[i][j + 1].max(lengths[i + 1][j])
            };
        }
    }
    u32::from(lengths[a.len()][b.len()])
}

#[inline(never)]
fn knapsack(items: &[u8], capacity: usize) -> u32 {
    let mut best = vec![0u32; capacity + 1];
    for (i, &item) in items.iter().enumerate() {
        let (weight, worth) = (
            usize::from(item) % 23 + 3,
            u32::from(item) * (i as u32 % 7 + 1),
        );
        for room in (weight..=capacity).rev() {
            best[room] = best[room].max(best[room - weight] + worth);
        }
    }
    best[capacity]
}

#[inline(never)]
fn round(texts: &mut Vec<Vec<u8>>, index: u32) -> u64 {
    let mut sum = Digest::new();
    let count = texts.len();
    texts[index as usize % count][index as usize % 300] = b'a' + (index % 6) as u8;
    for pair in texts.windows(2) {
        sum.add(u64::from(edit_distance(&pair[0], &pair[1])));
        sum.add(u64::from(common(&pair[0], &pair[1])));
    }
    sum.add(u64::from(knapsack(&texts[0], 1000)));
    sum.get()
}

fn main() {
    run("distance", 160, setup, round);
}
