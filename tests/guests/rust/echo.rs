//! Prints its arguments, then its environment in sorted order, one on each line.

fn main() {
    for (index, argument) in std::env::args_os().enumerate() {
        println!("argument {index}: {}", argument.to_string_lossy());
    }
    let mut variables: Vec<_> = std::env::vars_os().collect();
    variables.sort();
    for (name, value) in variables {
        println!("variable {}={}", name.to_string_lossy(), value.to_string_lossy());
    }
}
