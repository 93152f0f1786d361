//! How system interfaces have failed: paths, rights, descriptors, times, leaks,
//! quotas. One module for each class.

#![forbid(unsafe_code)]

#[path = "wasi/descriptor_renumbering.rs"]
mod descriptor_renumbering;
#[path = "wasi/device_names.rs"]
mod device_names;
#[path = "wasi/directory_listing_padding.rs"]
mod directory_listing_padding;
#[path = "wasi/host_resources.rs"]
mod host_resources;
#[path = "wasi/paths_out_of_their_directory.rs"]
mod paths_out_of_their_directory;
#[path = "wasi/read_only_bypasses.rs"]
mod read_only_bypasses;
#[path = "wasi/threads.rs"]
mod threads;
#[path = "wasi/times_out_of_range.rs"]
mod times_out_of_range;
