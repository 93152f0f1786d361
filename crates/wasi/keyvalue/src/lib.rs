//! `wasi:keyvalue`, of the draft 0.2.0: values by keys, in buckets that were granted by name.
//!
//! A bucket is whatever implements [`Bucket`]; [`MemoryBucket`] is one in memory. A program reaches the buckets that its
//! [`KeyValue`] has, and no others.
//!
//! ```
//! use silica_wasi_keyvalue::{Bucket, KeyValue, MemoryBucket};
//! let bucket = MemoryBucket::new(1 << 20);
//! bucket.set("greeting", b"hello")?;
//! let mut granted = KeyValue::new();
//! granted.grant("default", bucket.clone());
//! // Buckets in memory are shared by their clones.
//! assert_eq!(bucket.get("greeting")?, Some(b"hello".to_vec()));
//! # Ok::<(), silica_wasi_keyvalue::Error>(())
//! ```

#![forbid(unsafe_code)]

pub mod bindings;
mod bucket;
mod host;
mod memory;

pub use bucket::{Bucket, BucketHandle, Error, Keys, Result, sum};
pub use host::{HasKeyValue, KeyValue, KeyValueView, WasiKeyValueView, add_to_linker};
pub use memory::MemoryBucket;
