#[test]
fn stats() {
    use silica_fuzz_targets::{modules::*, random::Random};
    for purpose in [Purpose::Compile, Purpose::Compare] {
        let (mut ok, mut bytes, mut fail, mut bodies) = (0, 0, 0, 0);
        for seed in 0..300 {
            let mut r = Random::new(seed);
            let n = r.below(6000) + 1;
            let b = r.bytes(n);
            match generate(&mut arbitrary::Unstructured::new(&b), purpose) {
                Ok(m) => {
                    ok += 1;
                    let m = m.to_bytes();
                    bytes += m.len();
                    bodies += wasmparser::Parser::new(0)
                        .parse_all(&m)
                        .filter(|p| matches!(p, Ok(wasmparser::Payload::CodeSectionEntry(_))))
                        .count();
                }
                Err(_) => fail += 1,
            }
        }
        println!("{purpose:?} ok {ok} fail {fail} bytes {bytes} bodies {bodies}");
    }
}
