//! `silica config`: which defaults hold, and where they come from.

use std::path::Path;
use std::process::ExitCode;

use crate::configuration::{self, FLAGS};
use crate::failure::{Failure, Result};
use crate::output;
use crate::status::Status;

/// The arguments of `silica config`.
#[derive(clap::Args)]
#[command(
    after_help = "The file has one flag of `run` and `compile` a line, without its dashes:\n\n  \
    # ~/.config/silica/config\n  \
    max-memory = 1GiB\n  \
    proposals = -threads\n\n\
    The command line wins. Grants cannot be set there. $SILICA_CONFIG names another file."
)]
pub(crate) struct Config {
    /// What to show
    #[arg(value_enum, default_value = "show")]
    action: Action,
}

/// What to do with the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Action {
    /// The file's settings
    Show,
    /// Where the file is
    Path,
    /// Writes a file that sets nothing and explains what could be set
    Init,
}

impl Config {
    pub(crate) fn execute(&self) -> Result<ExitCode> {
        let path = configuration::path().ok_or_else(|| {
            let message =
                "there is no place for a configuration: neither $HOME nor $SILICA_CONFIG is set";
            Failure::new(Status::NoInput, message)
        })?;
        match self.action {
            Action::Show => output::print(shown(&path)?)?,
            Action::Path => output::print(format!("{}\n", path.display()))?,
            Action::Init => init(&path)?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn shown(path: &Path) -> Result<String> {
    let settings = configuration::read()?;
    let place = path.display();
    if settings.is_empty() {
        return Ok(format!(
            "nothing is set in {place}; `silica config init` writes a file to start from\n"
        ));
    }
    let mut text = String::new();
    for setting in settings {
        text += &match &setting.value {
            Some(value) => format!("{} = {value}", setting.name),
            None => setting.name,
        };
        text += &format!("    # {place}:{}\n", setting.line);
    }
    Ok(text)
}

fn init(path: &Path) -> Result<()> {
    if path.exists() {
        let message = format!("{}: is there already", path.display());
        return Err(Failure::new(Status::Output, message));
    }
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)
            .map_err(|error| Failure::unwritable(parent.display(), &error))?;
    }
    let mut text = String::from(
        "# Defaults of `silica run` and `silica compile`. The command line wins.\n\
         # Remove a `#` to set one; `silica help run` explains them.\n\n",
    );
    for (name, has_value) in FLAGS {
        let value = if *has_value { " = " } else { "" };
        text += &format!("# {name}{value}\n");
    }
    output::write(path, text.as_bytes(), false)?;
    output::print(format!("{}\n", path.display()))
}
