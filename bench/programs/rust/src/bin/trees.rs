//! Allocation: binary trees of boxes made, counted, rotated and dropped; short-lived vectors.

use programs::{Digest, Random, run};

struct Node {
    key: u32,
    left: Option<Box<Node>>,
    right: Option<Box<Node>>,
}

fn full(depth: u32, key: u32) -> Option<Box<Node>> {
    (depth > 0).then(|| {
        Box::new(Node {
            key,
            left: full(depth - 1, key * 2),
            right: full(depth - 1, key * 2 + 1),
        })
    })
}

fn sum(node: Option<&Node>) -> u64 {
    node.map_or(0, |node| {
        u64::from(node.key) + 3 * sum(node.left.as_deref()) + sum(node.right.as_deref())
    })
}

fn insert(mut place: &mut Option<Box<Node>>, key: u32) {
    while let Some(node) = place {
        place = if key < node.key {
            &mut node.left
        } else {
            &mut node.right
        };
    }
    *place = Some(Box::new(Node {
        key,
        left: None,
        right: None,
    }));
}

fn mirror(node: &mut Node) {
    std::mem::swap(&mut node.left, &mut node.right);
    for child in [&mut node.left, &mut node.right].into_iter().flatten() {
        mirror(child);
    }
}

#[inline(never)]
fn vectors(seed: u64) -> u64 {
    let mut random = Random::new(seed);
    let mut live: Vec<Vec<u32>> = Vec::new();
    let mut total = 0;
    for i in 0..3000 {
        live.push((0..1 + random.below(40)).collect());
        if live.len() > 100 {
            let gone = live.swap_remove(random.below(100) as usize);
            total += gone.len() as u64 * i;
        }
    }
    total
}

#[inline(never)]
fn round(_: &mut (), index: u32) -> u64 {
    let mut digest = Digest::new();
    let mut tree = full(14, 1 + index % 3);
    if let Some(root) = tree.as_deref_mut() {
        mirror(root);
    }
    digest.add(sum(tree.as_deref()));
    let mut random = Random::new(u64::from(index));
    let mut search = None;
    (0..4000).for_each(|_| insert(&mut search, random.bits() as u32));
    digest.add(sum(search.as_deref()));
    digest.add(vectors(u64::from(index)));
    digest.get()
}

fn main() {
    run("trees", 320, || (), round);
}
