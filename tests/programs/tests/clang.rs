//! LLVM, from its npm package: compiles and links a C program, which then runs.

#![forbid(unsafe_code)]

use silica_test_guests::{available, programs};
use silica_tests_programs::{Command, Outcome, compile_quickly};

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
    let module = compile_quickly(&llvm.module).expect("LLVM compiles");
    let run = |arguments: &[String]| -> Outcome {
        Command::new(&llvm.module, "yowasp-llvm")
            .arguments(arguments.iter().map(String::as_str))
            .directory(work.path(), "/files")
            .directory(work.path(), "/tmp")
            .directory(&llvm.data, "/usr")
            .run_compiled(&module)
            .expect("LLVM runs")
    };
    // A driver starts the compiler and the linker as processes, which WASI 0.1 has none of. So it is
    // asked for the commands, and they are run here.
    let driver = [
        "clang",
        "-###",
        "-O2",
        "/files/sort.c",
        "-o",
        "/files/sort.wasm",
    ];
    let plan = run(&driver.map(str::to_owned));
    let commands: Vec<Vec<String>> = plan.errors.lines().filter_map(quoted_words).collect();
    assert_eq!(commands.len(), 2, "{plan:?}");
    for command in &commands {
        let outcome = run(command);
        assert_eq!(outcome.status, 0, "{command:?}: {outcome:?}");
    }
    let outcome = Command::new(&work.path().join("sort.wasm"), "sort")
        .arguments(["ccc", "a", "bb"])
        .run()
        .expect("the program runs");
    assert_eq!(outcome.output, "a bb ccc\n");
    assert_eq!(outcome.status, 4);
}

/// The words of a line in which each word is quoted; `None` for any other line. The driver does not find itself in a
/// file, so it leaves an empty word where its folder would be.
fn quoted_words(line: &str) -> Option<Vec<String>> {
    let line = line.trim().strip_prefix('"')?.strip_suffix('"')?;
    let words = line.split("\" \"").filter(|word| !word.is_empty());
    Some(words.map(str::to_owned).collect())
}
