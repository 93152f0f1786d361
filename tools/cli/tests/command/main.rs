//! The command, started as a user starts it.

#![forbid(unsafe_code)]

mod cache;
mod common;
mod components;
mod errors;
mod http;
mod http_by_hand;
mod images;
mod keyvalue;
mod network;
mod run;
mod threads;
mod tools;
