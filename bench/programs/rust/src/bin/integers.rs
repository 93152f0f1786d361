//! Integer loops: greatest common divisors, Collatz lengths, modular powers, population counts.

use programs::{Digest, Random, run};

fn gcd(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

fn collatz(mut n: u64) -> u64 {
    let mut steps = 0;
    while n != 1 {
        n = if n & 1 == 0 { n / 2 } else { 3 * n + 1 };
        steps += 1;
    }
    steps
}

fn power_modulo(mut base: u64, mut exponent: u64, modulus: u64) -> u64 {
    let mut result = 1;
    base %= modulus;
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = result * base % modulus;
        }
        base = base * base % modulus;
        exponent >>= 1;
    }
    result
}

fn bit_mix(random: &mut Random) -> u64 {
    let mut sum = 0u64;
    for _ in 0..2000 {
        let x = random.bits();
        sum += u64::from(x.count_ones() + x.leading_zeros() * 3 + x.trailing_zeros() * 5);
        sum ^= x.rotate_left(sum as u32 & 63);
    }
    sum
}

#[inline(never)]
fn round(random: &mut Random, index: u32) -> u64 {
    let mut sum = Digest::new();
    for i in 0..300u64 {
        sum.add(gcd(random.bits() >> 16, random.bits() >> 20));
        sum.add(collatz(i + 1 + u64::from(index)));
        sum.add(power_modulo(random.bits(), 65537 + i, 0xffff_fffb));
    }
    sum.add(bit_mix(random));
    sum.get()
}

fn main() {
    run("integers", 7900, || Random::new(21), round);
}
