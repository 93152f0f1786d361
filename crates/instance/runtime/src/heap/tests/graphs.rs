//! The collector against a model: random graphs of objects, whose shape and contents no collection may change.

use std::collections::{HashMap, HashSet};

use super::{Fixture, Random, config};
use crate::heap::{Counts, HeapConfig, space::GRAIN};

/// What an object of the model is.
#[derive(Clone, Debug, PartialEq)]
enum Node {
    Pair(u64, [usize; 2]),
    References(Vec<usize>),
    Bytes(Vec<u8>),
}

/// In the model, 0 is null and an odd number an `i31`; an even one is twice the place of a node, counted from 1.
struct Model {
    nodes: Vec<Node>,
    roots: Vec<usize>,
}

impl Model {
    fn add(&mut self, node: Node) -> usize {
        self.nodes.push(node);
        self.nodes.len() * 2
    }

    fn node(&mut self, reference: usize) -> Option<&mut Node> {
        let is_object = reference != 0 && reference.is_multiple_of(2);
        is_object.then(|| &mut self.nodes[reference / 2 - 1])
    }

    fn references(&mut self, reference: usize) -> Vec<usize> {
        match self.node(reference) {
            Some(Node::Pair(_, references)) => references.to_vec(),
            Some(Node::References(references)) => references.clone(),
            Some(Node::Bytes(_)) | None => Vec::new(),
        }
    }

    fn set(&mut self, reference: usize, index: usize, value: usize) {
        match self.node(reference) {
            Some(Node::Pair(_, references)) => references[index] = value,
            Some(Node::References(references)) => references[index] = value,
            Some(Node::Bytes(_)) | None => {}
        }
    }
}

/// Compares everything that is reached.
fn compare(fixture: &mut Fixture, model: &mut Model) {
    let mut seen: HashMap<u32, usize> = HashMap::new();
    let pairs = fixture.owner.roots.iter().copied();
    let mut pending: Vec<(u32, usize)> = pairs.zip(model.roots.iter().copied()).collect();
    assert_eq!(fixture.owner.roots.len(), model.roots.len());
    while let Some((object, reference)) = pending.pop() {
        let Some(node) = model.node(reference).cloned() else {
            assert_eq!(object as usize, reference);
            continue;
        };
        if let Some(before) = seen.insert(object, reference) {
            assert_eq!(before, reference, "two objects became one");
            continue;
        }
        match &node {
            Node::Pair(number, _) => {
                let low = u64::from(fixture.get(object, 8));
                let found = low | u64::from(fixture.get(object, 12)) << 32;
                assert_eq!(found, *number);
            }
            Node::References(_) => {}
            Node::Bytes(bytes) => {
                let array = fixture.heap.objects.array(object).unwrap();
                let found = fixture.heap.objects.elements(array, 0, array.length());
                assert_eq!(found.unwrap(), bytes);
            }
        }
        let offsets = fixture.reference_offsets(object);
        let references = model.references(reference);
        assert_eq!(offsets.len(), references.len());
        for (offset, reference) in offsets.into_iter().zip(references) {
            pending.push((fixture.get(object, offset), reference));
        }
    }
    let distinct: HashSet<usize> = seen.values().copied().collect();
    assert_eq!(distinct.len(), seen.len(), "one object became two");
}

/// A heap and its model, to which the same is done.
struct Both {
    random: Random,
    fixture: Fixture,
    model: Model,
}

impl Both {
    fn new(seed: u64, config: HeapConfig) -> Both {
        Both {
            random: Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1),
            fixture: Fixture::new(config, 64 << 20),
            model: Model {
                nodes: Vec::new(),
                roots: Vec::new(),
            },
        }
    }

    fn add(&mut self, object: u32, node: Node) {
        self.fixture.owner.roots.push(object);
        let node = self.model.add(node);
        self.model.roots.push(node);
    }

    fn make(&mut self, step: usize) {
        match self.random.below(13) {
            0..10 => {
                let number = step as u64 * 0x1_0000_0001;
                let object = self.fixture.pair(number).unwrap();
                self.add(object, Node::Pair(number, [0; 2]));
            }
            10..12 => {
                let long = self.random.below(20) == 0;
                let length = self.random.below(if long { 30_000 } else { 40 });
                let ty = self.fixture.types.references.clone();
                let object = self.fixture.array(&ty, length as u32).unwrap();
                self.add(object, Node::References(vec![0; length]));
            }
            _ => {
                let length = self.random.below(if step.is_multiple_of(50) {
                    100_000
                } else {
                    100
                });
                let ty = self.fixture.types.bytes.clone();
                let object = self.fixture.array(&ty, length as u32).unwrap();
                let objects = &mut self.fixture.heap.objects;
                let array = objects.array(object).unwrap();
                objects.fill(array, 0, length as u32, step as u128).unwrap();
                self.add(object, Node::Bytes(vec![step as u8; length]));
            }
        }
    }

    /// Some root that is an object with references, and one of these.
    fn some_field(&mut self) -> Option<(usize, usize, u32)> {
        let root = self.random.below(self.model.roots.len());
        self.model.node(*self.model.roots.get(root)?)?;
        let offsets = self
            .fixture
            .reference_offsets(self.fixture.owner.roots[root]);
        let index = self.random.below(offsets.len());
        Some((root, index, *offsets.get(index)?))
    }

    /// A field of some root's gets another root, an `i31` or null.
    fn write(&mut self, step: usize) {
        let Some((root, index, offset)) = self.some_field() else {
            return;
        };
        let from = self.random.below(self.model.roots.len());
        let (real, ideal) = match self.random.below(10) {
            0 => (0, 0),
            1 => (step as u32 * 2 + 1, step * 2 + 1),
            _ => (self.fixture.owner.roots[from], self.model.roots[from]),
        };
        self.fixture
            .set(self.fixture.owner.roots[root], offset, real);
        self.model.set(self.model.roots[root], index, ideal);
    }

    /// What a root's field holds becomes a root.
    fn read(&mut self) {
        if let Some((root, index, offset)) = self.some_field() {
            let real = self.fixture.get(self.fixture.owner.roots[root], offset);
            self.fixture.owner.roots.push(real);
            let ideal = self.model.references(self.model.roots[root])[index];
            self.model.roots.push(ideal);
        }
    }

    fn forget(&mut self) {
        if !self.model.roots.is_empty() {
            let index = self.random.below(self.model.roots.len());
            self.model.roots.swap_remove(index);
            self.fixture.owner.roots.swap_remove(index);
        }
    }

    fn compare(&mut self) {
        compare(&mut self.fixture, &mut self.model);
    }

    fn collect_all(&mut self) {
        let Fixture { heap, owner, .. } = &mut self.fixture;
        heap.collect_all(owner).unwrap();
    }
}

fn random_graph(seed: u64, steps: usize, config: HeapConfig) -> Counts {
    let mut both = Both::new(seed, config);
    for step in 0..steps {
        match both.random.below(100) {
            0..52 => both.make(step),
            52..85 => both.write(step),
            85..93 => both.forget(),
            93..99 => both.read(),
            _ => {
                if both.random.below(20) == 0 {
                    both.collect_all();
                }
                both.fixture.verify();
            }
        }
        if step % 1000 == 0 {
            both.compare();
        }
    }
    both.fixture.verify();
    both.compare();
    both.collect_all();
    both.fixture.verify();
    both.compare();
    both.fixture.heap.counts()
}

#[test]
fn random_graphs_keep_their_shape() {
    let mut counts = Counts::default();
    for seed in 0..8 {
        let found = random_graph(seed, 6_000, config(GRAIN));
        counts.young += found.young;
        counts.full += found.full;
    }
    assert!(counts.young > 80 && counts.full > 16, "{counts:?}");
}

#[test]
fn random_graphs_keep_their_shape_under_stress() {
    let stress = HeapConfig {
        stress: true,
        ..config(GRAIN)
    };
    for seed in 100..102 {
        random_graph(seed, 400, stress);
    }
}
