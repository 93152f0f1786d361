//! The embedding API, part by part.

#![deny(unsafe_code)]

mod asynchronous;
mod atomics;
mod backtraces;
mod calls;
mod configuration;
mod exceptions;
mod fuel;
mod globals;
mod imports;
mod interruption;
mod kept;
mod lazy;
mod limits;
mod linker;
mod memories;
mod modules;
mod objects;
mod panics;
mod references;
mod roots;
mod shared;
mod stores;
mod tables;
mod threads;
mod tier_up;
mod traps;
