//! Components with an interpreter in them, made of Python and of JavaScript by the tools that their users have.

#![forbid(unsafe_code)]

use std::path::Path;

use silica::component::{Component, Linker, ResourceTable};
use silica::wasi::p2::{self, WasiContext, WasiContextView, WasiView};
use silica::{Config, Engine, Store, Tier};
use silica_test_guests::{available, components};

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

/// Only what is called is compiled, where that is possible: most of an interpreter is not.
fn engine() -> Engine {
    let mut config = Config::new();
    if cfg!(target_arch = "x86_64") {
        config.tier(Tier::Auto);
    }
    Engine::new(&config).expect("the settings fit")
}

/// Has a component count words.
fn count(path: &Path, text: &str) -> Vec<(String, u32)> {
    let engine = engine();
    let component = Component::from_file(&engine, path).expect("it compiles");
    let mut linker = Linker::new(&engine);
    p2::add_to_linker(&mut linker).expect("nothing is defined twice");
    // Its libraries know of more than it needs, such as sockets.
    linker.define_unknown_imports_as_traps(&component);
    let data = Data {
        wasi: WasiContext::builder().build(),
        table: ResourceTable::new(),
    };
    let mut store = Store::new(&engine, data);
    let instance = linker
        .instantiate(&mut store, &component)
        .expect("it links");
    let count = instance
        .get_typed_func::<(&str,), (Vec<(String, u32)>,)>(&mut store, "count")
        .expect("it is exported");
    let (first,) = count.call(&mut store, (text,)).expect("it counts");
    let (again,) = count.call(&mut store, (text,)).expect("it counts again");
    assert_eq!(first, again);
    first
}

const TEXT: &str = "The cat and the dog, and the café; The END.";

fn expected() -> Vec<(String, u32)> {
    [
        ("and", 2),
        ("café", 1),
        ("cat", 1),
        ("dog", 1),
        ("end", 1),
        ("the", 4),
    ]
    .map(|(word, count)| (word.to_owned(), count))
    .to_vec()
}

#[test]
fn a_python_component_gives_the_right_answer() {
    let Some(path) = available(components::python_words()) else {
        return;
    };
    assert_eq!(count(&path, TEXT), expected());
}

#[test]
fn a_javascript_component_gives_the_right_answer() {
    let Some(path) = available(components::javascript_words()) else {
        return;
    };
    assert_eq!(count(&path, TEXT), expected());
}
