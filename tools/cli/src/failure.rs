//! What the command says when something is wrong: what, where, and what would help.

use std::fmt::{self, Display};

use crate::status::Status;

/// The result of a command.
pub(crate) type Result<T> = std::result::Result<T, Failure>;

/// An error for a person, with the status that a script sees.
#[derive(Debug)]
pub(crate) struct Failure {
    /// The exit status.
    pub(crate) status: Status,
    /// What is wrong, with its cause.
    pub(crate) message: String,
    /// What would help, if anything is known to.
    pub(crate) remedy: Option<String>,
}

impl Failure {
    pub(crate) fn new(status: Status, message: impl Into<String>) -> Failure {
        Failure {
            status,
            message: message.into(),
            remedy: None,
        }
    }

    /// An error of reading `path`.
    pub(crate) fn unreadable(path: &std::path::Path, error: &std::io::Error) -> Failure {
        let reason = reason(error);
        Failure::new(Status::NoInput, format!("{}: {reason}", path.display()))
    }

    /// An error of writing to `what`.
    pub(crate) fn unwritable(what: impl Display, error: &std::io::Error) -> Failure {
        let reason = reason(error);
        Failure::new(Status::Output, format!("{what}: cannot write: {reason}"))
    }

    pub(crate) fn remedy(mut self, remedy: impl Into<String>) -> Failure {
        self.remedy = Some(remedy.into());
        self
    }
}

/// A system's error without its number, which helps nobody.
fn reason(error: &std::io::Error) -> String {
    let text = error.to_string();
    let end = text.find(" (os error").unwrap_or(text.len());
    text[..end].to_lowercase()
}

impl Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "silica: {}", self.message)?;
        match &self.remedy {
            Some(remedy) => write!(f, "\n  remedy: {remedy}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_have_no_numbers() {
        let error = std::io::Error::from_raw_os_error(2);
        let failure = Failure::unreadable("a.wasm".as_ref(), &error);
        assert_eq!(
            failure.to_string(),
            "silica: a.wasm: no such file or directory"
        );
    }

    #[test]
    fn remedies_follow() {
        let failure = Failure::new(Status::Usage, "no").remedy("yes");
        assert_eq!(failure.to_string(), "silica: no\n  remedy: yes");
    }
}
