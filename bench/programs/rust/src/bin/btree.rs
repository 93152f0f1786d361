//! A B-tree: the standard library's ordered map, filled, searched, walked and emptied.

use programs::{Digest, Random, run};
use std::collections::BTreeMap;

type Map = BTreeMap<u64, u32>;

#[inline(never)]
fn fill(map: &mut Map, random: &mut Random, count: u32) {
    for i in 0..count {
        map.insert(random.bits() >> 40, i);
    }
}

#[inline(never)]
fn search(map: &Map, random: &mut Random, count: u32) -> u64 {
    let mut sum = 0;
    for _ in 0..count {
        let key = random.bits() >> 40;
        if let Some((found, value)) = map.range(key..).next() {
            sum += found ^ u64::from(*value);
        }
    }
    sum
}

#[inline(never)]
fn walk(map: &Map) -> u64 {
    let mut sum = Digest::new();
    for (key, value) in map {
        sum.add(key + u64::from(*value));
    }
    sum.get()
}

#[inline(never)]
fn empty(map: &mut Map, random: &mut Random, count: u32) -> u64 {
    let mut removed = 0;
    for _ in 0..count {
        let key = random.bits() >> 40;
        removed += u64::from(map.remove(&key).is_some());
    }
    while let Some((key, _)) = map.pop_first() {
        removed = removed.wrapping_mul(3) ^ key;
    }
    removed
}

#[inline(never)]
fn round(map: &mut Map, index: u32) -> u64 {
    let mut random = Random::new(u64::from(index));
    let mut same = random.clone();
    fill(map, &mut random, 40_000);
    let found = search(map, &mut random, 40_000);
    let walked = walk(map);
    found ^ walked ^ empty(map, &mut same, 20_000)
}

fn main() {
    run("btree", 46, Map::new, round);
}
