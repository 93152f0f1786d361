//! Runs each example as its reader would, and compares what it prints.

#![forbid(unsafe_code)]

use std::process::Command;

#[track_caller]
fn prints(program: &str, expected: &[&str]) {
    let output = Command::new(program).output().expect("it starts");
    let printed = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let lines: Vec<&str> = printed.lines().collect();
    assert_eq!(lines, expected, "{errors}");
}

#[test]
fn ten_lines() {
    prints(env!("CARGO_BIN_EXE_ten-lines"), &["40 + 2 = 42"]);
}

#[test]
fn host_functions() {
    prints(
        env!("CARGO_BIN_EXE_host-functions"),
        &[
            "logged: hello from the guest",
            "7 / 2 = 3",
            "error: the host does not divide 1 by 0",
        ],
    );
}

#[test]
fn limits() {
    prints(
        env!("CARGO_BIN_EXE_limits"),
        &[
            "memory stopped at 1024 KiB",
            "spin: all fuel consumed",
            "recurse: call stack exhausted",
        ],
    );
}

#[test]
fn interruption() {
    prints(
        env!("CARGO_BIN_EXE_interruption"),
        &["interrupted after some turns: true"],
    );
}

#[test]
fn asynchronous() {
    prints(
        env!("CARGO_BIN_EXE_async"),
        &["slept 1000 ms together", "in less time than that: true"],
    );
}

#[test]
fn precompiled() {
    prints(
        env!("CARGO_BIN_EXE_precompiled"),
        &[
            "12 * 12 = 144",
            "half of it: damaged compiled image: its length is not the one it states (at byte 24)",
        ],
    );
}

#[test]
fn threads() {
    prints(env!("CARGO_BIN_EXE_threads"), &["exited with 10"]);
}

#[test]
fn wasi_command() {
    prints(
        env!("CARGO_BIN_EXE_wasi-command"),
        &["at 1000: true", "at 2000: false"],
    );
}
