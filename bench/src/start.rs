//! A start of a program under one engine: what it began with, and how soon it said something and was done.

use crate::engines::Kind;
use serde::Serialize;

/// What an engine may have from an earlier run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kept {
    Nothing,
    Cache,
}

impl Kept {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Kept::Nothing => "cold",
            Kept::Cache => "cached",
        }
    }
}

/// What one program took under one engine. Medians.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Start {
    pub(crate) program: &'static str,
    pub(crate) bytes: u64,
    #[serde(skip)]
    pub(crate) kind: Kind,
    pub(crate) engine: String,
    pub(crate) kept: Kept,
    /// Until the first byte of output.
    pub(crate) first_ms: f64,
    /// Until the process was gone.
    pub(crate) end_ms: f64,
    pub(crate) processor_ms: f64,
    /// The most memory that was resident.
    pub(crate) peak_kib: u64,
}

impl Start {
    /// What the plot and the table call its engine.
    pub(crate) fn title(&self) -> String {
        format!("{}, {}", self.engine, self.kept.name())
    }
}
