//! A Verilog design to a bitstream for an iCE40 device: synthesis by Yosys, placement and routing by nextpnr, packing by
//! icepack. All three are built from C++ with exceptions.

#![forbid(unsafe_code)]

use silica_test_guests::{available, programs};
use silica_tests_programs::Command;

const BLINK: &str = "
module blink(input clk, output led);
    reg [23:0] count = 0;
    always @(posedge clk) count <= count + 1;
    assign led = count[23];
endmodule
";

/// Where the two ports are, on a board with an HX1K.
const PINS: &str = "set_io clk 21\nset_io led 99\n";

#[test]
fn a_design_becomes_a_bitstream() {
    let Some(tools) = available(programs::ice40_tools()) else {
        return;
    };
    let work = tempfile::tempdir().expect("a temporary directory");
    let file = |name: &str| work.path().join(name);
    std::fs::write(file("blink.v"), BLINK).expect("it is writable");
    std::fs::write(file("blink.pcf"), PINS).expect("it is writable");

    let script = "read_verilog /files/blink.v; synth_ice40 -top blink -json /files/blink.json";
    let outcome = Command::new(&tools.yosys.module, "yosys")
        .arguments(["-q", "-p", script])
        .directory(work.path(), "/files")
        .directory(&tools.yosys.data, "/share")
        .directory(work.path(), "/tmp")
        .run_quickly()
        .expect("yosys runs");
    assert_eq!(outcome.status, 0, "{outcome:?}");

    let outcome = Command::new(&tools.nextpnr.module, "nextpnr-ice40")
        .arguments([
            "--hx1k",
            "--package",
            "tq144",
            "--json",
            "/files/blink.json",
        ])
        .arguments([
            "--pcf",
            "/files/blink.pcf",
            "--asc",
            "/files/blink.asc",
            "--seed",
            "1",
        ])
        .directory(work.path(), "/files")
        .directory(&tools.nextpnr.data, "/share")
        .run_quickly()
        .expect("nextpnr runs");
    assert_eq!(outcome.status, 0, "{outcome:?}");
    let placed = std::fs::read_to_string(file("blink.asc")).expect("it was written");
    assert!(placed.contains(".device 1k"), "{placed:.200}");

    let outcome = Command::new(&tools.icepack, "icepack")
        .arguments(["/files/blink.asc", "/files/blink.bin"])
        .directory(work.path(), "/files")
        .run_quickly()
        .expect("icepack runs");
    assert_eq!(outcome.status, 0, "{outcome:?}");
    let bitstream = std::fs::read(file("blink.bin")).expect("it was written");
    let preamble = [0x7e, 0xaa, 0x99, 0x7e];
    let begins = bitstream.windows(4).take(64).any(|bytes| bytes == preamble);
    assert!(begins, "{:x?}", &bitstream[..64.min(bitstream.len())]);

    // The same program under its other name takes a bitstream apart.
    let outcome = Command::new(&tools.icepack, "iceunpack")
        .arguments(["/files/blink.bin", "/files/again.asc"])
        .directory(work.path(), "/files")
        .run_quickly()
        .expect("iceunpack runs");
    assert_eq!(outcome.status, 0, "{outcome:?}");
    let again = std::fs::read_to_string(file("again.asc")).expect("it was written");
    assert!(again.contains(".device 1k"), "{again:.200}");
}

/// What cannot be opened is an exception inside of the program, and an error outside.
#[test]
fn an_error_is_thrown_and_caught() {
    let Some(tools) = available(programs::ice40_tools()) else {
        return;
    };
    let outcome = Command::new(&tools.icepack, "icepack")
        .arguments(["/nowhere.asc", "/nowhere.bin"])
        .run_quickly()
        .expect("icepack runs");
    assert_ne!(outcome.status, 0, "{outcome:?}");
}
