//! Copies standard input to standard output, byte for byte.

fn main() -> std::io::Result<()> {
    let mut input = std::io::stdin().lock();
    let mut output = std::io::stdout().lock();
    std::io::copy(&mut input, &mut output)?;
    std::io::Write::flush(&mut output)
}
