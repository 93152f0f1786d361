//! The measurements of the embedding API for Silica.

#![forbid(unsafe_code)]

#[path = "../../embed/cases.rs"]
mod cases;
mod special;

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    cases::main()
}
