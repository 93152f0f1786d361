//! A line on standard error while something takes longer than a second, if a person looks.

use std::io::{IsTerminal as _, Write as _};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// Work that ends sooner shows nothing.
const PATIENCE: Duration = Duration::from_secs(1);

/// How often the line changes.
const TICK: Duration = Duration::from_millis(200);

/// Runs `work`, and says that it is `doing` something while it takes long.
pub(crate) fn during<R>(doing: &str, work: impl FnOnce() -> R) -> R {
    if !std::io::stderr().is_terminal() {
        return work();
    }
    std::thread::scope(|scope| {
        let (done, end) = channel::<()>();
        scope.spawn(move || {
            let start = Instant::now();
            let mut wait = PATIENCE;
            while end.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
                let seconds = start.elapsed().as_secs_f64();
                let mut stderr = std::io::stderr();
                let _ = write!(stderr, "\r\x1b[K{doing} ... {seconds:.1} s");
                let _ = stderr.flush();
                wait = TICK;
            }
            if wait == TICK {
                let _ = write!(std::io::stderr(), "\r\x1b[K");
            }
        });
        let result = work();
        drop(done);
        result
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_work_is_done() {
        assert_eq!(super::during("testing", || 7), 7);
    }
}
