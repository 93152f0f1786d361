//! Both sides of one world: a guest by `silica_guest::bindgen!`, this host by `silica::component::bindgen!`, of the same WIT.

#![forbid(unsafe_code)]

use silica::component::{Component, HasSelf, Linker, Resource, ResourceTable};
use silica::wasi::p2::{self, WasiContext, WasiContextView, WasiView};
use silica::{Config, Engine, Store, Tier};
use silica_test_guests::{available, package};

/// A counter of the host's.
pub struct Counter(u32);

mod made {
    silica::component::bindgen!({
        path: "../guests/packages/kinds/wit",
        world: "kinds",
        with: { "test:kinds/counters/counter": super::Counter },
        imports: { "test:kinds/counters": trappable },
        additional_derives: [PartialEq],
    });
}

use made::Kinds;
use made::test::kinds::types::{self, Colour, Pair, Person, Point, Rights, Shape, ShapePart};
use made::test::kinds::{counters, echo};

struct Data {
    wasi: WasiContext,
    table: ResourceTable,
    largest: u32,
    lines: Vec<String>,
    /// How often something was echoed.
    echoes: u32,
}

impl WasiView for Data {
    fn wasi(&mut self) -> WasiContextView<'_> {
        WasiContextView {
            context: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

impl types::Host for Data {}

impl made::KindsImports for Data {
    fn log(&mut self, line: String) {
        self.lines.push(line);
    }
}

type Integers = (i8, u8, i16, u16, i32, u32, i64, u64);
type Lists = (Vec<Vec<String>>, Vec<(u16, Pair)>, Vec<i64>);
type Options = (Option<Option<u32>>, Option<String>, Vec<Option<f32>>);

impl Data {
    fn echo<T>(&mut self, value: T) -> T {
        self.echoes += 1;
        value
    }
}

#[rustfmt::skip]
impl echo::Host for Data {
    fn integers(&mut self, a: i8, b: u8, c: i16, d: u16, e: i32, f: u32, g: i64, h: u64) -> Integers {
        self.echo((a, b, c, d, e, f, g, h))
    }

    fn others(&mut self, a: f32, b: f64, c: bool, d: Pair) -> (f32, f64, bool, Pair) {
        self.echo((a, b, c, d))
    }

    fn text(&mut self, text: String) -> String {
        self.echo(text)
    }

    fn bytes(&mut self, bytes: Vec<u8>) -> Vec<u8> {
        self.echo(bytes)
    }

    fn lists(&mut self, words: Vec<Vec<String>>, pairs: Vec<(u16, Pair)>, flat: Vec<i64>) -> Lists {
        self.echo((words, pairs, flat))
    }

    fn records(&mut self, person: Person, people: Vec<Person>) -> (Person, Vec<Person>) {
        self.echo((person, people))
    }

    fn variants(&mut self, shape: Shape, shapes: Vec<Shape>) -> (Shape, Vec<Shape>) {
        self.echo((shape, shapes))
    }

    fn names(&mut self, colour: Colour, rights: Rights, all: Vec<Rights>) -> (Colour, Rights, Vec<Rights>) {
        self.echo((colour, rights, all))
    }

    fn options(&mut self, a: Option<Option<u32>>, b: Option<String>, c: Vec<Option<f32>>) -> Options {
        self.echo((a, b, c))
    }

    fn results(&mut self, outcome: Result<Person, Colour>) -> Result<Person, Colour> {
        self.echo(outcome)
    }

    fn empty(&mut self, outcome: Result<(), ()>) -> Result<(), String> {
        self.echo(outcome.map_err(|()| "told".to_owned()))
    }

    fn many(&mut self, a: String, b: String, c: String, d: String, e: String, f: String, g: String, h: u8, i: String) -> String {
        self.echo(format!("{a}{b}{c}{d}{e}{f}{g}{h}{i}"))
    }

    fn nothing(&mut self) {
        self.echo(());
    }
}

impl counters::Host for Data {
    fn back(&mut self, counter: Resource<Counter>) -> silica::Result<Resource<Counter>> {
        Ok(counter)
    }

    fn value(&mut self, counter: Resource<Counter>) -> silica::Result<u32> {
        Ok(self.table.get(&counter)?.0)
    }
}

impl counters::HostCounter for Data {
    fn new(&mut self, start: u32) -> silica::Result<Resource<Counter>> {
        Ok(self.table.push(Counter(start))?)
    }

    fn add(&mut self, counter: Resource<Counter>, n: u32) -> silica::Result<u32> {
        let counter = self.table.get_mut(&counter)?;
        counter.0 += n;
        self.largest = self.largest.max(counter.0);
        Ok(counter.0)
    }

    fn largest(&mut self) -> silica::Result<u32> {
        Ok(self.largest)
    }

    fn drop(&mut self, counter: Resource<Counter>) -> silica::Result<()> {
        self.table.delete(counter)?;
        Ok(())
    }
}

/// The guest, compiled only where it is called, where that is possible.
fn guest() -> Option<(Store<Data>, Kinds)> {
    let path = available(package("kinds"))?;
    let mut config = Config::new();
    if cfg!(target_arch = "x86_64") {
        config.tier(Tier::Auto);
    }
    let engine = Engine::new(&config).unwrap();
    let component = Component::from_file(&engine, path).unwrap();
    let mut linker = Linker::new(&engine);
    p2::add_to_linker(&mut linker).unwrap();
    Kinds::add_to_linker::<_, HasSelf<_>>(&mut linker, |data| data).unwrap();
    let data = Data {
        wasi: WasiContext::builder().build(),
        table: ResourceTable::new(),
        largest: 0,
        lines: Vec::new(),
        echoes: 0,
    };
    let mut store = Store::new(&engine, data);
    let kinds = Kinds::instantiate(&mut store, &component, &linker).unwrap();
    Some((store, kinds))
}

fn person(name: &str) -> Person {
    Person {
        name: name.to_owned(),
        age: 36,
        friends: vec!["Béatrice".to_owned(), String::new(), "𝄞".to_owned()],
        home: Some(Point { x: -7, y: 0.5 }),
    }
}

fn shapes() -> Vec<Shape> {
    let at = Point {
        x: i32::MIN,
        y: f64::MAX,
    };
    let part = |type_| ShapePart { type_, at };
    vec![
        Shape::Dot(at),
        Shape::Name("circle".to_owned()),
        Shape::Many(vec![part(Colour::Red), part(Colour::DarkBlue)]),
        Shape::Many(Vec::new()),
        Shape::Nothing,
    ]
}

#[test]
fn numbers_and_text_go_both_ways() {
    let Some((mut store, kinds)) = guest() else {
        return;
    };
    let echo = kinds.test_kinds_echo();
    for numbers in [
        (
            -128,
            255,
            -32768,
            65535,
            i32::MIN,
            u32::MAX,
            i64::MIN,
            u64::MAX,
        ),
        (127, 0, 32767, 0, i32::MAX, 0, i64::MAX, 0),
    ] {
        let (a, b, c, d, e, f, g, h) = numbers;
        let back = echo.call_integers(&mut store, a, b, c, d, e, f, g, h);
        assert_eq!(back.unwrap(), numbers);
    }
    let others = (f32::MIN_POSITIVE, -0.0, true, (9, '\u{10ffff}'));
    let (a, b, c, d) = others;
    let back = echo.call_others(&mut store, a, b, c, d).unwrap();
    assert_eq!(back, others);
    assert!(back.1.is_sign_negative());
    for text in ["", "plain", "naïve 𝄞\0", &"long ".repeat(20_000)] {
        assert_eq!(echo.call_text(&mut store, text).unwrap(), text);
    }
    echo.call_nothing(&mut store).unwrap();
    let many = echo.call_many(&mut store, "1", "", "2", "3", "4", "", "5", 6, "7");
    assert_eq!(many.unwrap(), "1234567");
    assert_eq!(store.data().echoes, 9);
}

#[test]
fn lists_and_compound_values_go_both_ways() {
    let Some((mut store, kinds)) = guest() else {
        return;
    };
    let echo = kinds.test_kinds_echo();
    let bytes: Vec<u8> = (0..100_000_u32).map(|n| n as u8).collect();
    assert_eq!(echo.call_bytes(&mut store, &bytes).unwrap(), bytes);
    let words = vec![vec!["a".to_owned(), "ß".to_owned()], Vec::new()];
    let pairs = vec![(1, (2, 'x')), (u16::MAX, (0, '\0'))];
    let flat = vec![i64::MIN, -1, 0, i64::MAX];
    let back = echo.call_lists(&mut store, &words, &pairs, &flat);
    assert_eq!(back.unwrap(), (words, pairs, flat));
    let people = vec![person("Ada"), person("")];
    let back = echo.call_records(&mut store, &people[0], &people);
    assert_eq!(back.unwrap(), (person("Ada"), people));
    for shape in shapes() {
        let back = echo.call_variants(&mut store, &shape, &shapes());
        assert_eq!(back.unwrap(), (shape, shapes()));
    }
    let all = [Rights::empty(), Rights::all(), Rights::READ | Rights::TYPE];
    for colour in [Colour::Red, Colour::Green, Colour::DarkBlue] {
        let back = echo.call_names(&mut store, colour, all[2], &all);
        assert_eq!(back.unwrap(), (colour, all[2], all.to_vec()));
    }
}

#[test]
fn options_and_results_go_both_ways() {
    let Some((mut store, kinds)) = guest() else {
        return;
    };
    let echo = kinds.test_kinds_echo();
    let some = [Some(1.5), None];
    for (a, b) in [
        (None, None),
        (Some(None), Some("")),
        (Some(Some(7)), Some("x")),
    ] {
        let back = echo.call_options(&mut store, a, b, &some).unwrap();
        assert_eq!(back, (a, b.map(str::to_owned), some.to_vec()));
    }
    let ada = person("Ada");
    let back = echo.call_results(&mut store, Ok(&ada)).unwrap();
    assert_eq!(back.as_ref(), Ok(&ada));
    let back = echo.call_results(&mut store, Err(Colour::Green)).unwrap();
    assert_eq!(back, Err(Colour::Green));
    assert_eq!(echo.call_empty(&mut store, Ok(())).unwrap(), Ok(()));
    let told = echo.call_empty(&mut store, Err(())).unwrap();
    assert_eq!(told, Err("told".to_owned()));
}

#[test]
fn resources_of_both_sides() {
    let Some((mut store, kinds)) = guest() else {
        return;
    };
    let stacks = kinds.test_kinds_stacks();
    let things = stacks.stack();
    let below = things.call_constructor(&mut store, "below").unwrap();
    let above = things.call_constructor(&mut store, "above").unwrap();
    things.call_push(&mut store, below, "first").unwrap();
    things.call_push(&mut store, above, "second").unwrap();
    assert_eq!(stacks.call_alive(&mut store).unwrap(), 2);
    let merged = things.call_merged(&mut store, below, above).unwrap();
    let counter = store.data_mut().table.push(Counter(40)).unwrap();
    let lent = Resource::new_borrow(counter.rep());
    let count = stacks.call_count(&mut store, merged, lent).unwrap();
    assert_eq!(count, 42);
    assert_eq!(store.data_mut().table.delete(counter).unwrap().0, 42);
    assert!(
        store.data().table.is_empty(),
        "the guest's own counter is gone"
    );
    let mut pop = |from| things.call_pop(&mut store, from).unwrap();
    assert_eq!(pop(merged).as_deref(), Some("second"));
    assert_eq!(pop(merged).as_deref(), Some("first"));
    assert_eq!(pop(merged), None);
    above.resource_drop(&mut store).unwrap();
    assert_eq!(store.data().lines, ["`above` is gone"]);
    merged.resource_drop(&mut store).unwrap();
    assert_eq!(stacks.call_alive(&mut store).unwrap(), 0);
    let gone = things.call_pop(&mut store, below);
    assert!(gone.is_err(), "it was given away");
}

#[test]
fn functions_of_the_world_itself() {
    let Some((mut store, kinds)) = guest() else {
        return;
    };
    let greeting = kinds.call_greet(&mut store, "Ada").unwrap();
    assert_eq!(greeting, "Good day, Ada.");
    assert_eq!(store.data().lines, ["Ada"]);
}
