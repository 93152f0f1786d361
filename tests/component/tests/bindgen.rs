//! What `bindgen!` makes of WIT: calls both ways with every kind of type, and the whole of WASI 0.2's worlds.

#![forbid(unsafe_code)]

use silica::component::{Component, HasData, HasSelf, Linker, Resource, ResourceTable};
use silica::{Engine, Store};

/// A counter of the host's.
pub struct Counter(u32);

/// What the host fails with.
#[derive(Debug)]
pub enum Failure {
    /// The guest is told.
    Colour(types::Colour),
    /// The guest is stopped.
    Stop(&'static str),
}

mod everything {
    silica::component::bindgen!({
        path: "wit/all.wit",
        world: "everything",
        with: { "test:all/host/counter": super::Counter },
        imports: { "test:all/host.[method]counter.add": trappable, "log": trappable },
        trappable_error_type: { "test:all/types/colour" => super::Failure },
        additional_derives: [PartialEq],
    });
}

use everything::exports::test::all::guest::{Colour, Point, Rights, Shape};
use everything::test::all::{host, types};

#[derive(Default)]
struct Data {
    table: ResourceTable,
    largest: u32,
    lines: Vec<String>,
    /// Stops the guest where it would be told of a failure.
    strict: bool,
}

impl types::Host for Data {
    fn convert_colour(&mut self, err: Failure) -> silica::Result<types::Colour> {
        match err {
            Failure::Colour(colour) => Ok(colour),
            Failure::Stop(why) => silica::bail!(why),
        }
    }
}

impl host::Host for Data {
    fn echo(
        &mut self,
        shape: Shape,
        colour: Colour,
        rights: Rights,
        point: Option<Point>,
    ) -> Result<Shape, Failure> {
        self.lines
            .push(format!("{shape:?} {colour:?} {rights:?} {point:?}"));
        match (point, colour) {
            (Some(point), _) => Ok(Shape::Dot(point)),
            (None, Colour::Green) => Ok(shape),
            (None, Colour::Red) => Err(Failure::Colour(Colour::Green)),
        }
    }

    fn fail(&mut self) -> Result<(), Failure> {
        Err(if self.strict {
            Failure::Stop("no more of this")
        } else {
            Failure::Colour(Colour::Red)
        })
    }
}

impl host::HostCounter for Data {
    fn new(&mut self, start: u32) -> Resource<Counter> {
        self.table.push(Counter(start)).expect("a table with room")
    }

    fn add(&mut self, counter: Resource<Counter>, n: u32) -> silica::Result<u32> {
        let counter = self.table.get_mut(&counter)?;
        counter.0 += n;
        self.largest = self.largest.max(counter.0);
        Ok(counter.0)
    }

    fn largest(&mut self) -> u32 {
        self.largest
    }

    fn drop(&mut self, counter: Resource<Counter>) -> silica::Result<()> {
        self.table.delete(counter)?;
        Ok(())
    }
}

impl everything::EverythingImports for Data {
    fn log(&mut self, line: String) -> silica::Result<()> {
        if line.is_empty() {
            silica::bail!("an empty line");
        }
        self.lines.push(line);
        Ok(())
    }
}

fn guest() -> (Store<Data>, everything::Everything) {
    let engine = Engine::default();
    let component = Component::new(&engine, include_str!("everything.wat")).unwrap();
    let mut linker = Linker::new(&engine);
    everything::Everything::add_to_linker::<_, HasSelf<_>>(&mut linker, |data| data).unwrap();
    let mut store = Store::new(&engine, Data::default());
    let pre = linker.instantiate_pre(&component).unwrap();
    let pre = everything::EverythingPre::new(pre).unwrap();
    let guest = pre.instantiate(&mut store).unwrap();
    (store, guest)
}

#[test]
fn every_kind_of_type_goes_both_ways() {
    let (mut store, everything) = guest();
    let guest = everything.test_all_guest();
    let mut echo = |shape: &Shape, colour, rights, point| {
        guest
            .call_echo(&mut store, shape, colour, rights, point)
            .unwrap()
    };
    let name = Shape::Name("Ångström".to_owned());
    let both = Rights::READ | Rights::TYPE;
    assert_eq!(echo(&name, Colour::Green, both, None), Ok(name.clone()));
    assert_eq!(
        echo(&Shape::Nothing, Colour::Green, Rights::empty(), None),
        Ok(Shape::Nothing)
    );
    let point = Point { x: -1, y: i32::MAX };
    assert_eq!(
        echo(&name, Colour::Red, both, Some(point)),
        Ok(Shape::Dot(point))
    );
    assert_eq!(
        echo(&Shape::Dot(point), Colour::Red, both, None),
        Err(Colour::Green)
    );
    assert_eq!(
        store.data().lines[0],
        "Name(\"Ångström\") Green Rights(READ | TYPE) None"
    );
}

#[test]
fn functions_of_the_world_itself() {
    let (mut store, everything) = guest();
    assert_eq!(everything.call_greet(&mut store, "hello").unwrap(), "hello");
    assert_eq!(store.data().lines, ["hello"]);
    let error = everything.call_greet(&mut store, "").unwrap_err();
    assert!(format!("{error:#}").contains("an empty line"), "{error:#}");
}

#[test]
fn resources_of_the_host() {
    let (mut store, everything) = guest();
    let sum = everything
        .test_all_guest()
        .call_count(&mut store, 20)
        .unwrap();
    assert_eq!(sum, 44);
    assert!(store.data().table.is_empty());
}

#[test]
fn resources_of_the_guest() {
    let (mut store, everything) = guest();
    let things = everything.test_all_guest().thing();
    let thing = things.call_constructor(&mut store, 21).unwrap();
    assert_eq!(things.call_twice(&mut store, thing).unwrap(), 42);
    thing.resource_drop(&mut store).unwrap();
    assert!(things.call_twice(&mut store, thing).is_err());
}

#[test]
fn an_error_of_the_hosts_own_is_told_or_stops_the_guest() {
    let (mut store, everything) = guest();
    let guest = everything.test_all_guest();
    assert_eq!(guest.call_fail(&mut store).unwrap(), Err(Colour::Red));
    store.data_mut().strict = true;
    let error = guest.call_fail(&mut store).unwrap_err();
    assert!(
        format!("{error:#}").contains("no more of this"),
        "{error:#}"
    );
}

#[test]
fn a_difference_names_the_interface_the_function_and_what_differs() {
    let engine = Engine::default();
    let mut linker = Linker::<Data>::new(&engine);
    everything::Everything::add_to_linker::<_, HasSelf<_>>(&mut linker, |data| data).unwrap();
    let text = r#"(component (import "test:all/host@1.2.0" (instance
        (type $p' (record (field "x" s32) (field "y" u64))) (export "point" (type $p (eq $p')))
        (type $s' (variant (case "dot" $p) (case "name" string) (case "nothing"))) (export "shape" (type $s (eq $s')))
        (type $c' (enum "red" "green")) (export "colour" (type $c (eq $c')))
        (type $r' (flags "read" "write-all" "type")) (export "rights" (type $r (eq $r')))
        (export "echo" (func (param "s" $s) (param "c" $c) (param "r" $r) (param "p" (option $p))
          (result (result $s (error $c))))))))"#;
    let component = Component::new(&engine, text).unwrap();
    let error = linker.instantiate_pre(&component).unwrap_err().to_string();
    for part in [
        "`test:all/host@1.2.0#echo`",
        "case `dot`",
        "field `y`",
        "expected u64, found i32",
    ] {
        assert!(error.contains(part), "no {part:?} in {error}");
    }
    let missing = Component::new(&engine, "(component)").unwrap();
    let pre = linker.instantiate_pre(&missing).unwrap();
    let error = everything::EverythingPre::new(pre)
        .err()
        .unwrap()
        .to_string();
    assert_eq!(error, "no function is exported as `greet`");
}

/// WASI 0.2's command, whole.
mod command {
    silica::component::bindgen!({
        path: [
            "../../wit/0.2.12/io.wit",
            "../../wit/0.2.12/clocks.wit",
            "../../wit/0.2.12/random.wit",
            "../../wit/0.2.12/filesystem.wit",
            "../../wit/0.2.12/sockets.wit",
            "../../wit/0.2.12/cli.wit",
        ],
        world: "wasi:cli/command@0.2.12",
        imports: { default: trappable },
        require_store_data_send: true,
    });
}

/// WASI 0.2's HTTP, on interfaces that were made above.
mod proxy {
    silica::component::bindgen!({
        path: [
            "../../wit/0.2.12/io.wit",
            "../../wit/0.2.12/clocks.wit",
            "../../wit/0.2.12/random.wit",
            "../../wit/0.2.12/filesystem.wit",
            "../../wit/0.2.12/sockets.wit",
            "../../wit/0.2.12/cli.wit",
            "../../wit/0.2.12/http.wit",
        ],
        world: "wasi:http/proxy@0.2.12",
        with: {
            "wasi:io": super::command::wasi::io,
            "wasi:clocks": super::command::wasi::clocks,
            "wasi:random": super::command::wasi::random,
            "wasi:cli": super::command::wasi::cli,
        },
    });
}

/// The clock of a host that has more than that.
struct Clocks;

impl HasData for Clocks {
    type Data<'a> = Ticks<'a>;
}

struct Ticks<'a>(&'a mut u64);

impl command::wasi::clocks::wall_clock::Host for Ticks<'_> {
    fn now(&mut self) -> silica::Result<command::wasi::clocks::wall_clock::Datetime> {
        *self.0 += 1;
        Ok(command::wasi::clocks::wall_clock::Datetime {
            seconds: *self.0,
            nanoseconds: 0,
        })
    }

    fn resolution(&mut self) -> silica::Result<command::wasi::clocks::wall_clock::Datetime> {
        silica::bail!("nobody knows")
    }
}

#[test]
fn an_interface_is_linked_on_a_part_of_the_data() {
    let engine = Engine::default();
    let component = Component::new(
        &engine,
        r#"(component
          (import "wasi:clocks/wall-clock@0.2.99" (instance $clock
            (type $d' (record (field "seconds" u64) (field "nanoseconds" u32)))
            (export "datetime" (type $d (eq $d')))
            (export "now" (func (result $d)))))
          (core module $memory (memory (export "memory") 1))
          (core instance $memory (instantiate $memory))
          (core func $now (canon lower (func $clock "now") (memory (core memory $memory "memory"))))
          (core module $m
            (import "" "now" (func $now (param i32))) (import "" "memory" (memory 1))
            (func (export "run") (result i64) (call $now (i32.const 8)) (i64.load (i32.const 8))))
          (core instance $i (instantiate $m (with "" (instance
            (export "now" (func $now)) (export "memory" (memory $memory "memory"))))))
          (func (export "run") (result u64) (canon lift (core func $i "run"))))"#,
    )
    .unwrap();
    let mut linker = Linker::<(u64, String)>::new(&engine);
    command::wasi::clocks::wall_clock::add_to_linker::<_, Clocks>(&mut linker, |data| {
        Ticks(&mut data.0)
    })
    .unwrap();
    let mut store = Store::new(&engine, (40, String::new()));
    let instance = linker.instantiate(&mut store, &component).unwrap();
    let run = instance
        .get_typed_func::<(), (u64,)>(&mut store, "run")
        .unwrap();
    assert_eq!(run.call(&mut store, ()).unwrap(), (41,));
    assert_eq!(run.call(&mut store, ()).unwrap(), (42,));
}

#[test]
fn errors_that_wit_names_are_errors() {
    use command::wasi::filesystem::types::ErrorCode;
    let error: &dyn std::error::Error = &ErrorCode::NotDirectory;
    assert!(error.to_string().contains("not-directory"), "{error}");
    let _: fn(proxy::wasi::http::types::ErrorCode) -> String = |error| error.to_string();
}

/// A world whose functions wait.
mod waiting {
    silica::component::bindgen!({
        inline: "
            package test:waiting;
            interface clock {
                wait: func(turns: u32) -> u32;
                resource alarm { ring: func() -> string; }
            }
            world waiting {
                import clock;
                export run: func(turns: u32) -> u32;
            }
        ",
        imports: { "test:waiting/clock.wait": async | trappable, "test:waiting/clock.[method]alarm.ring": async },
        exports: { default: async },
    });
}

const WAITING: &str = r#"(component
    (import "test:waiting/clock" (instance $clock
      (export "wait" (func (param "turns" u32) (result u32)))))
    (core func $wait (canon lower (func $clock "wait")))
    (core module $m
      (import "" "wait" (func $wait (param i32) (result i32)))
      (func (export "run") (param i32) (result i32)
        (i32.add (call $wait (local.get 0)) (call $wait (i32.const 1)))))
    (core instance $i (instantiate $m (with "" (instance (export "wait" (func $wait))))))
    (func (export "run") (param "turns" u32) (result u32) (canon lift (core func $i "run"))))"#;

/// How often something was waited for.
#[derive(Default)]
struct Turns(u32);

/// Pending once.
struct Turn(bool);

impl Future for Turn {
    type Output = ();

    fn poll(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<()> {
        if std::mem::replace(&mut self.0, true) {
            return std::task::Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        std::task::Poll::Pending
    }
}

impl waiting::test::waiting::clock::Host for Turns {
    async fn wait(&mut self, turns: u32) -> silica::Result<u32> {
        for _ in 0..turns {
            Turn(false).await;
            self.0 += 1;
        }
        if turns == 13 {
            silica::bail!("unlucky");
        }
        Ok(2 * turns)
    }
}

impl waiting::test::waiting::clock::HostAlarm for Turns {
    async fn ring(&mut self, _: Resource<waiting::test::waiting::clock::Alarm>) -> String {
        "ring".to_owned()
    }

    fn drop(&mut self, _: Resource<waiting::test::waiting::clock::Alarm>) -> silica::Result<()> {
        Ok(())
    }
}

/// Polls to the end; how often nothing was ready.
fn run<F: Future>(future: F) -> (F::Output, u32) {
    let mut future = std::pin::pin!(future);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let mut pending = 0;
    loop {
        match future.as_mut().poll(&mut context) {
            std::task::Poll::Ready(output) => return (output, pending),
            std::task::Poll::Pending => pending += 1,
        }
    }
}

fn waiting_guest() -> (Store<Turns>, waiting::Waiting) {
    let engine = Engine::default();
    let component = Component::new(&engine, WAITING).unwrap();
    let mut linker = Linker::new(&engine);
    waiting::Waiting::add_to_linker::<_, HasSelf<_>>(&mut linker, |turns| turns).unwrap();
    let mut store = Store::new(&engine, Turns::default());
    let made = waiting::Waiting::instantiate_async(&mut store, &component, &linker);
    let guest = run(made).0.unwrap();
    (store, guest)
}

#[test]
fn a_call_is_suspended_while_the_host_waits() {
    let (mut store, guest) = waiting_guest();
    fn sent<F: Send>(future: F) -> F {
        future
    }
    let (output, pending) = run(sent(guest.call_run(&mut store, 4)));
    assert_eq!((output.unwrap(), pending), (10, 5));
    assert_eq!(store.data().0, 5);
    let error = run(guest.call_run(&mut store, 13)).0.unwrap_err();
    assert!(format!("{error:#}").contains("unlucky"), "{error:#}");
}

#[test]
fn a_call_that_is_dropped_is_over() {
    let (mut store, guest) = waiting_guest();
    {
        let mut future = std::pin::pin!(guest.call_run(&mut store, 4));
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(future.as_mut().poll(&mut context).is_pending());
    }
    let error = run(guest.call_run(&mut store, 0)).0.unwrap_err();
    assert_eq!(
        error.downcast_ref(),
        Some(&silica::component::CanonicalTrap::CannotEnter)
    );
}
