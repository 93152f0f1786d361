//! The network, as a guest holds it.

/// The resource `wasi:sockets/network.network`: the network that the program was granted.
#[derive(Debug, Clone, Copy)]
pub struct Network {
    _private: (),
}

impl Network {
    pub(super) fn new() -> Network {
        Network { _private: () }
    }
}
