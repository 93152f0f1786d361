//! Prints one line: what is measured is everything around it.

fn main() {
    println!("hello");
}
