//! Something that happens elsewhere in the process, and can be waited for with descriptors.

use crate::Result;
use crate::poll::Source;
use rustix::fd::{AsFd, OwnedFd};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Something that is raised by one thread and waited for by another.
///
/// ```
/// use silica_wasi_host::{Clocks, Event, Interest, Wait, poll};
/// let event = Event::new()?;
/// std::thread::scope(|scope| {
///     scope.spawn(|| event.raise());
///     let wait = Wait { source: event.source(), interest: Interest::Readable };
///     poll(&[wait], None, &Clocks::system(), &|| true, &mut |_| ())
/// })?;
/// # Ok::<(), silica_wasi_host::Error>(())
/// ```
#[derive(Debug)]
pub struct Event {
    reader: OwnedFd,
    writer: OwnedFd,
    is_raised: Mutex<bool>,
}

impl Event {
    /// One that is not raised.
    ///
    /// # Errors
    /// What the host reports.
    pub fn new() -> Result<Self> {
        let (reader, writer) = rustix::pipe::pipe()?;
        for end in [&reader, &writer] {
            rustix::io::fcntl_setfd(end, rustix::io::FdFlags::CLOEXEC)?;
            rustix::io::ioctl_fionbio(end, true)?;
        }
        Ok(Self {
            reader,
            writer,
            is_raised: Mutex::new(false),
        })
    }

    fn is_raised(&self) -> MutexGuard<'_, bool> {
        // Nothing that holds the lock can leave half a change behind.
        self.is_raised
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Raises it, if it is not.
    pub fn raise(&self) {
        let mut is_raised = self.is_raised();
        if !*is_raised {
            // The pipe is empty: there is room for a byte.
            *is_raised = rustix::io::write(&self.writer, &[1]).is_ok();
        }
    }

    /// Takes it back, if it is raised.
    pub fn clear(&self) {
        let mut is_raised = self.is_raised();
        if *is_raised {
            *is_raised = rustix::io::read(&self.reader, &mut [0_u8; 1]).is_err();
        }
    }

    /// What to wait on, for [`poll`](crate::poll): readable while it is raised.
    pub fn source(&self) -> Source<'_> {
        Source::host(self.reader.as_fd())
    }
}
