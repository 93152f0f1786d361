//! `silica completions`: what a shell needs to complete the command's flags.

use std::process::ExitCode;

use crate::failure::Result;
use crate::output;

/// The arguments of `silica completions`.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    silica completions bash > ~/.local/share/bash-completion/completions/silica\n  \
    silica completions fish > ~/.config/fish/completions/silica.fish\n  \
    source <(silica completions zsh)")]
pub(crate) struct Completions {
    /// The shell
    #[arg(value_enum)]
    shell: clap_complete::Shell,
}

impl Completions {
    /// Completions of `command`, which is the whole command line.
    pub(crate) fn execute(&self, mut command: clap::Command) -> Result<ExitCode> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut command, "silica", &mut script);
        output::print(script)?;
        Ok(ExitCode::SUCCESS)
    }
}
