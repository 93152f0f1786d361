#[test]
fn one() {
    use silica_fuzz_targets::random::Random;
    let name = std::env::var("T").unwrap();
    let (from, to): (u64, u64) = (
        std::env::var("FROM").unwrap().parse().unwrap(),
        std::env::var("TO").unwrap().parse().unwrap(),
    );
    let max: usize = std::env::var("MAX")
        .unwrap_or("6000".into())
        .parse()
        .unwrap();
    for seed in from..to {
        let mut r = Random::new(seed);
        let n = r.below(max) + 1;
        let b = r.bytes(n);
        if std::env::var("V").is_ok() {
            eprintln!("seed {seed}");
        }
        let t = std::time::Instant::now();
        if std::panic::catch_unwind(|| silica_fuzz_targets::run(&name, &b)).is_err() {
            eprintln!("FAILED seed {seed}");
            std::fs::write(format!("/tmp/oracle-fail-{name}-{seed}"), &b).unwrap();
        }
        if t.elapsed().as_millis() > 3000 {
            eprintln!("SLOW seed {seed} {:?}", t.elapsed());
        }
    }
}
