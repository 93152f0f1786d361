//! Big numbers: digits of pi by Machin's formula, factorials, products of 64-bit limbs.

use programs::{Digest, run};

/// A number in limbs, the least significant first.
type Number = Vec<u64>;

fn add(a: &mut [u64], b: &[u64]) {
    let mut carry = false;
    for (i, x) in a.iter_mut().enumerate() {
        let (sum, over) = x.overflowing_add(b.get(i).copied().unwrap_or(0));
        let (sum, more) = sum.overflowing_add(u64::from(carry));
        *x = sum;
        carry = over | more;
    }
}

fn subtract(a: &mut [u64], b: &[u64]) {
    let mut borrow = false;
    for (i, x) in a.iter_mut().enumerate() {
        let (rest, under) = x.overflowing_sub(b.get(i).copied().unwrap_or(0));
        let (rest, more) = rest.overflowing_sub(u64::from(borrow));
        *x = rest;
        borrow = under | more;
    }
}

fn scale(a: &mut Number, factor: u64) {
    let mut carry = 0;
    for x in a.iter_mut() {
        let product = u128::from(*x) * u128::from(factor) + u128::from(carry);
        *x = product as u64;
        carry = (product >> 64) as u64;
    }
    if carry > 0 {
        a.push(carry);
    }
}

/// Divides by a 32-bit number, half a limb at a time, and returns the remainder.
fn divide(a: &mut [u64], divisor: u32) -> u64 {
    let (divisor, mut rest) = (u64::from(divisor), 0);
    for x in a.iter_mut().rev() {
        let high = rest << 32 | *x >> 32;
        let low = (high % divisor) << 32 | *x & 0xffff_ffff;
        *x = (high / divisor) << 32 | low / divisor;
        rest = low % divisor;
    }
    rest
}

#[inline(never)]
fn multiply(a: &[u64], b: &[u64]) -> Number {
    let mut out = vec![0; a.len() + b.len()];
    for (i, &x) in a.iter().enumerate() {
        let mut carry = 0;
        for (j, &y) in b.iter().enumerate() {
            let sum = u128::from(x) * u128::from(y) + u128::from(out[i + j]) + u128::from(carry);
            out[i + j] = sum as u64;
            carry = (sum >> 64) as u64;
        }
        out[i + b.len()] = carry;
    }
    out
}

/// `factor * arctan(1 / inverse)` as a fixed-point number whose unit is the top limb.
#[inline(never)]
fn arctangent(limbs: usize, factor: u64, inverse: u32) -> Number {
    let mut power = vec![0; limbs];
    power[limbs - 1] = factor;
    divide(&mut power, inverse);
    let mut sum = power.clone();
    for k in 1.. {
        divide(&mut power, inverse * inverse);
        let mut term = power.clone();
        divide(&mut term, 2 * k + 1);
        if term.iter().all(|&limb| limb == 0) {
            break;
        }
        if k % 2 == 0 {
            add(&mut sum, &term)
        } else {
            subtract(&mut sum, &term)
        }
    }
    sum
}

#[inline(never)]
fn round(_: &mut (), index: u32) -> u64 {
    let limbs = 40 + index as usize % 8;
    let mut pi = arctangent(limbs, 16, 5);
    subtract(&mut pi, &arctangent(limbs, 4, 239));
    assert!(pi[limbs - 1] == 3);
    let mut factorial = vec![1];
    for n in 2..=(400 + u64::from(index % 16)) {
        scale(&mut factorial, n);
    }
    let mut product = multiply(&pi, &factorial);
    for _ in 0..8 {
        product = multiply(&product[product.len() - 64..], &pi);
    }
    let mut sum = Digest::new();
    product.iter().for_each(|&limb| sum.add(limb));
    sum.add(divide(&mut product, 1_000_000_007));
    sum.get()
}

fn main() {
    run("bigint", 970, || (), round);
}
