//! LLVM, from its npm package: compiles and links a C program, which then runs.

#![forbid(unsafe_code)]

use std::path::Path;

use silica_test_guests::{available, programs};
use silica_tests_programs::{Command, Outcome, compile};

const SOURCE: &str = r#"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int by_length(const void *a, const void *b) {
    return (int)strlen(*(char *const *)a) - (int)strlen(*(char *const *)b);
}

int main(int argc, char **argv) {
    qsort(argv + 1, argc - 1, sizeof(char *), by_length);
    for (int i = 1; i < argc; i++)
        printf("%s%c", argv[i], i + 1 < argc ? ' ' : '\n');
    return argc;
}
"#;

#[test]
fn clang_compiles_and_links_a_program_that_runs() {
    let Some(llvm) = available(programs::clang()) else {
        return;
    };
    let work = tempfile::tempdir().expect("a temporary directory");
    std::fs::write(work.path().join("sort.c"), SOURCE).expect("it is writable");
    let module = compile(&llvm.module).expect("LLVM compiles");
    let run = |arguments: &[&str]| -> Outcome {
        Command::new(&llvm.module, arguments[0])
            .arguments(arguments[1..].iter().copied())
            .directory(work.path(), "/files")
            .directory(work.path(), "/tmp")
            .directory(&llvm.data, "/usr")
            .run_compiled(&module)
            .expect("LLVM runs")
    };
    let compiled = run(&["clang", "-O2", "-c", "/files/sort.c", "-o", "/files/sort.o"]);
    assert_eq!(compiled.status, 0, "{compiled:?}");
    let library = library_folder(&llvm.data);
    let library = format!("/usr/{library}");
    let crt = format!("{library}/crt1-command.o");
    let search = format!("-L{library}");
    let builtins = format!("/usr/{}", builtins(&llvm.data));
    let linked = run(&[
        "wasm-ld",
        &search,
        &crt,
        "/files/sort.o",
        "-lc",
        &builtins,
        "-o",
        "/files/sort.wasm",
    ]);
    assert_eq!(linked.status, 0, "{linked:?}");
    let outcome = Command::new(&work.path().join("sort.wasm"), "sort")
        .arguments(["ccc", "a", "bb"])
        .run()
        .expect("the program runs");
    assert_eq!(outcome.output, "a bb ccc\n");
    assert_eq!(outcome.status, 4);
}

/// The folder, below the system root, of the C library for WASI 0.1.
fn library_folder(root: &Path) -> String {
    find(root, "crt1-command.o")
        .rsplit_once('/')
        .expect("it lies in a folder")
        .0
        .to_owned()
}

fn builtins(root: &Path) -> String {
    find(root, "libclang_rt.builtins")
}

/// The path, below `root`, of the first file whose name begins so; for WASI 0.1 where there are several.
fn find(root: &Path, name: &str) -> String {
    let mut found = Vec::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder)
            .expect("the folder can be read")
            .flatten()
        {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if entry.file_name().to_string_lossy().starts_with(name) {
                let below = path.strip_prefix(root).expect("it lies below");
                found.push(below.to_string_lossy().into_owned());
            }
        }
    }
    found.sort_by_key(|path| {
        (
            !path.contains("wasip1"),
            path.contains("threads"),
            path.len(),
        )
    });
    found
        .into_iter()
        .next()
        .unwrap_or_else(|| panic!("there is a {name}"))
}
