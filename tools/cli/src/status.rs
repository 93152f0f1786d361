//! The command's exit statuses, each with what it means. `silica help statuses` prints this table.

/// Why the command ended. A program that ran to its end has a status of its own instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// Assertions of a script failed.
    AssertionsFailed,
    /// The command line makes no sense.
    Usage,
    /// Bytes that are no valid module.
    BadModule,
    /// A file or a directory that cannot be read.
    NoInput,
    /// An import that nothing provides, an export that is not there.
    Unavailable,
    /// The engine cannot do what is asked of it.
    Software,
    /// Something cannot be written.
    Output,
    /// The program used up its fuel.
    OutOfFuel,
    /// The program ran longer than it was allowed to.
    TimedOut,
    /// The program trapped.
    Trap,
}

impl Status {
    /// Every status, in the order of their codes.
    pub(crate) const ALL: &'static [Status] = &[
        Status::AssertionsFailed,
        Status::Usage,
        Status::BadModule,
        Status::NoInput,
        Status::Unavailable,
        Status::Software,
        Status::Output,
        Status::OutOfFuel,
        Status::TimedOut,
        Status::Trap,
    ];

    /// The number that the shell sees. Those of `sysexits.h` and of `timeout(1)` where they fit.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Status::AssertionsFailed => 1,
            Status::Usage => 2,
            Status::BadModule => 65,
            Status::NoInput => 66,
            Status::Unavailable => 69,
            Status::Software => 70,
            Status::Output => 74,
            Status::OutOfFuel => 123,
            Status::TimedOut => 124,
            Status::Trap => 134,
        }
    }

    /// What it means, for a person.
    pub(crate) const fn meaning(self) -> &'static str {
        match self {
            Status::AssertionsFailed => "an assertion of a script failed (`wast`)",
            Status::Usage => "the command line is wrong",
            Status::BadModule => "the file is no valid module, or no image of this engine",
            Status::NoInput => "a file or a directory is not there or cannot be read",
            Status::Unavailable => "an import that nothing provides, or no such export",
            Status::Software => "the engine could not do what was asked",
            Status::Output => "the output could not be written",
            Status::OutOfFuel => "the program used up its fuel (`--fuel`)",
            Status::TimedOut => "the program ran out of time (`--timeout`)",
            Status::Trap => "the program trapped",
        }
    }
}

/// The table of all statuses, as text.
pub(crate) fn table() -> String {
    let mut text = String::from(
        "Exit statuses\n\n\
         A program that ends has its own status, which is the command's. Otherwise:\n\n",
    );
    for status in Status::ALL {
        text += &format!("  {:>3}  {}\n", status.code(), status.meaning());
    }
    text += "\n  silica run --timeout 1s app.wasm; test $? -eq 124 && echo too slow\n\n\
             A program may use the same numbers. A signal that ends the command (Ctrl-C) gives what\n\
             the shell makes of it, 130 for an interrupt.\n";
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_distinct_and_sorted() {
        assert!(Status::ALL.is_sorted_by(|a, b| a.code() < b.code()));
    }

    #[test]
    fn the_table_has_each() {
        let table = table();
        for status in Status::ALL {
            assert!(table.contains(&format!("{:>3}  {}", status.code(), status.meaning())));
        }
    }
}
