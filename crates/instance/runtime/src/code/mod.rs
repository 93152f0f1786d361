//! Machine code in memory, and what is known of an address in it.
//!
//! Code is never writable where it is executable. [`PublishedCode`] is that of an image, whole; [`GrowingCode`] is that of a module
//! whose functions are compiled when they are first called. A registry finds either by address.

mod earlier;
mod growing;
mod optimizer;
mod placed;
mod promotions;
mod published;
mod registry;
mod source;
mod stubs;
mod tables;

use std::{ops::Range, sync::Arc};

use silica_contract::{image::CodeRange, trap::TrapCode};

use crate::identity::ModuleId;

pub(crate) use growing::GrowingCode;
pub(crate) use optimizer::Optimizer;
pub use optimizer::TierUp;
pub use placed::{Compilation, Occasion};
pub(crate) use published::PublishedCode;
use registry::REGISTRY;
pub use source::ModuleSource;
pub(crate) use tables::References;

/// Code of a module that can run.
#[derive(Clone)]
pub(crate) enum Code {
    /// All of it is there.
    Published(Arc<PublishedCode>),
    /// Functions are compiled when they are called.
    Growing(Arc<GrowingCode>),
}

impl Code {
    /// The addresses of its text.
    pub(crate) fn range(&self) -> Range<usize> {
        match self {
            Code::Published(code) => code.range(),
            Code::Growing(code) => code.range(),
        }
    }

    /// Where a defined function is called.
    pub(crate) fn entry(&self, defined: u32) -> usize {
        match self {
            Code::Published(code) => code.entry(defined),
            Code::Growing(code) => code.entry(defined),
        }
    }

    /// Where in the text the code of a defined function is; nothing where there is none yet.
    pub(crate) fn function(&self, defined: u32) -> Option<CodeRange> {
        match self {
            Code::Published(code) => code.function(defined),
            Code::Growing(code) => code.function(defined),
        }
    }

    /// The defined function whose code contains this text offset.
    pub(crate) fn function_at(&self, offset: u32) -> Option<u32> {
        match self {
            Code::Published(code) => code.function_at(offset),
            Code::Growing(code) => code.function_at(offset),
        }
    }

    /// The module byte offset that the code at this text offset was made from, and those of the calls that it stands in place of, outwards.
    pub(crate) fn module_offsets_at(&self, offset: u32) -> Vec<u32> {
        match self {
            Code::Published(code) => code.module_offsets_at(offset),
            Code::Growing(code) => code.module_offsets_at(offset),
        }
    }
}

/// What the registry knows about an address of compiled code.
pub(crate) struct CodeAddress {
    /// The module.
    pub(crate) module: ModuleId,
    /// Offset in its text.
    pub(crate) offset: u32,
    /// Why the instruction there traps, if it is known to.
    pub(crate) trap: Option<TrapCode>,
    /// Whether the code counts fuel.
    pub(crate) counts_fuel: bool,
    /// Whether that is the end of a call by which a function goes on in other code of its own: no frame that anybody is told of.
    pub(crate) is_continued: bool,
}

/// Finds code by address. Takes no lock.
pub(crate) fn find(pc: usize) -> Option<CodeAddress> {
    REGISTRY.look_up(pc, |start, code| {
        // A text has fewer than 2^32 bytes.
        let offset = (pc - start) as u32;
        CodeAddress {
            module: code.module(),
            offset,
            trap: code.trap_at(offset),
            counts_fuel: code.counts_fuel(),
            is_continued: code.is_continued_at(offset.saturating_add(1)),
        }
    })
}

/// The handler of exceptions that come out of the call that returns to this address, and how far below the frame
/// pointer it expects the stack pointer.
pub(crate) fn find_handler(return_address: usize) -> Option<(usize, u32)> {
    // A call may be the last instruction of its module.
    REGISTRY.look_up(return_address.wrapping_sub(1), |start, code| {
        let handler = code.handler_at(u32::try_from(return_address - start).ok()?)?;
        Some((start + handler.handler_offset as usize, handler.frame_bytes))
    })?
}

/// Where the frame of the call that returns to this address keeps references to objects: bytes below its frame pointer.
pub(crate) fn find_references(return_address: usize, into: &mut References) {
    REGISTRY.look_up(return_address.wrapping_sub(1), |start, code| {
        if let Ok(offset) = u32::try_from(return_address - start) {
            code.references_at(offset, into);
        }
    });
}
