//! Compression: DEFLATE by the `miniz_oxide` crate, there and back.

use miniz_oxide::deflate::compress_to_vec;
use miniz_oxide::inflate::decompress_to_vec;
use programs::{Digest, Random, run};

fn setup() -> Vec<u8> {
    let mut random = Random::new(27);
    let mut data = Vec::new();
    let words = [
        "instance",
        " of ",
        "module",
        "(func ",
        "i32.add",
        ")\n",
        "local.get ",
        "0x",
        "end",
    ];
    while data.len() < 200_000 {
        data.extend_from_slice(words[random.below(9) as usize].as_bytes());
        if random.below(4) == 0 {
            data.push(random.bits() as u8);
        }
    }
    data
}

#[inline(never)]
fn round(data: &mut Vec<u8>, index: u32) -> u64 {
    let at = index as usize * 7919 % data.len();
    data[at] ^= 0x55;
    let packed = compress_to_vec(data, 6);
    let mut sum = Digest::new();
    sum.add(packed.len() as u64);
    for _ in 0..4 {
        let plain = decompress_to_vec(&packed).expect("what was compressed decompresses");
        assert!(plain == *data);
        sum.add(plain.len() as u64);
    }
    sum.get()
}

fn main() {
    run("deflate", 48, setup, round);
}
