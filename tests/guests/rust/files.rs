//! A file tool with one command for each operation, so that a test can ask for exactly one of them:
//! `write PATH TEXT`, `append PATH TEXT`, `read PATH`, `list PATH`, `rename FROM TO`, `copy FROM TO`, `link FROM TO`,
//! `mkdir PATH`, `rmdir PATH`, `remove PATH`, `truncate PATH LENGTH`, `touch PATH SECONDS`, `size PATH`.
//! What fails is said on standard error with the kind of the error, and the status is 1.

use std::fs;
use std::io::Write;
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

fn list(path: &str) -> std::io::Result<()> {
    let mut rows = Vec::new();
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let kind = if entry.file_type()?.is_dir() { "directory" } else { "file" };
        rows.push(format!("{kind} {}", entry.file_name().to_string_lossy()));
    }
    rows.sort();
    for row in rows {
        println!("{row}");
    }
    Ok(())
}

fn append(path: &str, text: &str) -> std::io::Result<()> {
    fs::OpenOptions::new().append(true).open(path)?.write_all(text.as_bytes())
}

fn read(path: &str) -> std::io::Result<()> {
    std::io::stdout().write_all(&fs::read(path)?)
}

fn truncate(path: &str, length: &str) -> std::io::Result<()> {
    let length = length.parse().expect("a length is a number");
    fs::OpenOptions::new().write(true).open(path)?.set_len(length)
}

fn touch(path: &str, seconds: &str) -> std::io::Result<()> {
    let seconds = Duration::from_secs(seconds.parse().expect("a time is a number of seconds"));
    let time = SystemTime::UNIX_EPOCH + seconds;
    fs::OpenOptions::new().write(true).open(path)?.set_modified(time)
}

fn run(arguments: &[&str]) -> std::io::Result<()> {
    match arguments {
        ["write", path, text] => fs::write(path, text),
        ["append", path, text] => append(path, text),
        ["read", path] => read(path),
        ["list", path] => list(path),
        ["rename", from, to] => fs::rename(from, to),
        ["copy", from, to] => fs::copy(from, to).map(|_| ()),
        ["link", from, to] => fs::hard_link(from, to),
        ["mkdir", path] => fs::create_dir(path),
        ["rmdir", path] => fs::remove_dir(path),
        ["remove", path] => fs::remove_file(path),
        ["truncate", path, length] => truncate(path, length),
        ["touch", path, seconds] => touch(path, seconds),
        ["size", path] => fs::metadata(path).map(|found| println!("{}", found.len())),
        other => panic!("no such command: {other:?}"),
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}: {error} ({:?})", arguments.join(" "), error.kind());
            ExitCode::FAILURE
        }
    }
}
