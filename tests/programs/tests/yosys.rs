//! Yosys, from its npm package: synthesises a counter into a netlist.

#![forbid(unsafe_code)]

use silica_test_guests::{available, programs};
use silica_tests_programs::Command;

const COUNTER: &str = "
module counter(input clk, input reset, output reg [7:0] count);
    always @(posedge clk)
        if (reset) count <= 0;
        else count <= count + 1;
endmodule
";

#[test]
fn yosys_synthesises_a_counter() {
    let Some(yosys) = available(programs::yosys()) else {
        return;
    };
    let work = tempfile::tempdir().expect("a temporary directory");
    std::fs::write(work.path().join("counter.v"), COUNTER).expect("it is writable");
    let script = "read_verilog /files/counter.v; synth -noabc -top counter; stat; write_json /files/netlist.json";
    let outcome = Command::new(&yosys.module, "yosys")
        .arguments(["-p", script])
        .directory(work.path(), "/files")
        .directory(&yosys.data, "/share")
        .directory(work.path(), "/tmp")
        .run()
        .expect("yosys runs");
    assert_eq!(outcome.status, 0, "{outcome:?}");
    // Eight bits of state, and each a flip-flop with synchronous reset.
    assert!(outcome.output.contains("$_SDFF_PP0_"), "{}", outcome.output);
    let netlist =
        std::fs::read_to_string(work.path().join("netlist.json")).expect("it was written");
    assert_eq!(
        netlist.matches("\"type\": \"$_SDFF_PP0_\"").count(),
        8,
        "{netlist}"
    );
}
