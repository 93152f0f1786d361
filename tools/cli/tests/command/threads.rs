//! Programs with threads.

use std::process::Stdio;

use silica_test_guests::{available, guest};

use crate::common::{self, Ended, Folder};

/// Runs a guest with flags and arguments, and with an input on which nothing ever comes.
fn run(guest: &std::path::Path, flags: &[&str], arguments: &[&str]) -> Ended {
    let folder = Folder::new();
    let path = guest.to_str().expect("the path is ours");
    let line = [&["run"], flags, &[path], arguments].concat();
    let mut child = common::start(folder.command(&line).stdin(Stdio::piped()));
    let open = child.stdin.take();
    let ended = common::finish(child);
    drop(open);
    ended
}

#[test]
fn threads_share_work() {
    let Some(fork_join) = available(guest("threads/fork_join")) else {
        return;
    };
    for threads in ["1", "2", "7"] {
        let ended = run(&fork_join, &[], &[threads]).expect(0);
        let expected = format!("sorted 100000 numbers on {threads} threads\n");
        assert_eq!(ended.stdout, expected);
    }
    // Eight and the first; and a tenth thread is one too many.
    run(&fork_join, &["--max-threads=9"], &["8"]).expect(0);
    run(&fork_join, &["--max-threads=9"], &["9"]).expect(134);
}

#[test]
fn one_thread_ends_all() {
    let Some(ends) = available(guest("threads/ends")) else {
        return;
    };
    let ended = run(&ends, &[], &["return"]).expect(0);
    assert_eq!(ended.stdout, "returning\n");
    run(&ends, &[], &["exit"]).expect(3);
    run(&ends, &[], &["exit-of-thread"]).expect(4);
    run(&ends, &[], &["trap-of-thread"])
        .expect(134)
        .says(&["unreachable"]);
    run(&ends, &["--timeout=300ms"], &["never"]).expect(124);
}

#[test]
fn threads_can_be_refused() {
    let Some(ends) = available(guest("threads/ends")) else {
        return;
    };
    for flag in ["--max-threads=1", "--fuel=1000000000"] {
        let ended = run(&ends, &[flag], &["refused"]).expect(0);
        assert_eq!(ended.stdout, "refused: WouldBlock\n");
    }
    run(&ends, &["--max-threads=0"], &["refused"]).expect(2);
}

#[test]
fn the_trace_tells_threads_apart() {
    let Some(ends) = available(guest("threads/ends")) else {
        return;
    };
    run(&ends, &["--trace"], &["exit-of-thread"])
        .expect(4)
        .says(&["args_sizes_get() = ", "] proc_exit(4) = ?"]);
}

#[test]
fn no_instance_is_shared() {
    let Some(ends) = available(guest("threads/ends")) else {
        return;
    };
    let folder = Folder::with("other.wat", "(module)");
    let path = ends.to_str().expect("the path is ours");
    folder
        .silica(&["run", "--preload", "other=other.wat", path])
        .expect(2)
        .says(&["--preload other", "threads"]);
}
