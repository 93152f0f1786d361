//! What stops a component: traps of the canonical ABI, and errors of whoever embeds it.

/// Why a component was stopped where its interface was crossed. It is the root of the error that a call gives back, as
/// [`Trap`](silica_engine::Trap) is for what core code does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CanonicalTrap {
    /// The instance, or one that it is inside of, runs already, or has trapped before.
    #[error("cannot enter component instance")]
    CannotEnter,
    /// A call out of an instance that must not call now: in `realloc`, in `post-return`.
    #[error("cannot leave component instance")]
    CannotLeave,
    /// A handle that is none.
    #[error("unknown handle index {0}")]
    UnknownHandle(u32),
    /// A handle of another resource type.
    #[error("handle index {0} used with the wrong type")]
    HandleType(u32),
    /// A borrowed handle where one that owns is needed.
    #[error("handle index {0} is borrowed, not owned")]
    NotOwned(u32),
    /// An owned resource is given away while it is lent.
    #[error("cannot remove owned resource while borrowed")]
    Lent,
    /// A call ended with handles that it had only borrowed.
    #[error("borrow handles still remain at the end of the call")]
    BorrowsRemain,
    /// A store has no room for more handles.
    #[error("more handles than a store may have")]
    TooManyHandles,
    /// A pointer that is no multiple of its type's alignment.
    #[error("unaligned pointer")]
    UnalignedPointer,
    /// A pointer to a value that is not within its memory.
    #[error("pointer out of bounds of memory")]
    PointerOutOfBounds,
    /// A string that is not within its memory.
    #[error("string content out-of-bounds")]
    StringOutOfBounds,
    /// A list that is not within its memory.
    #[error("list content out-of-bounds")]
    ListOutOfBounds,
    /// A string longer than any may be.
    #[error("string is too long")]
    StringTooLong,
    /// A list longer than any may be.
    #[error("list is too long")]
    ListTooLong,
    /// `realloc` gave a pointer that is not aligned as was asked.
    #[error("realloc return: result not aligned")]
    ReallocUnaligned,
    /// `realloc` gave memory that is not there.
    #[error("realloc return: beyond end of memory")]
    ReallocOutOfBounds,
    /// A variant of a case that there is not.
    #[error("invalid variant discriminant")]
    InvalidDiscriminant,
    /// A number that is no character.
    #[error("invalid `char` bit pattern")]
    InvalidChar,
    /// A string that is not encoded as was said.
    #[error("invalid utf-8")]
    InvalidUtf8,
    /// A string that is not encoded as was said.
    #[error("invalid utf-16")]
    InvalidUtf16,
    /// Values that would take more of the host's memory than one call may.
    #[error("values take more of the host's memory than one call may")]
    TooLarge,
    /// Backpressure was raised too often, or lowered more often than raised.
    #[error("backpressure counter out of range")]
    Backpressure,
    /// Something that waits was called.
    #[error("`{0}` is not supported")]
    Unsupported(&'static str),
}

impl CanonicalTrap {
    /// Those that adapters find, by the number that they find them by.
    pub(crate) fn of_adapter(number: u32) -> CanonicalTrap {
        use silica_component_adapter::AdapterTrap as A;
        match A::from_number(number) {
            A::CannotEnter => CanonicalTrap::CannotEnter,
            A::CannotLeave => CanonicalTrap::CannotLeave,
            A::UnalignedPointer => CanonicalTrap::UnalignedPointer,
            A::PointerOutOfBounds => CanonicalTrap::PointerOutOfBounds,
            A::ListOutOfBounds => CanonicalTrap::ListOutOfBounds,
            A::ListTooLong => CanonicalTrap::ListTooLong,
            A::InvalidDiscriminant => CanonicalTrap::InvalidDiscriminant,
            A::InvalidChar => CanonicalTrap::InvalidChar,
        }
    }
}

/// Why something cannot be done with a component.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ComponentError {
    /// Nothing is defined that it imports.
    #[error("import `{name}`, {expected}, is not defined")]
    UnknownImport {
        /// The import, with the instance that it is in.
        name: String,
        /// What it is.
        expected: String,
    },
    /// Something else is defined than what it imports.
    #[error("import `{name}` is {expected}; what is defined is {found}")]
    ImportMismatch {
        /// The import, with the instance that it is in.
        name: String,
        /// What it is.
        expected: String,
        /// What was found.
        found: String,
    },
    /// It exports nothing of that name, or something else.
    #[error("no {expected} is exported as `{name}`")]
    Export {
        /// The name.
        name: String,
        /// What was looked for.
        expected: &'static str,
    },
    /// A value of another type than is needed.
    #[error("expected {expected}, found {found}")]
    Type {
        /// What is needed.
        expected: String,
        /// What was found.
        found: String,
    },
    /// A number of parameters or results that is not the function's.
    #[error("the function has {expected} {what}, {found} were given")]
    Count {
        /// Parameters or results.
        what: &'static str,
        /// How many there are.
        expected: usize,
        /// How many were given.
        found: usize,
    },
    /// A name that is defined already.
    #[error("`{0}` is defined already")]
    Defined(String),
    /// A compiled component that is not whole.
    #[error("damaged compiled component: {0}")]
    Image(&'static str),
    /// A resource handle of the host's that is none any more.
    #[error("this resource was dropped or given away")]
    NoResource,
}
