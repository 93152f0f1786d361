//! The subcommands, one file each.

pub(crate) mod cache;
pub(crate) mod compile;
pub(crate) mod completions;
pub(crate) mod compose;
pub(crate) mod config;
pub(crate) mod help;
pub(crate) mod inspect;
pub(crate) mod print;
pub(crate) mod run;
pub(crate) mod validate;
pub(crate) mod wast;
pub(crate) mod wit;
