//! Tells what it was started with and what it is given: arguments, variables, clocks, random numbers, standard input.
//! Ends as its first argument says: `return`, `fail` (by its status), `exit`, `panic`.

use std::collections::HashSet;
use std::io::{self, BufRead, Read, Write};
use std::process::ExitCode;
use std::time::{Duration, Instant, SystemTime};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    println!("arguments {arguments:?}");
    let mut variables: Vec<(String, String)> = std::env::vars().collect();
    variables.sort();
    println!("variables {variables:?}");
    clocks();
    // Hash functions of maps start from random numbers.
    let set: HashSet<u32> = (0..100).collect();
    println!("random {}", set.len());
    let mut input = io::stdin().lock();
    let mut line = String::new();
    input.read_line(&mut line).expect("standard input can be read");
    let mut rest = Vec::new();
    input.read_to_end(&mut rest).expect("standard input can be read");
    println!("input {line:?} and {} bytes", rest.len());
    io::stderr().write_all(b"to standard error\n").expect("it can be written");
    match arguments.get(1).map(String::as_str) {
        Some("fail") => ExitCode::FAILURE,
        Some("exit") => std::process::exit(7),
        Some("panic") => panic!("as it was told"),
        _ => ExitCode::SUCCESS,
    }
}

fn clocks() {
    let start = Instant::now();
    std::thread::sleep(Duration::from_millis(5));
    let slept = start.elapsed();
    let day = SystemTime::UNIX_EPOCH.elapsed().expect("it is after 1970");
    let in_time = slept >= Duration::from_millis(5) && slept < Duration::from_secs(3600);
    println!("clocks {in_time} {}", day.as_secs());
}
