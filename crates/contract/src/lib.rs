//! What compiled code and the running instance promise each other.
//!
//! Compiled code is made in one place and run in another, perhaps by another process on another day.
//! Everything that both must agree on is here, once: where a field of the context lies ([`layout`]),
//! how a call passes its values ([`abi`]), where an object's fields lie ([`object`]), what a builtin takes
//! ([`builtin`]), why a program stops ([`trap`]), what a frame holds at a call ([`call_sites`]), which settings change
//! code ([`settings`]), what a compiler makes of one function ([`artefact`]), and what a compiled image holds ([`image`])
//! or several in one file ([`image_set`]).
//!
//! It makes no code and runs none.

#![forbid(unsafe_code)]

pub mod abi;
pub mod artefact;
pub mod builtin;
pub mod call_sites;
pub mod continuation;
pub mod image;
pub mod image_index;
pub mod image_set;
pub mod layout;
pub mod object;
pub mod settings;
pub mod trap;
