//! Compression: Huffman codes built with a heap, written and read bit by bit.

use programs::{Digest, Random, run};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

#[derive(Clone, Copy)]
enum Node {
    Leaf(u8),
    Pair(u16, u16),
}

struct Tree {
    nodes: Vec<Node>,
    codes: [(u32, u8); 256],
}

fn build(data: &[u8]) -> Tree {
    let mut counts = [0u32; 256];
    data.iter().for_each(|&byte| counts[usize::from(byte)] += 1);
    let mut nodes = Vec::new();
    let mut heap = BinaryHeap::new();
    for byte in 0..=255u8 {
        if counts[usize::from(byte)] > 0 {
            heap.push(Reverse((counts[usize::from(byte)], nodes.len() as u16)));
            nodes.push(Node::Leaf(byte));
        }
    }
    while heap.len() > 1 {
        if let (Some(Reverse(a)), Some(Reverse(b))) = (heap.pop(), heap.pop()) {
            heap.push(Reverse((a.0 + b.0, nodes.len() as u16)));
            nodes.push(Node::Pair(a.1, b.1));
        }
    }
    let mut tree = Tree {
        nodes,
        codes: [(0, 0); 256],
    };
    assign(&mut tree, None, 0, 0);
    tree
}

fn assign(tree: &mut Tree, node: Option<u16>, code: u32, length: u8) {
    let index = node.map_or(tree.nodes.len() - 1, usize::from);
    match tree.nodes[index] {
        Node::Leaf(byte) => tree.codes[usize::from(byte)] = (code, length),
        Node::Pair(zero, one) => {
            assign(tree, Some(zero), code << 1, length + 1);
            assign(tree, Some(one), code << 1 | 1, length + 1);
        }
    }
}

#[inline(never)]
fn encode(tree: &Tree, data: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(data.len());
    let (mut buffer, mut held) = (0u64, 0u8);
    for &byte in data {
        let (code, length) = tree.codes[usize::from(byte)];
        buffer = buffer << length | u64::from(code);
        held += length;
        while held >= 8 {
            held -= 8;
            out.push((buffer >> held) as u8);
        }
    }
    out.push((buffer << (8 - held)) as u8);
    out
}

#[inline(never)]
fn decode(tree: &Tree, bits: &[u8], count: usize) -> Vec<u8> {
    let root = tree.nodes.len() - 1;
    let mut out = Vec::with_capacity(count);
    let mut at = root;
    for byte in bits {
        for shift in (0..8).rev() {
            let Node::Pair(zero, one) = tree.nodes[at] else {
                return out;
            };
            at = usize::from(if byte >> shift & 1 == 0 { zero } else { one });
            if let Node::Leaf(byte) = tree.nodes[at] {
                out.push(byte);
                at = root;
                if out.len() == count {
                    return out;
                }
            }
        }
    }
    out
}

fn setup() -> Vec<u8> {
    let mut random = Random::new(28);
    (0..150_000)
        .map(|_| (random.below(64) * random.below(64) / 48) as u8)
        .collect()
}

#[inline(never)]
fn round(data: &mut Vec<u8>, index: u32) -> u64 {
    let at = index as usize * 31 % data.len();
    data[at] = index as u8;
    let tree = build(data);
    let bits = encode(&tree, data);
    assert!(decode(&tree, &bits, data.len()) == *data);
    let mut sum = Digest::new();
    sum.add(bits.len() as u64);
    sum.add(u64::from(bits[bits.len() / 2]));
    sum.get()
}

fn main() {
    run("huffman", 150, setup, round);
}
