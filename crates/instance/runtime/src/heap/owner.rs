//! What a heap asks of the store that owns it, and what it answers when it cannot do its work.

use silica_os::OsError;

use crate::error::HostError;

/// The heap holds something that no code can have put there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Damaged;

/// Why there is no new object.
#[derive(Debug)]
pub(crate) enum HeapError {
    /// See [`Damaged`].
    Damaged,
    /// No room is left.
    Exhausted,
    /// What the embedder's limiter failed with.
    Limiter(HostError),
    /// What the system failed with.
    System(OsError),
}

impl From<Damaged> for HeapError {
    fn from(Damaged: Damaged) -> HeapError {
        HeapError::Damaged
    }
}

impl From<OsError> for HeapError {
    fn from(error: OsError) -> HeapError {
        HeapError::System(error)
    }
}

/// Gets a reference and gives the one to put in its place.
pub(crate) type Visit<'a> = dyn FnMut(u32) -> Result<u32, Damaged> + 'a;

/// Which of the suspended continuations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Suspended {
    /// Those that have run, or got values, since the last time that these were asked for: only they can refer to young objects.
    Young,
    /// Every one.
    All,
}

/// What a heap needs of the store that owns it.
pub(crate) trait Owner {
    /// Tells each reference to an object that the owner holds, and puts what it gets in its place.
    fn roots(&mut self, visit: &mut Visit<'_>) -> Result<(), Damaged>;

    /// Tells each reference that suspended continuations hold, and puts what it gets in its place.
    fn suspended(&mut self, which: Suspended, visit: &mut Visit<'_>) -> Result<(), Damaged>;

    /// Tells each reference that one suspended continuation holds, of which an object was found while what is alive is marked.
    fn continuation(&mut self, place: u32, visit: &mut Visit<'_>) -> Result<(), Damaged>;

    /// All that is alive was marked: frees the continuations that were not found.
    fn marked(&mut self);

    /// Whether the heap may become so many bytes long.
    ///
    /// # Errors
    /// The limiter's.
    fn may_grow(&mut self, current: usize, desired: usize) -> Result<bool, HostError>;
}
