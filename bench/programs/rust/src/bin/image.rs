//! Images: a blur, an edge filter, a histogram, a rotation and a nearest-colour reduction of bytes.

use programs::{Digest, Random, run};

const WIDTH: usize = 320;
const HEIGHT: usize = 240;

struct Image {
    grey: Vec<u8>,
    next: Vec<u8>,
}

fn setup() -> Image {
    let mut random = Random::new(40);
    let grey = (0..WIDTH * HEIGHT)
        .map(|i| (i % WIDTH / 2 + i / WIDTH) as u8 ^ random.below(32) as u8)
        .collect();
    Image {
        grey,
        next: vec![0; WIDTH * HEIGHT],
    }
}

#[inline(never)]
fn blur(from: &[u8], to: &mut [u8]) {
    for y in 1..HEIGHT - 1 {
        let rows = [
            &from[(y - 1) * WIDTH..][..WIDTH],
            &from[y * WIDTH..][..WIDTH],
            &from[(y + 1) * WIDTH..][..WIDTH],
        ];
        let out = &mut to[y * WIDTH..][..WIDTH];
        for x in 1..WIDTH - 1 {
            let edge =
                |row: &[u8]| u16::from(row[x - 1]) + 2 * u16::from(row[x]) + u16::from(row[x + 1]);
            out[x] = ((edge(rows[0]) + 2 * edge(rows[1]) + edge(rows[2]) + 8) / 16) as u8;
        }
    }
}

#[inline(never)]
fn edges(from: &[u8], to: &mut [u8]) {
    for y in 1..HEIGHT - 1 {
        for x in 1..WIDTH - 1 {
            let at = |dy: usize, dx: usize| i32::from(from[(y + dy - 1) * WIDTH + x + dx - 1]);
            let across = at(0, 2) + 2 * at(1, 2) + at(2, 2) - at(0, 0) - 2 * at(1, 0) - at(2, 0);
            let down = at(2, 0) + 2 * at(2, 1) + at(2, 2) - at(0, 0) - 2 * at(0, 1) - at(0, 2);
            to[y * WIDTH + x] = (across.abs() + down.abs()).min(255) as u8;
        }
    }
}

#[inline(never)]
fn equalise(image: &mut [u8]) -> u64 {
    let mut counts = [0u32; 256];
    image
        .iter()
        .for_each(|&pixel| counts[usize::from(pixel)] += 1);
    let mut table = [0u8; 256];
    let mut below = 0;
    for (value, count) in table.iter_mut().zip(counts) {
        below += count;
        *value = (u64::from(below) * 255 / (WIDTH * HEIGHT) as u64) as u8;
    }
    image
        .iter_mut()
        .for_each(|pixel| *pixel = table[usize::from(*pixel)]);
    u64::from(counts[17]) << 8 | u64::from(table[128])
}

#[inline(never)]
fn turn(from: &[u8], to: &mut [u8]) {
    for (y, row) in from.chunks_exact(WIDTH).enumerate() {
        for (x, &pixel) in row.iter().enumerate() {
            to[x * HEIGHT + HEIGHT - 1 - y] = pixel;
        }
    }
}

#[inline(never)]
fn round(image: &mut Image, index: u32) -> u64 {
    blur(&image.grey, &mut image.next);
    edges(&image.next, &mut image.grey);
    let mut sum = Digest::new();
    sum.add(equalise(&mut image.grey));
    turn(&image.grey, &mut image.next);
    image
        .grey
        .iter_mut()
        .zip(&image.next)
        .for_each(|(a, &b)| *a = a.wrapping_add(b) ^ (index as u8));
    sum.add_bytes(&image.grey[index as usize % HEIGHT * WIDTH..][..64]);
    sum.get()
}

fn main() {
    run("image", 2500, setup, round);
}
