//! The command line as a whole: subcommands, and the shorthand that leaves `run` out.

use std::ffi::OsString;

use clap::{Parser, Subcommand};

use crate::commands::{
    cache, compile, completions, compose, config, help, inspect, print, run, validate, wast, wit,
};

/// Silica runs WebAssembly programs outside the browser: fast, and with nothing within reach that was not granted
#[derive(Parser)]
#[command(
    name = "silica",
    version,
    disable_help_subcommand = true,
    subcommand_required = true,
    arg_required_else_help = true,
    override_usage = "silica [run] [FLAGS] MODULE [ARGUMENTS]...\n       silica COMMAND ...",
    after_help = "Examples:\n  \
        silica app.wasm --its-own-flag        run a program\n  \
        silica run --dir . app.wasm in.txt    let it reach this directory\n  \
        silica inspect app.wasm               what does it need?\n\n\
        `silica help TOPIC` explains a command or a topic: grants, limits, proposals, statuses, examples."
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The other name of `print`.
const PRINT_ALIAS: &str = "wat";

/// What to do.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Runs a program (`run` may be left out)
    Run(Box<run::Run>),
    /// Compiles a program ahead of time
    Compile(compile::Compile),
    /// Says whether modules are valid
    Validate(validate::Validate),
    /// Shows what a module imports, exports, needs granted, and how big each part is
    Inspect(inspect::Inspect),
    /// Runs specification scripts
    Wast(wast::Wast),
    /// Prints a module as text
    #[command(visible_alias = PRINT_ALIAS)]
    Print(print::Print),
    /// Says what a component imports and exports, in WIT
    Wit(wit::Wit),
    /// Makes one component of several: what one imports, others export
    Compose(compose::Compose),
    /// Prints a shell's completions
    Completions(completions::Completions),
    /// Shows or clears what was compiled and kept
    Cache(cache::Cache),
    /// Shows the configuration
    Config(config::Config),
    /// Explains a command or a topic
    Help(help::Help),
}

/// The command line with `run` where it was left out: before a first argument that is no
/// command, and before a flag that is none of the command's own.
pub(crate) fn with_run(mut line: Vec<OsString>) -> Vec<OsString> {
    let Some(first) = line.get(1) else {
        return line;
    };
    let own = match first.to_str() {
        Some("-h" | "--help" | "-V" | "--version") => true,
        Some(word) => word == PRINT_ALIAS || Command::has_subcommand(word),
        None => false,
    };
    if !own {
        line.insert(1, OsString::from("run"));
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    fn first(words: &[&str]) -> String {
        let line = words.iter().map(OsString::from).collect();
        let line = with_run(line);
        line.get(1)
            .map(|w| w.to_string_lossy().into_owned())
            .unwrap_or_default()
    }

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn run_may_be_left_out() {
        assert_eq!(first(&["silica", "app.wasm"]), "run");
        assert_eq!(first(&["silica", "--dir", "."]), "run");
        assert_eq!(first(&["silica", "wat"]), "wat");
        assert_eq!(first(&["silica", "help"]), "help");
        assert_eq!(first(&["silica", "--version"]), "--version");
        assert_eq!(first(&["silica"]), "");
    }

    #[test]
    fn every_command_is_known_by_every_name() {
        for command in Arguments::command().get_subcommands() {
            for name in std::iter::once(command.get_name()).chain(command.get_all_aliases()) {
                assert_eq!(first(&["silica", name]), name);
            }
        }
    }

    #[test]
    fn what_follows_the_module_is_the_programs() {
        let line = [
            "silica", "run", "--env", "A=1", "m.wasm", "--env", "-x", "--",
        ];
        let Command::Run(run) = Arguments::parse_from(line).command else {
            panic!("not run");
        };
        assert_eq!(run.arguments(), ["--env", "-x", "--"]);
    }
}
