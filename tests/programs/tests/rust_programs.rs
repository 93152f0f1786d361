//! Programs from crates.io, built for `wasm32-wasip1`: a search tool, a JSON processor, an image converter.

#![forbid(unsafe_code)]

use silica_test_guests::{available, programs};
use silica_tests_programs::{Command, compile_with, settings};

#[test]
fn ripgrep_searches_a_tree() {
    let Some(ripgrep) = available(programs::ripgrep()) else {
        return;
    };
    let work = tempfile::tempdir().expect("a temporary directory");
    let folder = work.path().join("deep/er");
    std::fs::create_dir_all(&folder).expect("it is writable");
    std::fs::write(folder.join("a.txt"), "one\nneedle 42\nthree\n").expect("it is writable");
    std::fs::write(work.path().join("b.txt"), "needle x\n").expect("it is writable");
    let outcome = Command::new(&ripgrep, "rg")
        .arguments([
            "--no-config",
            "--sort",
            "path",
            "-n",
            r"needle \d+",
            "/files",
        ])
        .directory(work.path(), "/files")
        .run()
        .expect("ripgrep runs");
    assert_eq!(outcome.status, 0, "{outcome:?}");
    assert_eq!(outcome.output, "/files/deep/er/a.txt:2:needle 42\n");
}

#[test]
fn jaq_filters_json() {
    let Some(jaq) = available(programs::jaq()) else {
        return;
    };
    for (name, config) in settings() {
        let module = compile_with(&config, &jaq).expect("jaq compiles");
        let outcome = Command::new(&jaq, "jaq")
            .arguments(["-c", "[.[] | select(.size > 10) | .name] | sort"])
            .input(br#"[{"name":"b","size":20},{"name":"c","size":5},{"name":"a","size":11}]"#)
            .run_compiled(&module)
            .expect("jaq runs");
        assert_eq!(outcome.status, 0, "{name}: {outcome:?}");
        assert_eq!(outcome.output, "[\"a\",\"b\"]\n", "{name}");
    }
}

#[test]
fn resvg_converts_an_image() {
    let Some(resvg) = available(programs::resvg()) else {
        return;
    };
    let work = tempfile::tempdir().expect("a temporary directory");
    let drawing = r##"<svg xmlns="http://www.w3.org/2000/svg" width="64" height="48">
        <rect width="64" height="48" fill="#336699"/><circle cx="32" cy="24" r="20" fill="#fff"/></svg>"##;
    std::fs::write(work.path().join("in.svg"), drawing).expect("it is writable");
    let outcome = Command::new(&resvg, "resvg")
        .arguments(["/files/in.svg", "/files/out.png"])
        .directory(work.path(), "/files")
        .run()
        .expect("resvg runs");
    assert_eq!(outcome.status, 0, "{outcome:?}");
    let picture = std::fs::read(work.path().join("out.png")).expect("it was written");
    assert_eq!(&picture[..8], b"\x89PNG\r\n\x1a\n");
    // The header says the size: width and height, big-endian.
    assert_eq!(picture[16..24], [0, 0, 0, 64, 0, 0, 0, 48]);
}
