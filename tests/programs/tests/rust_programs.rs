//! Programs from crates.io, built for `wasm32-wasip1`: a JSON processor.

#![forbid(unsafe_code)]

use silica_test_guests::{available, programs};
use silica_tests_programs::Command;

#[test]
fn jaq_filters_json() {
    let Some(jaq) = available(programs::jaq()) else {
        return;
    };
    let outcome = Command::new(&jaq, "jaq")
        .arguments(["-c", "[.[] | select(.size > 10) | .name] | sort"])
        .input(br#"[{"name":"b","size":20},{"name":"c","size":5},{"name":"a","size":11}]"#)
        .run()
        .expect("jaq runs");
    assert_eq!(outcome.status, 0, "{outcome:?}");
    assert_eq!(outcome.output, "[\"a\",\"b\"]\n");
}
