//! What is nested deeply overflowed the host's stack when it was read, compiled or dropped, and sizes beyond the address space
//! panicked (class 19: GHSA-wjc8, GHSA-p8xm).

use std::fmt::Write;

use silica_engine::{
    Engine, Instance, Memory, MemoryType, Module, Ref, RefType, Result, Store, Table, TableType,
};
use silica_tests_regress::engines;

/// Compiles on a thread whose stack is small, so that what recurses with the input is seen.
fn compile(binary: Vec<u8>) -> Result<()> {
    let thread = std::thread::Builder::new().stack_size(1 << 20);
    let compiled = thread
        .spawn(move || Module::from_binary(&Engine::default(), &binary).map(drop))
        .expect("a thread can be started");
    compiled.join().expect("compiling does not panic")
}

/// A section of a binary module.
fn section(id: u8, contents: &[u8]) -> Vec<u8> {
    let mut section = vec![id];
    number(contents.len(), &mut section);
    section.extend(contents);
    section
}

/// An unsigned number in LEB128.
fn number(mut value: usize, bytes: &mut Vec<u8>) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

/// A module of one function without parameters and results, of this body.
fn module(body: &[u8]) -> Vec<u8> {
    let mut function = vec![0];
    function.extend(body);
    function.push(0x0b);
    let mut code = vec![1];
    number(function.len(), &mut code);
    code.extend(function);
    let mut module = b"\0asm\x01\0\0\0".to_vec();
    module.extend(section(1, &[1, 0x60, 0, 0]));
    module.extend(section(3, &[1, 0]));
    module.extend(section(10, &code));
    module
}

#[test]
fn blocks_nested_deeply_compile_or_are_refused() {
    for (opcode, depth) in [(0x02, 3_000), (0x03, 3_000), (0x02, 1_000_000)] {
        let mut body = [opcode, 0x40].repeat(depth);
        body.extend([0x0b].repeat(depth));
        // Whether it is refused for its depth is the limits' affair; that the call returns is this test's.
        let _ = compile(module(&body));
    }
    let mut body = [0x41, 0, 0x04, 0x40].repeat(2_000);
    body.extend([0x0b].repeat(2_000));
    compile(module(&body)).unwrap();
}

#[test]
fn operands_stacked_deeply_compile_or_are_refused() {
    let mut body = [0x41, 1].repeat(50_000);
    body.extend([0x6a].repeat(49_999));
    body.push(0x1a);
    let _ = compile(module(&body));
}

#[test]
fn text_nested_deeply_compiles_or_is_refused() {
    let mut text = String::from("(module (func ");
    for _ in 0..100_000 {
        write!(text, "(block ").expect("a string can be written to");
    }
    text.push_str(&")".repeat(100_002));
    let _ = Module::new(&Engine::default(), &text);
}

#[test]
fn sizes_beyond_the_address_space_are_errors() {
    let mut store = Store::new(&Engine::default(), ());
    for size in [1 << 44, 1 << 48, 1 << 60, 1 << 61, u64::MAX] {
        let ty = TableType::new64(RefType::FUNCREF, size, None);
        assert!(Table::new(&mut store, ty, Ref::Func(None)).is_err());
        let ty = MemoryType::new64(size, None);
        assert!(Memory::new(&mut store, ty).is_err(), "{size:#x} pages");
    }
}

#[test]
fn modules_that_want_more_than_there_is_are_errors() {
    for (what, engine) in engines() {
        for wanted in [
            "(table i64 0xffffffffffff funcref)",
            "(table i64 0x1fffffffffffffff externref)",
            "(memory i64 0xffffffffffff)",
            "(memory i64 0x1000000000000)",
        ] {
            // Refused when it is compiled or when it is instantiated, with a reason.
            let text = format!("(module {wanted})");
            let outcome = Module::new(&engine, &text).and_then(|module| {
                let mut store = Store::new(&engine, ());
                Instance::new(&mut store, &module, &[]).map(drop)
            });
            assert!(outcome.is_err(), "{what}: {wanted}");
        }
    }
}
