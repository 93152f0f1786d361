//! `--dev` and `--tmp`: directories that many programs expect and that are none of the host's.

/// Directories made for the program.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
#[command(next_help_heading = "Grants")]
pub(crate) struct Synthetic {
    /// Gives the program a `/dev` with null, zero, random and urandom, and nothing of the host's
    #[arg(long = "dev")]
    pub(crate) devices: bool,

    /// Gives the program an empty `/tmp` in memory, which is gone when it ends
    #[arg(long = "tmp")]
    pub(crate) temporary: bool,
}

impl Synthetic {
    /// Adds what others grant.
    pub(crate) fn add(&mut self, others: Synthetic) {
        self.devices |= others.devices;
        self.temporary |= others.temporary;
    }
}
