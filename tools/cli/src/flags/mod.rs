//! The flags that commands share. One flag is one file or one field: its name, its help, how it is
//! parsed and its test stand together.

pub(crate) mod cache;
mod directory;
mod engine;
mod environment;
mod grants;
mod http;
mod keyvalue;
mod limits;
mod listen;
mod network;
mod preload;
mod profile;
mod quantity;
mod sandbox;
mod synthetic;

pub(crate) use cache::CacheUse;
pub(crate) use directory::{Directories, Directory};
pub(crate) use engine::EngineFlags;
pub(crate) use environment::Variables;
pub(crate) use grants::{GrantFiles, Grants};
pub(crate) use http::HttpFlags;
pub(crate) use keyvalue::{BucketGrant, KeyValueFlags, Place, bucket_within};
pub(crate) use limits::LimitFlags;
pub(crate) use listen::Listeners;
pub(crate) use network::{NetworkFlags, missing};
pub(crate) use preload::Preload;
pub(crate) use profile::Profile;
pub(crate) use quantity::{Bytes, Span, show_bytes};
pub(crate) use sandbox::SandboxFlags;
pub(crate) use synthetic::Synthetic;
