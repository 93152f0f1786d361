//! Writes and reads a file in the current directory by blocks of 64 KiB and of 64 bytes.
//!
//! The file is made once and then written over, so that the passes measure calls and copies and not
//! the file system's search for room. Each pass prints its least time on standard error.

use std::fs::{File, OpenOptions};
use std::io::{Read, Result, Seek, SeekFrom, Write};
use std::time::Instant;

const LARGE: usize = 64 << 10;
const SMALL: usize = 64;

fn write(file: &mut File, block: usize, count: usize) -> Result<u64> {
    let data = vec![0x5a; block];
    for _ in 0..count {
        file.write_all(&data)?;
    }
    Ok(0)
}

fn read(file: &mut File, block: usize, count: usize) -> Result<u64> {
    let mut data = vec![0; block];
    let mut sum = 0;
    for _ in 0..count {
        file.read_exact(&mut data)?;
        sum += u64::from(data[block - 1]);
    }
    Ok(sum)
}

type Pass = fn(&mut File, usize, usize) -> Result<u64>;

fn measure(file: &mut File, name: &str, pass: Pass, block: usize, count: usize) -> Result<()> {
    let mut least = u128::MAX;
    let mut sum = 0;
    for _ in 0..7 {
        file.seek(SeekFrom::Start(0))?;
        let start = Instant::now();
        sum += pass(file, block, count)?;
        least = least.min(start.elapsed().as_nanos());
    }
    println!("{name} {sum}");
    eprintln!("{name} {least}");
    Ok(())
}

fn main() -> Result<()> {
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(true)
        .open("files.tmp")?;
    write(&mut file, LARGE, 256)?;
    measure(&mut file, "write_64k", write, LARGE, 256)?;
    measure(&mut file, "read_64k", read, LARGE, 256)?;
    measure(&mut file, "write_64", write, SMALL, 20_000)?;
    measure(&mut file, "read_64", read, SMALL, 20_000)?;
    drop(file);
    std::fs::remove_file("files.tmp")
}
