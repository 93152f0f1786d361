//! One method of `WasiP1Context` for each function of the interface, by family.
//!
//! Each checks its pointers and flags, then the descriptor and its rights, then
//! calls the host. Results are written last, so that a failed call changes
//! nothing in the guest.

mod attributes;
mod directory;
mod environment;
mod input_output;
mod lookup;
mod path;
mod poll;
mod socket;
mod socket_extension;
mod socket_option;

#[cfg(test)]
mod tests;
