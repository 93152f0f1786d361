//! Systems that are no Unix: everything says that it is not supported.

use std::{fs::File, ops::Range};

use crate::{FaultKind, OsError, Protection};

const PAGES: OsError = OsError::Unsupported("mapping memory");

/// Bytes of a page.
#[must_use]
pub fn page_size() -> usize {
    4096
}

/// An owned range of address space; there is none on this system.
#[derive(Debug)]
pub struct Mapping(std::convert::Infallible);

#[expect(missing_docs, reason = "documented where they are supported")]
#[expect(
    clippy::missing_errors_doc,
    reason = "documented where they are supported"
)]
impl Mapping {
    pub fn reserve(_length: usize) -> Result<Mapping, OsError> {
        Err(PAGES)
    }
    pub fn anonymous(_length: usize) -> Result<Mapping, OsError> {
        Err(PAGES)
    }
    pub fn file(
        _file: &File,
        _offset: u64,
        _length: usize,
        _protection: Protection,
    ) -> Result<Mapping, OsError> {
        Err(PAGES)
    }
    #[must_use]
    pub fn base(&self) -> *mut u8 {
        match self.0 {}
    }
    #[must_use]
    pub fn len(&self) -> usize {
        match self.0 {}
    }
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match self.0 {}
    }
    pub fn protect(&self, _range: Range<usize>, _protection: Protection) -> Result<(), OsError> {
        match self.0 {}
    }
    pub fn overlay_file(
        &self,
        _range: Range<usize>,
        _file: &File,
        _offset: u64,
    ) -> Result<(), OsError> {
        match self.0 {}
    }
    pub fn overlay_anonymous(
        &self,
        _range: Range<usize>,
        _protection: Protection,
    ) -> Result<(), OsError> {
        match self.0 {}
    }
    pub fn discard(&self, _range: Range<usize>) -> Result<(), OsError> {
        match self.0 {}
    }
}

/// Address space for code that is added bit by bit; there is none on this system.
#[derive(Debug)]
pub struct CodeSpace(std::convert::Infallible);

#[expect(missing_docs, reason = "documented where they are supported")]
#[expect(
    clippy::missing_errors_doc,
    reason = "documented where they are supported"
)]
impl CodeSpace {
    pub fn new(_data_bytes: usize, _text_bytes: usize) -> Result<CodeSpace, OsError> {
        Err(PAGES)
    }
    #[must_use]
    pub fn data(&self) -> *mut u8 {
        match self.0 {}
    }
    #[must_use]
    pub fn text(&self) -> *const u8 {
        match self.0 {}
    }
    #[must_use]
    pub fn text_bytes(&self) -> usize {
        match self.0 {}
    }
    pub fn map(&self, _file: &File, _offset: u64, _bytes: usize) -> Result<(), OsError> {
        match self.0 {}
    }
    pub fn write(&self, _offset: usize, _bytes: &[u8]) -> Result<(), OsError> {
        match self.0 {}
    }
}

/// A file in memory; there is none on this system.
///
/// # Errors
/// Always [`OsError::Unsupported`].
pub fn memory_file(_contents: &[u8]) -> Result<File, OsError> {
    Err(OsError::Unsupported("a file in memory"))
}

/// Makes instructions that were just written visible to the processor.
pub fn flush_instructions(_start: *const u8, _length: usize) {}

/// The signal for interruptions.
pub const INTERRUPT_SIGNAL_DEFAULT: i32 = 0;

/// A fault; there is none on this system.
#[derive(Debug)]
pub struct Fault<'a>(std::convert::Infallible, std::marker::PhantomData<&'a ()>);

#[expect(missing_docs, reason = "documented where they are supported")]
impl Fault<'_> {
    #[must_use]
    pub fn kind(&self) -> FaultKind {
        match self.0 {}
    }
    #[must_use]
    pub fn pc(&self) -> usize {
        match self.0 {}
    }
    #[must_use]
    pub fn frame_pointer(&self) -> usize {
        match self.0 {}
    }
    #[must_use]
    pub fn pinned_register(&self) -> u64 {
        match self.0 {}
    }
    #[must_use]
    pub fn address(&self) -> usize {
        match self.0 {}
    }
    pub fn resume_at(&mut self, _pc: usize, _argument: usize) {
        match self.0 {}
    }
}

/// Decides about a fault.
pub type Handler = fn(&mut Fault<'_>) -> bool;

/// Installs a handler of faults.
///
/// # Errors
/// Always [`OsError::Unsupported`].
pub fn install(_handler: Handler, _interrupt_signal: i32) -> Result<(), OsError> {
    Err(OsError::Unsupported("handling faults"))
}

/// Prepares this thread for faults.
pub fn prepare_thread() -> ThreadId {
    ThreadId::current()
}

/// A thread of this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThreadId(u64);

#[expect(missing_docs, reason = "documented where they are supported")]
impl ThreadId {
    #[must_use]
    pub fn current() -> ThreadId {
        ThreadId(1)
    }
    #[must_use]
    pub fn number(self) -> u64 {
        self.0
    }
    #[must_use]
    pub fn from_number(number: u64) -> Option<ThreadId> {
        (number != 0).then_some(ThreadId(number))
    }
    pub fn signal(self, _signal: i32) {}
}
