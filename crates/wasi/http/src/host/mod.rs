//! What a guest calls: one file for each family of resources.

mod body;
mod code;
mod fields;
mod incoming;
mod request;
mod response;
