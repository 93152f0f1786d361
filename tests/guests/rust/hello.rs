//! Prints one line: the smallest program that does something a person can see.

fn main() {
    println!("Hello from Rust");
}
