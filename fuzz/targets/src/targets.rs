//! The table of targets.

mod decode;
mod straight_line;
mod text;

pub use straight_line::check as check_straight_line;

/// A fuzz target: its name, which its binary has too, and what it does with the bytes.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name.
    pub name: &'static str,
    /// Runs it; panics where a promise is broken.
    pub run: fn(&[u8]),
}

/// Every target.
pub const TARGETS: &[Target] = &[
    Target {
        name: "decode",
        run: decode::run,
    },
    Target {
        name: "straight_line",
        run: straight_line::run,
    },
    Target {
        name: "text",
        run: text::run,
    },
];
