//! Writes one line to standard output, and does nothing else.

fn main() {
    println!("hello");
}
