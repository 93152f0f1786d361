//! A tool for files: does what its arguments say, one operation after another, and says what came of it.
//!
//! An operation is a word and its operands: `write PATH TEXT`, `append PATH TEXT`, `read PATH`, `list PATH`, `make PATH`,
//! `remove PATH`, `clear PATH` (a directory), `move FROM TO`, `link FROM TO`, `copy FROM TO`, `cut PATH SIZE`, `about PATH`,
//! `fill PATH MEBIBYTES`, `sum PATH`.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let mut words = words.iter().map(String::as_str);
    while let Some(word) = words.next() {
        let mut next = || words.next().expect("an operand");
        let done = match word {
            "write" => fs::write(next(), next()).map(|()| String::new()),
            "append" => append(next(), next()),
            "read" => fs::read_to_string(next()),
            "list" => list(next()),
            "make" => fs::create_dir(next()).map(|()| String::new()),
            "remove" => fs::remove_file(next()).map(|()| String::new()),
            "clear" => fs::remove_dir_all(next()).map(|()| String::new()),
            "move" => fs::rename(next(), next()).map(|()| String::new()),
            "link" => fs::hard_link(next(), next()).map(|()| String::new()),
            "copy" => fs::copy(next(), next()).map(|count| count.to_string()),
            "cut" => cut(next(), next()),
            "about" => about(next()),
            "fill" => fill(next(), next()),
            "sum" => sum(next()),
            other => panic!("no operation `{other}`"),
        };
        match done {
            Ok(told) => println!("{word}: ok {told}"),
            Err(error) => println!("{word}: {:?}", error.kind()),
        }
    }
}

fn append(path: &str, text: &str) -> io::Result<String> {
    let mut file = OpenOptions::new().append(true).create(true).open(path)?;
    file.write_all(text.as_bytes())?;
    // Wherever it was, what is appended goes to the end.
    file.seek(SeekFrom::Start(0))?;
    file.write_all(b".")?;
    Ok(String::new())
}

fn list(path: &str) -> io::Result<String> {
    let mut names = Vec::new();
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let end = if entry.file_type()?.is_dir() { "/" } else { "" };
        names.push(format!("{}{end}", entry.file_name().display()));
    }
    names.sort();
    Ok(names.join(" "))
}

fn cut(path: &str, size: &str) -> io::Result<String> {
    let file = OpenOptions::new().write(true).open(path)?;
    file.set_len(size.parse().expect("a size"))?;
    Ok(String::new())
}

fn about(path: &str) -> io::Result<String> {
    let about = fs::metadata(path)?;
    let age = about.modified()?.elapsed().expect("it was made before now");
    let kind = if about.is_dir() { "directory" } else { "file" };
    let young = age.as_secs() < 3600;
    Ok(format!("{kind} {} {young}", about.len()))
}

fn fill(path: &str, mebibytes: &str) -> io::Result<String> {
    let mut file = File::create(path)?;
    let count: u32 = mebibytes.parse().expect("a number");
    let piece: Vec<u8> = (0..1 << 20).map(|i: u32| (i % 251) as u8).collect();
    for _ in 0..count {
        file.write_all(&piece)?;
    }
    file.sync_all()?;
    Ok(String::new())
}

fn sum(path: &str) -> io::Result<String> {
    let mut file = File::open(path)?;
    let mut buffer = vec![0; 1 << 16];
    let (mut sum, mut total) = (0_u64, 0_usize);
    loop {
        let count = file.read(&mut buffer)?;
        if count == 0 {
            return Ok(format!("{total} {sum}"));
        }
        total += count;
        sum += buffer[..count].iter().map(|byte| u64::from(*byte)).sum::<u64>();
    }
}
