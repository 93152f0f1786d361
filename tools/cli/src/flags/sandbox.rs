//! `--no-sandbox`: whether the kernel restricts the command to what its program was granted.

/// The second wall. There is one unless it is turned off.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
#[command(next_help_heading = "Grants")]
pub(crate) struct SandboxFlags {
    /// Leaves the command itself unrestricted. Else the kernel holds it to these grants, should a program ever escape
    #[arg(long = "no-sandbox")]
    off: bool,
}

impl SandboxFlags {
    /// Whether there is to be one.
    pub(crate) fn is_on(self) -> bool {
        !self.off
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        sandbox: SandboxFlags,
    }

    #[test]
    fn on_unless_turned_off() {
        assert!(Line::parse_from(["x"]).sandbox.is_on());
        assert!(!Line::parse_from(["x", "--no-sandbox"]).sandbox.is_on());
    }
}
