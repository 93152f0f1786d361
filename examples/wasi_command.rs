//! A component that is a command, with clocks of its own and nothing else: what is not granted is not there.
//!
//!     cargo run -p silica-examples --bin wasi-command

#![forbid(unsafe_code)]

use silica::component::{Component, Linker, ResourceTable};
use silica::wasi::host::{Clocks, ManualClock, Timestamp};
use silica::wasi::p2::{self, Command, WasiContext, WasiContextView, WasiView};
use silica::{Engine, Store};

/// Succeeds if it is the second 1000 since 1970. What compilers for `wasm32-wasip2` make is of the same kind.
const PROGRAM: &str = r#"(component
    (import "wasi:clocks/wall-clock@0.2.0" (instance $clock
        (type $time' (record (field "seconds" u64) (field "nanoseconds" u32)))
        (export "datetime" (type $time (eq $time')))
        (export "now" (func (result $time)))))
    (core module $libc (memory (export "memory") 1))
    (core instance $libc (instantiate $libc))
    (core func $now (canon lower (func $clock "now") (memory (core memory $libc "memory"))))
    (core instance $host (export "now" (func $now)))
    (core module $m
        (import "libc" "memory" (memory 1))
        (import "host" "now" (func $now (param i32)))
        (func (export "run") (result i32)
            (call $now (i32.const 8))
            (i64.ne (i64.load (i32.const 8)) (i64.const 1000))))
    (core instance $i (instantiate $m (with "libc" (instance $libc)) (with "host" (instance $host))))
    (func $run (result (result)) (canon lift (core func $i "run")))
    (instance $run (export "run" (func $run)))
    (export "wasi:cli/run@0.2.0" (instance $run)))"#;

/// What belongs to one store.
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

fn main() -> silica::Result<()> {
    let engine = Engine::default();
    let component = Component::new(&engine, PROGRAM)?;
    let mut linker = Linker::new(&engine);
    // One package of interfaces; `p2::add_to_linker` gives all.
    p2::io::add_to_linker(&mut linker)?;
    p2::clocks::add_to_linker(&mut linker)?;
    for seconds in [1000, 2000] {
        let start = Timestamp {
            seconds,
            nanoseconds: 0,
        };
        let clocks = Clocks::custom(ManualClock::new(start));
        let data = Data {
            wasi: WasiContext::builder().clocks(clocks).build(),
            table: ResourceTable::new(),
        };
        let mut store = Store::new(&engine, data);
        let instance = linker.instantiate(&mut store, &component)?;
        let succeeded = Command::new(&mut store, &instance)?.run(&mut store)?;
        println!("at {seconds}: {succeeded}");
    }
    Ok(())
}
