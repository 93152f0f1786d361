//! `(thread …)` and `(wait …)`: directives that run beside the script.

use std::collections::HashMap;
use std::thread::{Scope, ScopedJoinHandle};

use silica::{Extern, SharedMemory};

use crate::report::{Failed, Report};

/// Threads that a script may have at a time.
const THREADS: usize = 64;

/// The shared memories that a module exports: what of it another thread can use.
pub(crate) type SharedExports = Vec<(String, SharedMemory)>;

/// The threads of one script that nobody has waited for.
pub(crate) struct Threads<'scope, 'env> {
    scope: &'scope Scope<'scope, 'env>,
    running: HashMap<String, ScopedJoinHandle<'scope, Report>>,
}

impl<'scope, 'env> Threads<'scope, 'env> {
    pub(crate) fn new(scope: &'scope Scope<'scope, 'env>) -> Self {
        Threads {
            scope,
            running: HashMap::new(),
        }
    }

    /// Where threads run, for those that start more.
    pub(crate) fn scope(&self) -> &'scope Scope<'scope, 'env> {
        self.scope
    }

    /// Starts thread `name`.
    pub(crate) fn start(
        &mut self,
        name: &str,
        run: impl FnOnce() -> Report + Send + 'scope,
    ) -> Result<(), Failed> {
        if self.running.len() >= THREADS {
            return Err(Failed::new(format!(
                "more than {THREADS} threads at a time"
            )));
        }
        if self.running.contains_key(name) {
            return Err(Failed::new(format!("thread ${name} runs already")));
        }
        let handle = self.scope.spawn(run);
        self.running.insert(name.to_owned(), handle);
        Ok(())
    }

    /// Waits until thread `name` has ended, and gives what came out of it.
    pub(crate) fn wait(&mut self, name: &str) -> Result<Report, Failed> {
        let handle = self.running.remove(name);
        let handle = handle.ok_or_else(|| Failed::new(format!("no thread ${name} runs")))?;
        handle
            .join()
            .map_err(|_| Failed::new(format!("thread ${name} panicked")))
    }

    /// Waits for all that are left.
    pub(crate) fn wait_all(&mut self) -> Result<Report, Failed> {
        let mut report = Report::default();
        let names: Vec<_> = self.running.keys().cloned().collect();
        for name in names {
            report.merge(self.wait(&name)?);
        }
        Ok(report)
    }
}

/// The shared memories among `exports`.
pub(crate) fn shared_exports(exports: impl Iterator<Item = (String, Extern)>) -> SharedExports {
    exports
        .filter_map(|(name, export)| Some((name, export.into_shared_memory()?)))
        .collect()
}
