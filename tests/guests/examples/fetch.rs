//! Fetches and builds every pinned program, and says where each is: what the tests do on first use, to do it beforehand.

#![forbid(unsafe_code)]

use silica_test_guests::{Skipped, programs};
use std::path::PathBuf;

fn main() {
    let rows: [(&str, Result<PathBuf, Skipped>); 9] = [
        ("python", programs::python()),
        ("ruby", programs::ruby()),
        ("yosys", programs::yosys().map(|program| program.module)),
        ("clang", programs::clang().map(|program| program.module)),
        (
            "yosys and nextpnr for iCE40",
            programs::ice40_tools().map(|tools| tools.nextpnr.module),
        ),
        ("pandoc", programs::pandoc()),
        ("ripgrep", programs::ripgrep()),
        ("jaq", programs::jaq()),
        ("resvg", programs::resvg()),
    ];
    for (name, found) in rows {
        match found {
            Ok(path) => println!("{name}: {}", path.display()),
            Err(skipped) => println!("{name}: skipped: {skipped}"),
        }
    }
}
