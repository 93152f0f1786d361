//! The guest's side of the world `kinds`: it asks its host for what it is asked, and keeps stacks.

use std::cell::RefCell;
use std::sync::atomic::{AtomicU32, Ordering};

silica_guest::bindgen!({ world: "kinds", path: "wit" });

use exports::test::kinds::stacks::{GuestStack, Stack, StackBorrow};
use test::kinds::counters::{self, Counter};
use test::kinds::echo as host;
use test::kinds::types::{Colour, Pair, Person, Rights, Shape};

struct Kinds;

export!(Kinds);

impl Guest for Kinds {
    fn greet(name: String) -> String {
        log(&name);
        format!("Good day, {name}.")
    }
}

impl exports::test::kinds::echo::Guest for Kinds {
    fn integers(
        a: i8,
        b: u8,
        c: i16,
        d: u16,
        e: i32,
        f: u32,
        g: i64,
        h: u64,
    ) -> (i8, u8, i16, u16, i32, u32, i64, u64) {
        host::integers(a, b, c, d, e, f, g, h)
    }

    fn others(a: f32, b: f64, c: bool, d: Pair) -> (f32, f64, bool, Pair) {
        host::others(a, b, c, d)
    }

    fn text(text: String) -> String {
        host::text(&text)
    }

    fn bytes(bytes: Vec<u8>) -> Vec<u8> {
        host::bytes(&bytes)
    }

    fn lists(
        words: Vec<Vec<String>>,
        pairs: Vec<(u16, Pair)>,
        flat: Vec<i64>,
    ) -> (Vec<Vec<String>>, Vec<(u16, Pair)>, Vec<i64>) {
        host::lists(&words, &pairs, &flat)
    }

    fn records(person: Person, people: Vec<Person>) -> (Person, Vec<Person>) {
        host::records(&person, &people)
    }

    fn variants(shape: Shape, shapes: Vec<Shape>) -> (Shape, Vec<Shape>) {
        host::variants(&shape, &shapes)
    }

    fn names(colour: Colour, rights: Rights, all: Vec<Rights>) -> (Colour, Rights, Vec<Rights>) {
        host::names(colour, rights, &all)
    }

    fn options(
        a: Option<Option<u32>>,
        b: Option<String>,
        c: Vec<Option<f32>>,
    ) -> (Option<Option<u32>>, Option<String>, Vec<Option<f32>>) {
        host::options(a, b.as_deref(), &c)
    }

    fn results(outcome: Result<Person, Colour>) -> Result<Person, Colour> {
        host::results(outcome.as_ref())
    }

    fn empty(outcome: Result<(), ()>) -> Result<(), String> {
        host::empty(outcome)
    }

    fn many(
        a: String,
        b: String,
        c: String,
        d: String,
        e: String,
        f: String,
        g: String,
        h: u8,
        i: String,
    ) -> String {
        host::many(&a, &b, &c, &d, &e, &f, &g, h, &i)
    }

    fn nothing() {
        host::nothing();
    }
}

/// How many stacks there are.
static ALIVE: AtomicU32 = AtomicU32::new(0);

struct Values {
    name: String,
    values: RefCell<Vec<String>>,
}

impl Drop for Values {
    fn drop(&mut self) {
        ALIVE.fetch_sub(1, Ordering::Relaxed);
        log(&format!("`{}` is gone", self.name));
    }
}

impl GuestStack for Values {
    fn new(name: String) -> Values {
        ALIVE.fetch_add(1, Ordering::Relaxed);
        Values {
            name,
            values: RefCell::default(),
        }
    }

    fn push(&self, value: String) {
        self.values.borrow_mut().push(value);
    }

    fn pop(&self) -> Option<String> {
        self.values.borrow_mut().pop()
    }

    fn merged(below: Stack, above: StackBorrow<'_>) -> Stack {
        let above: &Values = above.get();
        let more = above.values.borrow().clone();
        below.get::<Values>().values.borrow_mut().extend(more);
        below
    }
}

impl exports::test::kinds::stacks::Guest for Kinds {
    type Stack = Values;

    fn count(stack: StackBorrow<'_>, counter: &Counter) -> u32 {
        let own = counters::back(Counter::new(1000));
        let before = counters::value(&own) + own.add(1);
        assert!(Counter::largest() >= 1001 && before == 2001);
        stack
            .get::<Values>()
            .values
            .borrow()
            .iter()
            .fold(0, |_, _| counter.add(1))
    }

    fn alive() -> u32 {
        ALIVE.load(Ordering::Relaxed)
    }
}
