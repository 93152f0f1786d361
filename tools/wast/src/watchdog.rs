//! Stops a directive that does not end.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use silica::InterruptHandle;

/// A thread that interrupts a store when an armed directive outlives its time. It is started by
/// the first directive that runs code.
pub(crate) struct Watchdog {
    handle: InterruptHandle,
    timeout: Duration,
    thread: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Watchdog {
    pub(crate) fn new(handle: InterruptHandle, timeout: Duration) -> Watchdog {
        Watchdog {
            handle,
            timeout,
            thread: None,
        }
    }

    /// Runs `directive` under the watch.
    pub(crate) fn arm(&mut self) {
        if let Some((sender, _)) = &self.thread {
            // A watch that has ended has interrupted; the directive then fails by itself.
            let _ = sender.send(());
            return;
        }
        let (sender, receiver) = channel();
        let (handle, timeout) = (self.handle.clone(), self.timeout);
        let thread = std::thread::spawn(move || {
            // Each message arms or disarms, alternately; it starts armed.
            let mut armed = true;
            loop {
                let message = if armed {
                    receiver.recv_timeout(timeout)
                } else {
                    receiver.recv().map_err(|_| RecvTimeoutError::Disconnected)
                };
                match message {
                    Ok(()) => armed = !armed,
                    Err(RecvTimeoutError::Timeout) => handle.interrupt(),
                    Err(RecvTimeoutError::Disconnected) => return,
                }
            }
        });
        self.thread = Some((sender, thread));
    }

    pub(crate) fn disarm(&mut self) {
        if let Some((sender, _)) = &self.thread {
            let _ = sender.send(());
        }
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        if let Some((sender, thread)) = self.thread.take() {
            drop(sender);
            // Its closure does not panic.
            let _ = thread.join();
        }
    }
}
