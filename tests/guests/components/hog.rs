//! Opens the file `f` again and again and closes none, then says how often that went well.

use std::fs::File;

fn main() {
    let mut open = Vec::new();
    let error = loop {
        match File::open("f") {
            Ok(file) => open.push(file),
            Err(error) => break error,
        }
    };
    println!("{} {}", open.len(), error.raw_os_error().is_some());
}
