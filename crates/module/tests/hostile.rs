//! Bytes that nobody should have written: errors, never panics, and memory in proportion.

#![forbid(unsafe_code)]

use silica_module::{Features, FunctionNames, Limits, decode, inspect, parse_text, validate};

const TEXT: &str = r#"(module $name
    (type $t (func (param i32) (result i32)))
    (import "env" "f" (func $f (type $t)))
    (import "env" "m" (memory 1 2))
    (table 4 funcref)
    (global $g (mut i32) (i32.add (i32.const 1) (i32.const 2)))
    (func $main (export "main") (param i32) (result i32) (local i64 i64 f32)
        (block (br_table 0 0 0 (local.get 0)))
        (call $f (local.get 0)))
    (elem (i32.const 1) $f $main)
    (elem funcref (ref.func $main) (ref.null func))
    (data (i32.const 0) "some data")
    (@custom "producers" "\01\08language\01\04Rust\011"))"#;

fn try_everything(bytes: &[u8]) {
    for features in [Features::default(), Features::all(), Features::mvp()] {
        if let Ok(module) = validate(bytes, &features, &Limits::default()) {
            let names = FunctionNames::index(bytes, &module);
            let _ = names.get(bytes, 0);
            let _ = inspect::producers(bytes, &module);
            let _ = inspect::target_features(bytes, &module);
            let _ = inspect::used_features(bytes, &module);
        }
    }
    let _ = inspect::sections(bytes);
}

#[test]
fn truncated_at_each_byte() {
    let bytes = parse_text(TEXT.as_bytes(), None).unwrap();
    try_everything(&bytes);
    for length in 0..bytes.len() {
        let truncated = &bytes[..length];
        try_everything(truncated);
        // The binary may end after any section, but never within one.
        let _ = decode(truncated, &Features::default(), &Limits::default());
    }
}

#[test]
fn flipped_bytes() {
    let original = parse_text(TEXT.as_bytes(), None).unwrap();
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    for _ in 0..4000 {
        let mut bytes = original.to_vec();
        for _ in 0..3 {
            // xorshift: the same bytes in each run.
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            let at = 8 + (seed >> 16) as usize % (bytes.len() - 8);
            bytes[at] = seed as u8;
        }
        try_everything(&bytes);
    }
}

fn refusal(bytes: &[u8]) -> String {
    match decode(bytes, &Features::all(), &Limits::default()) {
        Ok(_) => panic!("accepted"),
        Err(error) => error.to_string(),
    }
}

fn section(id: u8, contents: &[u8]) -> Vec<u8> {
    let mut bytes = b"\0asm\x01\0\0\0".to_vec();
    push_section(&mut bytes, id, contents);
    bytes
}

fn push_section(bytes: &mut Vec<u8>, id: u8, contents: &[u8]) {
    bytes.push(id);
    push_leb(bytes, contents.len() as u32);
    bytes.extend_from_slice(contents);
}

fn push_leb(bytes: &mut Vec<u8>, mut value: u32) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

/// A count costs nothing unless the entries are there.
#[test]
fn counts_without_entries() {
    for id in [1, 2, 3, 4, 5, 6, 7, 9, 11, 13] {
        let text = refusal(&section(id, &[0xbf, 0x84, 0x3d]));
        assert!(text.contains("announced"), "section {id}: {text}");
    }
}

/// Compact imports write a module's name once; each import has its own copy.
#[test]
fn imports_that_share_one_long_name() {
    let mut contents = vec![1];
    push_leb(&mut contents, 90_000);
    contents.extend(vec![b'm'; 90_000]);
    contents.extend([0, 0x7e]); // one type for all names that follow
    contents.extend([0x7f, 0x00].map(|_| 0)); // function of type 0
    push_leb(&mut contents, 100_000);
    contents.extend(vec![0; 100_000]);
    let mut bytes = b"\0asm\x01\0\0\0".to_vec();
    push_section(&mut bytes, 1, &[1, 0x60, 0, 0]);
    push_section(&mut bytes, 2, &contents);
    let text = refusal(&bytes);
    assert!(text.contains("bytes of imports' names"), "{text}");
}

/// Seven bytes of a body declare 50,000 locals: many such bodies are refused.
#[test]
fn locals_of_many_tiny_bodies() {
    const BODIES: u32 = 1000;
    let mut functions = Vec::new();
    push_leb(&mut functions, BODIES);
    functions.extend(vec![0; BODIES as usize]);
    let mut code = Vec::new();
    push_leb(&mut code, BODIES);
    for _ in 0..BODIES {
        code.extend([6, 1, 0xd0, 0x86, 0x03, 0x7f, 0x0b]); // 50,000 locals of type i32
    }
    let mut bytes = b"\0asm\x01\0\0\0".to_vec();
    push_section(&mut bytes, 1, &[1, 0x60, 0, 0]);
    push_section(&mut bytes, 3, &functions);
    push_section(&mut bytes, 10, &code);
    let text = refusal(&bytes);
    assert!(text.contains("locals"), "{text}");
}

/// Type nesting as deep as the limits allow neither overflows the stack when it is made nor when it is
/// dropped: types refer to each other by index.
#[test]
fn chains_of_types() {
    let mut text = String::from("(module (type $t0 (struct))");
    for i in 1..20_000 {
        text += &format!("(type $t{i} (struct (field (ref $t{}))))", i - 1);
    }
    text += ")";
    let bytes = parse_text(text.as_bytes(), None).unwrap();
    let module = validate(&bytes, &Features::all(), &Limits::default()).unwrap();
    assert_eq!(module.types.len(), 20_000);
}

#[test]
fn blocks_nested_without_end() {
    let body = format!("{}{}", "block ".repeat(60_000), "end ".repeat(60_000));
    let text = format!("(module (func {body}))");
    let bytes = parse_text(text.as_bytes(), None).unwrap();
    let Err(error) = validate(&bytes, &Features::default(), &Limits::default()) else {
        panic!("accepted");
    };
    assert!(error.to_string().contains("nested blocks"), "{error}");
}

#[test]
fn br_table_without_end() {
    let targets = "0 ".repeat(70_000);
    let text = format!("(module (func (br_table {targets} (i32.const 0))))");
    let bytes = parse_text(text.as_bytes(), None).unwrap();
    let Err(error) = validate(&bytes, &Features::default(), &Limits::default()) else {
        panic!("accepted");
    };
    assert!(error.to_string().contains("br_table"), "{error}");
}
