//! Recurses until its first argument's depth (practically for ever without one). Its frames keep nothing in linear
//! memory, so it is the engine's stack that overflows.

#[inline(never)]
fn descend(depth: u64, limit: u64) -> u64 {
    if depth == limit {
        return depth;
    }
    // The rotation after the call keeps it from becoming a loop.
    descend(depth + 1, limit).rotate_left(1) ^ depth
}

fn main() {
    let limit = std::env::args().nth(1).map_or(u64::MAX, |text| text.parse().expect("a depth is a number"));
    println!("descending");
    println!("came back with {}", descend(0, limit));
}
