//! A script, to say where in it something is.

use std::path::Path;

use crate::report::{Failed, Failure};

/// A script's text and where it is from.
#[derive(Clone, Copy)]
pub(crate) struct Source<'a> {
    pub(crate) path: &'a Path,
    pub(crate) text: &'a str,
}

impl Source<'_> {
    pub(crate) fn failure_of(self, error: &wast::Error) -> Failure {
        let failed = Failed::new(error.message());
        self.failure_at(error.span().offset(), failed)
    }

    pub(crate) fn failure_at(self, offset: usize, failed: Failed) -> Failure {
        let offset = offset.min(self.text.len());
        let (line, column) = wast::token::Span::from_offset(offset).linecol_in(self.text);
        Failure {
            path: self.path.to_owned(),
            line: line + 1,
            column: column + 1,
            message: failed.message,
            proposal: failed.proposal,
        }
    }
}
