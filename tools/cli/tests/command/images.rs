//! `silica compile`, and running what it makes.

use crate::common::{Folder, HELLO};

#[test]
fn an_image_runs() {
    let folder = Folder::with("hello.wat", HELLO);
    folder.silica(&["compile", "hello.wat"]).expect(0);
    let ended = folder.silica(&["run", "--allow-precompiled", "hello.cwasm"]);
    assert_eq!(ended.expect(0).stdout, "hello\n");
    folder
        .silica(&["compile", "hello.wat", "-o", "other"])
        .expect(0);
    assert_eq!(folder.read("hello.cwasm"), folder.read("other"));
}

#[test]
fn an_image_runs_only_if_it_is_trusted() {
    let folder = Folder::with("hello.wat", HELLO);
    folder.silica(&["compile", "hello.wat"]).expect(0);
    let ended = folder.silica(&["hello.cwasm"]).expect(2);
    ended.says(&["compiled code", "`--allow-precompiled`"]);
}

#[test]
fn an_image_that_was_altered_is_refused() {
    let folder = Folder::with("hello.wat", HELLO);
    folder.silica(&["compile", "hello.wat"]).expect(0);
    let image = folder.read("hello.cwasm");
    for length in [8, 20, image.len() / 2, image.len() - 1] {
        folder.write("short.cwasm", &image[..length]);
        let ended = folder.silica(&["run", "--allow-precompiled", "short.cwasm"]);
        ended.expect(65).says(&["short.cwasm", "silica compile"]);
    }
    for at in (16..image.len()).step_by(image.len() / 50 + 1) {
        let mut altered = image.clone();
        altered[at] ^= 0x40;
        folder.write("altered.cwasm", &altered);
        let ended = folder.silica(&["run", "--allow-precompiled", "altered.cwasm"]);
        // What no reader looks at may differ; nothing may crash.
        assert!(matches!(ended.status, Some(0 | 65)), "byte {at}: {ended:?}");
    }
}

#[test]
fn an_image_of_other_settings_is_refused() {
    let folder = Folder::with("hello.wat", HELLO);
    folder.silica(&["compile", "hello.wat"]).expect(0);
    let run = [
        "run",
        "--allow-precompiled",
        "--fuel",
        "100000",
        "hello.cwasm",
    ];
    folder.silica(&run).expect(65).says(&["hello.cwasm"]);
    folder.silica(&["compile", "--fuel", "hello.wat"]).expect(0);
    assert_eq!(folder.silica(&run).expect(0).stdout, "hello\n");
}

/// A component of two, one of which calls the other with a string.
const GREETER: &str = r#"(component
  (component $inner
    (core module $m
      (memory (export "memory") 1)
      (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 64))
      (func (export "length") (param i32 i32) (result i32) (local.get 1)))
    (core instance $i (instantiate $m))
    (func (export "length") (param "text" string) (result u32) (canon lift (core func $i "length")
      (memory (core memory $i "memory")) (realloc (core func $i "realloc")))))
  (instance $inner (instantiate $inner))
  (component $outer
    (import "length" (func $length (param "text" string) (result u32)))
    (core module $memory (memory (export "memory") 1) (data (i32.const 8) "hello"))
    (core instance $memory (instantiate $memory))
    (core func $length (canon lower (func $length) (memory (core memory $memory "memory"))))
    (core module $m (import "" "length" (func $length (param i32 i32) (result i32)))
      (func (export "run") (result i32) (call $length (i32.const 8) (i32.const 5))))
    (core instance $i (instantiate $m (with "" (instance (export "length" (func $length))))))
    (func (export "run") (result u32) (canon lift (core func $i "run"))))
  (instance $outer (instantiate $outer (with "length" (func $inner "length"))))
  (export "run" (func $outer "run")))"#;

#[test]
fn an_image_of_a_component_runs() {
    let folder = Folder::with("greeter.wat", GREETER);
    folder.silica(&["compile", "greeter.wat"]).expect(0);
    let run =
        |image: &str| folder.silica(&["run", "--allow-precompiled", "--invoke", "run()", image]);
    assert_eq!(run("greeter.cwasm").expect(0).stdout, "5\n");
    let ended = folder.silica(&["greeter.cwasm"]).expect(2);
    ended.says(&["compiled code", "`--allow-precompiled`"]);
    let ended = folder.silica(&["inspect", "greeter.cwasm"]).expect(65);
    ended.says(&["compiled code"]);
    let image = folder.read("greeter.cwasm");
    for length in [8, 20, image.len() / 2, image.len() - 1] {
        folder.write("short.cwasm", &image[..length]);
        run("short.cwasm")
            .expect(65)
            .says(&["short.cwasm", "silica compile"]);
    }
    // What is before the images, byte by byte; then those.
    let rest = (2048..image.len()).step_by(image.len() / 50 + 1);
    for at in (16..2048).step_by(64).chain(rest) {
        let mut altered = image.clone();
        altered[at] ^= 0x40;
        folder.write("altered.cwasm", &altered);
        let ended = run("altered.cwasm");
        // What no reader looks at may differ; nothing may crash.
        assert!(matches!(ended.status, Some(0 | 65)), "byte {at}: {ended:?}");
    }
    let fuel = [
        "run",
        "--allow-precompiled",
        "--fuel",
        "100000",
        "--invoke",
        "run()",
        "greeter.cwasm",
    ];
    folder.silica(&fuel).expect(65).says(&["fuel is off"]);
}

#[test]
fn a_file_that_cannot_be_written() {
    let folder = Folder::with("hello.wat", HELLO);
    let ended = folder.silica(&["compile", "hello.wat", "-o", "nowhere/a.cwasm"]);
    ended.expect(74).says(&["nowhere/a.cwasm"]);
}
