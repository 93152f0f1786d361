//! That a component which waits for nothing starts no thread, and so no reactor. It is alone in its file: threads of other
//! tests would be counted, too.

#![cfg(target_os = "linux")]

use silica_component::Component;
use silica_engine::{Config, Engine};
use silica_test_guests::{available, guest};
use silica_tests_wasi::component::run_compiled;
use silica_wasi_p2::WasiContext;

fn threads() -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").expect("Linux has it");
    tasks.count()
}

#[test]
fn a_program_that_prints_a_line_starts_no_thread() {
    let Some(hello) = available(guest("components/hello")) else {
        return;
    };
    let engine = Engine::new(Config::new().parallel_compilation(false)).expect("the settings fit");
    let component = Component::from_file(&engine, &hello).expect("it compiles");
    let before = threads();
    let ended = run_compiled(&component, b"", WasiContext::builder()).expect("it links");
    assert_eq!(ended.stdout, "hello\n");
    assert_eq!(threads(), before);
    let image = component.serialize().expect("it was compiled");
    #[expect(unsafe_code, reason = "the image is this test's own")]
    // SAFETY: `serialize` made it just above.
    let loaded = unsafe { Component::deserialize(&engine, image) }.expect("it fits");
    let ended = run_compiled(&loaded, b"", WasiContext::builder()).expect("it links");
    assert_eq!(ended.stdout, "hello\n");
    assert_eq!(threads(), before);
}
