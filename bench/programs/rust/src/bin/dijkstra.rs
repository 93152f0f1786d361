//! Graphs: shortest paths with a binary heap, breadth-first levels, union-find.

use programs::{Digest, Random, run};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

const NODES: u32 = 8000;

struct Graph {
    starts: Vec<u32>,
    edges: Vec<(u32, u32)>,
}

impl Graph {
    fn from(&self, node: u32) -> &[(u32, u32)] {
        &self.edges[self.starts[node as usize] as usize..self.starts[node as usize + 1] as usize]
    }
}

fn setup() -> Graph {
    let mut random = Random::new(36);
    let mut graph = Graph {
        starts: vec![0],
        edges: vec![],
    };
    for node in 0..NODES {
        for _ in 0..random.below(8) {
            let far = random.below(20) == 0;
            let to = if far {
                random.below(NODES)
            } else {
                (node + 1 + random.below(50)) % NODES
            };
            graph.edges.push((to, 1 + random.below(1000)));
        }
        graph.edges.push(((node + 1) % NODES, 500));
        graph.starts.push(graph.edges.len() as u32);
    }
    graph
}

#[inline(never)]
fn shortest(graph: &Graph, from: u32) -> u64 {
    let mut distances = vec![u32::MAX; NODES as usize];
    let mut heap = BinaryHeap::from([Reverse((0, from))]);
    distances[from as usize] = 0;
    while let Some(Reverse((distance, node))) = heap.pop() {
        if distance > distances[node as usize] {
            continue;
        }
        for &(to, length) in graph.from(node) {
            if distance + length < distances[to as usize] {
                distances[to as usize] = distance + length;
                heap.push(Reverse((distance + length, to)));
            }
        }
    }
    distances.iter().map(|&distance| u64::from(distance)).sum()
}

#[inline(never)]
fn levels(graph: &Graph, from: u32) -> u64 {
    let mut level = vec![u32::MAX; NODES as usize];
    let mut queue = VecDeque::from([from]);
    level[from as usize] = 0;
    while let Some(node) = queue.pop_front() {
        for &(to, _) in graph.from(node) {
            if level[to as usize] == u32::MAX {
                level[to as usize] = level[node as usize] + 1;
                queue.push_back(to);
            }
        }
    }
    level.iter().map(|&level| u64::from(level)).sum()
}

#[inline(never)]
fn components(graph: &Graph, modulus: u32) -> u64 {
    fn root(parents: &mut [u32], mut node: u32) -> u32 {
        while parents[node as usize] != node {
            parents[node as usize] = parents[parents[node as usize] as usize];
            node = parents[node as usize];
        }
        node
    }
    let mut parents: Vec<u32> = (0..NODES).collect();
    let mut count = u64::from(NODES);
    for node in 0..NODES {
        for &(to, length) in graph.from(node) {
            let (a, b) = (root(&mut parents, node), root(&mut parents, to));
            if a != b && length % modulus == 0 {
                parents[a as usize] = b;
                count -= 1;
            }
        }
    }
    count
}

#[inline(never)]
fn round(graph: &mut Graph, index: u32) -> u64 {
    let mut sum = Digest::new();
    let from = index.wrapping_mul(7919) % NODES;
    sum.add(shortest(graph, from));
    sum.add(levels(graph, from));
    sum.add(components(graph, 3 + index % 5));
    sum.get()
}

fn main() {
    run("dijkstra", 370, setup, round);
}
