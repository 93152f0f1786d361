//! The addresses of a name, one after the other.

use std::sync::Arc;

use silica_wasi_host::{Interest, Lookup, Wait};

use crate::waiter::{Readiness, Subscribe};

/// The resource `wasi:sockets/ip-name-lookup.resolve-address-stream`.
#[derive(Debug)]
pub struct ResolveAddressStream {
    pub(super) lookup: Arc<Asked>,
    /// How many addresses were told.
    pub(super) told: usize,
}

#[derive(Debug)]
pub(super) struct Asked(pub(super) Lookup);

impl Subscribe for Asked {
    fn readiness(&self) -> Readiness<'_> {
        if self.0.addresses().is_some() {
            return Readiness::Now;
        }
        Readiness::On(Wait {
            source: self.0.source(),
            interest: Interest::Readable,
        })
    }
}

impl ResolveAddressStream {
    pub(super) fn new(lookup: Lookup) -> ResolveAddressStream {
        ResolveAddressStream {
            lookup: Arc::new(Asked(lookup)),
            told: 0,
        }
    }
}
