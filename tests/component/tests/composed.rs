//! A component in Rust and one in Python put together, and called by a host in Rust: three sides of two worlds.

#![forbid(unsafe_code)]

use silica::component::{Component, Linker, ResourceTable};
use silica::wasi::p2::{self, WasiContext, WasiContextView, WasiView};
use silica::{Config, Engine, Store, Tier};
use silica_component_compose::{plug, wit};
use silica_test_guests::{available, components, package};

mod made {
    silica::component::bindgen!({
        path: "../guests/packages/totals/wit",
        world: "summing",
    });
}

use made::exports::test::totals::summary::Line;

struct Data {
    wasi: WasiContext,
    table: ResourceTable,
}

impl WasiView for Data {
    fn wasi(&mut self) -> WasiContextView<'_> {
        WasiContextView {
            context: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

/// The component in Rust, with what it wants counted by the one in Python.
fn composed() -> Option<Vec<u8>> {
    let python = available(components::python_words())?;
    let rust = available(package("totals"))?;
    let (python, rust) = (std::fs::read(python).unwrap(), std::fs::read(rust).unwrap());
    let before = wit("totals", &rust).unwrap();
    assert!(before.contains("import count: func("), "{before}");
    let whole = plug(("totals", &rust), &[("words", &python)]).unwrap();
    let after = wit("whole", &whole).unwrap();
    assert!(!after.contains("import count"), "{after}");
    assert!(after.contains("export test:totals/summary;"), "{after}");
    Some(whole)
}

#[test]
fn rust_asks_python_what_a_host_in_rust_asks() {
    let Some(whole) = composed() else {
        return;
    };
    let mut config = Config::new();
    // Only what is called is compiled, where that is possible: most of an interpreter is not.
    if cfg!(target_arch = "x86_64") {
        config.tier(Tier::Auto);
    }
    let engine = Engine::new(&config).unwrap();
    let component = Component::new(&engine, whole).unwrap();
    let mut linker = Linker::new(&engine);
    p2::add_to_linker(&mut linker).unwrap();
    // The interpreter's libraries know of more than it needs, such as sockets.
    linker.define_unknown_imports_as_traps(&component);
    let data = Data {
        wasi: WasiContext::builder().build(),
        table: ResourceTable::new(),
    };
    let mut store = Store::new(&engine, data);
    let whole = made::Summing::instantiate(&mut store, &component, &linker).unwrap();
    let summary = whole.test_totals_summary();
    let text = "The cat and the dog, and the café; The END.";
    let lines = summary.call_most(&mut store, text, 3).unwrap();
    let lines: Vec<_> = lines.iter().map(told).collect();
    assert_eq!(lines, ["the 4 0.4", "and 2 0.2", "café 1 0.1"]);
    let none = summary.call_most(&mut store, "", 3).unwrap();
    assert!(none.is_empty(), "{none:?}");
}

fn told(line: &Line) -> String {
    format!("{} {} {}", line.word, line.times, line.share)
}
