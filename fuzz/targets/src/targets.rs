//! The table of targets.

mod compile;
mod components;
mod decode;
mod differential;
mod hostile;
mod image;
mod straight_line;
mod text;
mod tiers;
mod v8;
mod values;
#[cfg(unix)]
mod wasi_calls;
#[cfg(unix)]
mod wasi_paths;

pub use components::INSTANTIATED as INSTANTIATED_COMPONENTS;
pub use straight_line::check as check_straight_line;
pub use v8::COMPARED as COMPARED_WITH_V8;

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
    target("compile", compile::run),
    target("components", components::run),
    target("decode", decode::run),
    target("differential", differential::run),
    target("hostile", hostile::run),
    target("image", image::run),
    target("straight_line", straight_line::run),
    target("text", text::run),
    target("tiers", tiers::run),
    target("v8", v8::run),
    target("values", values::run),
    #[cfg(unix)]
    target("wasi_calls", wasi_calls::run),
    #[cfg(unix)]
    target("wasi_paths", wasi_paths::run),
];

const fn target(name: &'static str, run: fn(&[u8])) -> Target {
    Target { name, run }
}
