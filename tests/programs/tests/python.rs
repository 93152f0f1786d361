//! CPython, from its npm package: reads and writes files, sorts, hashes, `json`, `decimal`.

#![forbid(unsafe_code)]

use silica_test_guests::{available, programs};
use silica_tests_programs::{Command, compile_with, settings};

const SCRIPT: &str = r#"
import decimal, hashlib, json, os, sys

numbers = [(i * 7919) % 10007 for i in range(5000)]
numbers.sort()
assert numbers == sorted(numbers, reverse=True)[::-1]
print("sorted", numbers[0], numbers[-1], len(numbers))

with open("/files/data.json", "w") as f:
    json.dump({"numbers": numbers[:5], "name": "Grüße"}, f)
with open("/files/data.json") as f:
    data = json.load(f)
print("json", data["numbers"], data["name"])

decimal.getcontext().prec = 50
print("decimal", decimal.Decimal(2).sqrt())
print("sha256", hashlib.sha256(b"silica" * 1000).hexdigest())
os.rename("/files/data.json", "/files/renamed.json")
print("files", sorted(os.listdir("/files")))
print("input", sys.stdin.read().strip(), file=sys.stderr)
try:
    open("/etc/passwd")
except OSError as error:
    print("refused", type(error).__name__)
sys.exit(7)
"#;

#[test]
fn python_runs_a_script_that_works_with_files() {
    let Some(python) = available(programs::python()) else {
        return;
    };
    for (name, config) in settings() {
        println!("{name}");
        let work = tempfile::tempdir().expect("a temporary directory");
        std::fs::write(work.path().join("script.py"), SCRIPT).expect("it is writable");
        let module = compile_with(&config, &python).expect("python compiles");
        let outcome = Command::new(&python, "python")
            .arguments(["/files/script.py"])
            .directory(work.path(), "/files")
            .input(b"from the host\n")
            .run_compiled(&module)
            .expect("python runs");
        assert_eq!(outcome.status, 7, "{outcome:?}");
        let lines: Vec<&str> = outcome.output.lines().collect();
        assert_eq!(lines[0], "sorted 0 10006 5000");
        assert_eq!(lines[1], "json [0, 5, 6, 7, 8] Grüße");
        assert_eq!(
            lines[2],
            "decimal 1.4142135623730950488016887242096980785696718753769"
        );
        assert_eq!(
            lines[3],
            "sha256 6e84e34b18863f4e04f09e4d3742eec830b5cca031f634c6f55e54bd2ede71c9"
        );
        assert_eq!(lines[4], "files ['renamed.json', 'script.py']");
        assert_eq!(lines[5], "refused FileNotFoundError");
        assert_eq!(outcome.errors.trim(), "input from the host");
        assert!(work.path().join("renamed.json").exists());
    }
}
