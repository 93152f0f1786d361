//! What a rule has to say: where something is not as it should be, what it is, and what to do about it.

use std::fmt;

/// One thing that is not as it should be: where, what, and what to do about it.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Finding {
    pub(super) path: String,
    pub(super) line: usize,
    pub(super) what: String,
    pub(super) remedy: String,
}

impl Finding {
    /// A finding at `line` of `path`; line 0 means the file as a whole.
    pub(super) fn new(
        path: &str,
        line: usize,
        what: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            path: path.to_owned(),
            line,
            what: what.into(),
            remedy: remedy.into(),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => writeln!(formatter, "{}: {}", self.path, self.what)?,
            line => writeln!(formatter, "{}:{line}: {}", self.path, self.what)?,
        }
        write!(formatter, "    {}", self.remedy)
    }
}
