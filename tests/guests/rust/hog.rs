//! Allocates and touches memory, 1 MiB at a time, up to as many MiB as its first argument says (all there is without
//! one), and prints how much it got. Being refused is its normal end, not a failure.

fn main() {
    let limit: usize = std::env::args().nth(1).map_or(usize::MAX, |text| text.parse().expect("a number of MiB"));
    let mut blocks: Vec<Vec<u8>> = Vec::with_capacity(4096);
    while blocks.len() < limit && blocks.len() < blocks.capacity() {
        let mut block = Vec::new();
        if block.try_reserve_exact(1 << 20).is_err() {
            break;
        }
        block.resize(1 << 20, 0xa5);
        blocks.push(block);
    }
    println!("{} MiB", blocks.len());
}
