//! Header fields and trailers, with bounds on their number and length.

use http::HeaderMap;

/// Fields that are about a connection, which is the host's.
pub(crate) const FORBIDDEN: &[&str] = &[
    "connection",
    "host",
    "http2-settings",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "transfer-encoding",
    "upgrade",
];

/// Bytes that each field counts for beside its name and value, as in HTTP/2.
const FIELD_BYTES: usize = 32;

/// The resource `wasi:http/types.fields`.
#[derive(Debug, Clone, Default)]
pub struct Fields {
    pub(crate) map: HeaderMap,
    /// They belong to a request or a response that is made.
    pub(crate) is_immutable: bool,
}

impl Fields {
    /// Fields that cannot be changed.
    pub(crate) fn immutable(map: HeaderMap) -> Fields {
        Fields {
            map,
            is_immutable: true,
        }
    }

    /// Those of a response, without what is about the connection.
    pub(crate) fn received(mut map: HeaderMap) -> Fields {
        for name in FORBIDDEN {
            map.remove(*name);
        }
        Self::immutable(map)
    }

    pub(crate) fn bytes(&self) -> usize {
        let each = self.map.iter();
        each.map(|(name, value)| name.as_str().len() + value.len() + FIELD_BYTES)
            .sum()
    }
}
