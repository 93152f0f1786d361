//! The arguments and environment variables of a program.

use crate::{Error, Result};

/// What a program is started with. Nothing is inherited unless it is put here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Environment {
    arguments: Vec<String>,
    variables: Vec<(String, String)>,
}

impl Environment {
    /// Adds an argument; the first one is the program's name.
    ///
    /// # Errors
    /// [`Error::Invalid`] where it contains a NUL.
    pub fn push_argument(&mut self, argument: impl Into<String>) -> Result<()> {
        let argument = argument.into();
        if argument.contains('\0') {
            return Err(Error::Invalid);
        }
        self.arguments.push(argument);
        Ok(())
    }

    /// Sets a variable, replacing one of the same name.
    ///
    /// # Errors
    /// [`Error::Invalid`] for an empty name, one with `=`, or a NUL in either.
    pub fn set_variable(
        &mut self,
        name: impl Into<String>,
        value: impl Into<String>,
    ) -> Result<()> {
        let (name, value) = (name.into(), value.into());
        if name.is_empty() || name.contains(['=', '\0']) || value.contains('\0') {
            return Err(Error::Invalid);
        }
        match self.variables.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => *known = value,
            None => self.variables.push((name, value)),
        }
        Ok(())
    }

    /// The arguments, in order.
    pub fn arguments(&self) -> &[String] {
        &self.arguments
    }

    /// The variables, in the order of their first setting.
    pub fn variables(&self) -> &[(String, String)] {
        &self.variables
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_replace_and_are_checked() {
        let mut environment = Environment::default();
        environment.set_variable("A", "1").unwrap();
        environment.set_variable("A", "2").unwrap();
        assert_eq!(environment.variables(), [("A".into(), "2".into())]);
        assert_eq!(environment.set_variable("", "x"), Err(Error::Invalid));
        assert_eq!(environment.set_variable("A=B", "x"), Err(Error::Invalid));
        assert_eq!(environment.set_variable("A", "x\0"), Err(Error::Invalid));
        assert_eq!(environment.push_argument("a\0"), Err(Error::Invalid));
    }
}
