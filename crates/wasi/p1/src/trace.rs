//! One line for each call, as `strace` writes it:
//! `fd_write(1, ["hello\n"]) = 6`.
//!
//! Lines are made after the call, from the guest's memory, and only if someone
//! wants them. What a guest can make long is cut off.

use crate::abi::{FdFlags, FileStatTimes, LookupFlags, OpenFlags};
use crate::abi::{ReceiveInFlags, ShutdownFlags};
use crate::memory::GuestMemory;
use crate::{Abi, Errno, Rights};
use std::fmt::{self, Write as _};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

/// What a parameter means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Unsigned,
    /// A descriptor.
    Fd,
    Signed,
    Pointer,
    /// The length of the parameter before, told together with it.
    Length,
    Path,
    /// Buffers to be written from.
    Given,
    /// Buffers to be read into.
    Filled,
    /// A structure with an address, to be read.
    Address,
    Clock,
    Advice,
    Rights,
    FdFlags,
    OpenFlags,
    Lookup,
    Times,
    ReceiveFlags,
    ShutdownFlags,
    OutU32,
    OutU64,
    OutString,
    OutFdstat,
    OutFilestat,
    OutPrestat,
    OutAddress,
}

/// One call that was made.
#[derive(Debug)]
pub struct TraceRecord<'a> {
    /// The thread that called; none for a program's first.
    pub thread: Option<u32>,
    /// The function.
    pub name: &'a str,
    /// The parameters, told in text, without parentheses.
    pub arguments: String,
    /// What came of it.
    pub result: Traced,
}

/// What came of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Traced {
    /// It succeeded, and gave this, told in text.
    Returned(String),
    /// It failed.
    Failed(Errno),
    /// It never returned.
    Ended,
}

impl fmt::Display for TraceRecord<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(thread) = self.thread {
            write!(formatter, "[{thread}] ")?;
        }
        write!(formatter, "{}({}) = ", self.name, self.arguments)?;
        match &self.result {
            Traced::Returned(values) => formatter.write_str(values),
            Traced::Failed(errno) => write!(formatter, "{} ({errno})", errno.name()),
            Traced::Ended => formatter.write_str("?"),
        }
    }
}

type Sink = Box<dyn FnMut(&TraceRecord<'_>) + Send>;

/// The sink of trace records, and which thread's they are.
pub(crate) struct Tracer {
    sink: Arc<Mutex<Sink>>,
    thread: Option<u32>,
}

impl fmt::Debug for Tracer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Tracer")
    }
}

/// A call as it was made.
pub(crate) struct Call<'a> {
    pub(crate) name: &'a str,
    pub(crate) abi: Abi,
    pub(crate) kinds: &'a [Kind],
    pub(crate) arguments: &'a [u64],
}

impl Tracer {
    pub(crate) fn new(sink: impl FnMut(&TraceRecord<'_>) + Send + 'static) -> Self {
        Self {
            sink: Arc::new(Mutex::new(Box::new(sink))),
            thread: None,
        }
    }

    /// The same sink, for what another thread calls.
    pub(crate) fn for_thread(&self, thread: u32) -> Self {
        Self {
            sink: Arc::clone(&self.sink),
            thread: Some(thread),
        }
    }

    fn tell(&self, name: &str, arguments: String, result: Traced) {
        let record = TraceRecord {
            thread: self.thread,
            name,
            arguments,
            result,
        };
        // A sink that panicked once is called again: what it keeps is its own affair.
        let mut sink = self.sink.lock().unwrap_or_else(PoisonError::into_inner);
        sink(&record);
    }

    /// Tells of a call that returned.
    pub(crate) fn returned(
        &self,
        call: &Call<'_>,
        memory: &GuestMemory<'_>,
        result: Result<(), Errno>,
    ) {
        let reader = Reader {
            memory,
            call,
            count: result.is_ok().then(|| call.transferred(memory)).flatten(),
        };
        let arguments = reader.arguments();
        let result = match result {
            Ok(()) => Traced::Returned(reader.values()),
            Err(errno) => Traced::Failed(errno),
        };
        self.tell(call.name, arguments, result);
    }

    /// Tells of the program's end.
    pub(crate) fn exited(&self, status: u32) {
        self.tell("proc_exit", status.to_string(), Traced::Ended);
    }
}

impl Call<'_> {
    pub(crate) fn parameters(&self) -> impl Iterator<Item = (Kind, u64)> {
        self.kinds
            .iter()
            .copied()
            .zip(self.arguments.iter().copied())
    }

    /// How much a call that succeeded has moved.
    fn transferred(&self, memory: &GuestMemory<'_>) -> Option<u32> {
        let (_, pointer) = self.parameters().find(|(kind, _)| *kind == Kind::OutU32)?;
        memory.read_u32(pointer as u32).ok()
    }
}

/// Bytes of one string that are shown.
const STRING_BYTES_MAX: usize = 64;

/// Buffers that are shown.
const BUFFERS_MAX: u32 = 8;

/// Tells what the guest's memory holds for a call.
struct Reader<'a> {
    memory: &'a GuestMemory<'a>,
    call: &'a Call<'a>,
    /// What the call moved; none if it failed.
    count: Option<u32>,
}

impl Reader<'_> {
    fn arguments(&self) -> String {
        let mut text = String::new();
        for (index, (kind, value)) in self.call.parameters().enumerate() {
            let length = self.call.arguments.get(index + 1).copied().unwrap_or(0);
            if let Some(told) = self.argument(kind, value, length as u32) {
                if !text.is_empty() {
                    text.push_str(", ");
                }
                text.push_str(&told);
            }
        }
        text
    }

    fn argument(&self, kind: Kind, value: u64, length: u32) -> Option<String> {
        let pointer = value as u32;
        Some(match kind {
            Kind::Unsigned | Kind::Fd => value.to_string(),
            Kind::Signed => (value as i64).to_string(),
            Kind::Pointer => format!("{value:#x}"),
            Kind::Path => self.string(pointer, length),
            Kind::Address => self.address(pointer),
            Kind::Given => self.buffers(pointer, length, u32::MAX),
            Kind::Filled => match self.count {
                Some(count) => self.buffers(pointer, length, count),
                None => format!("{value:#x}"),
            },
            Kind::Clock => name(
                value,
                &["REALTIME", "MONOTONIC", "PROCESS_CPUTIME", "THREAD_CPUTIME"],
            ),
            Kind::Advice => name(
                value,
                &[
                    "NORMAL",
                    "SEQUENTIAL",
                    "RANDOM",
                    "WILLNEED",
                    "DONTNEED",
                    "NOREUSE",
                ],
            ),
            Kind::Rights => flags(Rights::from_bits_retain(value)),
            Kind::FdFlags => flags(FdFlags::from_bits_retain(value as u16)),
            Kind::OpenFlags => flags(OpenFlags::from_bits_retain(value as u16)),
            Kind::Lookup => flags(LookupFlags::from_bits_retain(value as u32)),
            Kind::Times => flags(FileStatTimes::from_bits_retain(value as u16)),
            Kind::ReceiveFlags => flags(ReceiveInFlags::from_bits_retain(value as u16)),
            Kind::ShutdownFlags => flags(ShutdownFlags::from_bits_retain(value as u8)),
            Kind::Length
            | Kind::OutU32
            | Kind::OutU64
            | Kind::OutString
            | Kind::OutFdstat
            | Kind::OutFilestat
            | Kind::OutPrestat
            | Kind::OutAddress => return None,
        })
    }

    /// What the call gave.
    fn values(&self) -> String {
        let mut values = Vec::new();
        for (index, (kind, value)) in self.call.parameters().enumerate() {
            let length = self.call.arguments.get(index + 1).copied().unwrap_or(0);
            let pointer = value as u32;
            let told = match kind {
                Kind::OutU32 => self.memory.read_u32(pointer).map(|value| value.to_string()),
                Kind::OutU64 => self.memory.read_u64(pointer).map(|value| value.to_string()),
                Kind::OutString => {
                    let length = (length as u32).min(self.count.unwrap_or(u32::MAX));
                    Ok(self.string(pointer, length))
                }
                Kind::OutFdstat => self.fdstat(pointer),
                Kind::OutFilestat => self.filestat(pointer),
                Kind::OutPrestat => {
                    let length = self.memory.read_u32(pointer.wrapping_add(4));
                    length.map(|length| format!("{{dir, name_len={length}}}"))
                }
                Kind::OutAddress => Ok(self.address(pointer)),
                Kind::Unsigned
                | Kind::Fd
                | Kind::Address
                | Kind::Signed
                | Kind::Pointer
                | Kind::Length
                | Kind::Path
                | Kind::Given
                | Kind::Filled
                | Kind::Clock
                | Kind::Advice
                | Kind::Rights
                | Kind::FdFlags
                | Kind::OpenFlags
                | Kind::Lookup
                | Kind::Times
                | Kind::ReceiveFlags
                | Kind::ShutdownFlags => continue,
            };
            values.push(told.unwrap_or_else(|_| "?".to_owned()));
        }
        if values.is_empty() {
            "0".to_owned()
        } else {
            values.join(", ")
        }
    }

    fn fdstat(&self, pointer: u32) -> Result<String, Errno> {
        let stat: [u8; 24] = self.memory.read(pointer)?;
        let flags_bits = u16::from_le_bytes([stat[2], stat[3]]);
        let base = self.memory.read_u64(pointer.wrapping_add(8))?;
        Ok(format!(
            "{{type={}, flags={}, rights={base:#x}}}",
            file_type(stat[0]),
            flags(FdFlags::from_bits_retain(flags_bits)),
        ))
    }

    fn filestat(&self, pointer: u32) -> Result<String, Errno> {
        let kind: [u8; 1] = self.memory.read(pointer.wrapping_add(16))?;
        let inode = self.memory.read_u64(pointer.wrapping_add(8))?;
        let size_offset = match self.call.abi {
            Abi::Preview1 => 32,
            Abi::Unstable => 24,
        };
        let size = self.memory.read_u64(pointer.wrapping_add(size_offset))?;
        Ok(format!(
            "{{type={}, inode={inode}, size={size}}}",
            file_type(kind[0])
        ))
    }

    fn address(&self, pointer: u32) -> String {
        let Ok(both) = self.memory.read_u64(pointer) else {
            return format!("{pointer:#x}");
        };
        let (bytes, length) = (both as u32, (both >> 32) as u32);
        // The longest begins with two bytes for the family, of which the first tells it.
        let (address, is_v4) = match (length, self.memory.read::<1>(bytes)) {
            (128, Ok([family])) => (bytes.wrapping_add(2), family == 1),
            _ => (bytes, length == 4),
        };
        let v4 = || self.memory.read::<4>(address).map(IpAddr::from);
        let v6 = || self.memory.read::<16>(address).map(IpAddr::from);
        let address = if is_v4 { v4() } else { v6() };
        address.map_or_else(|_| format!("{pointer:#x}"), |address| address.to_string())
    }

    fn string(&self, pointer: u32, length: u32) -> String {
        let shown = length.min(STRING_BYTES_MAX as u32);
        match self.memory.bytes(pointer, shown) {
            Ok(bytes) => quote(&bytes, shown < length),
            Err(_) => format!("{pointer:#x}"),
        }
    }

    /// The contents of at most `bytes_max` bytes of a guest's buffers.
    fn buffers(&self, vectors: u32, count: u32, bytes_max: u32) -> String {
        let mut text = "[".to_owned();
        let mut left = bytes_max;
        for index in 0..count.min(BUFFERS_MAX) {
            let Ok(vector) = self.memory.read_u64(vectors.wrapping_add(index * 8)) else {
                break;
            };
            let length = ((vector >> 32) as u32).min(left);
            if length == 0 && index > 0 {
                continue;
            }
            if index > 0 {
                text.push_str(", ");
            }
            text.push_str(&self.string(vector as u32, length));
            left -= length;
        }
        if count > BUFFERS_MAX {
            text.push_str(", ...");
        }
        text.push(']');
        text
    }
}

fn name(value: u64, names: &[&str]) -> String {
    let known = usize::try_from(value)
        .ok()
        .and_then(|value| names.get(value));
    known.map_or_else(|| value.to_string(), |name| (*name).to_owned())
}

fn file_type(code: u8) -> String {
    let names = [
        "unknown",
        "block_device",
        "character_device",
        "directory",
        "regular_file",
        "socket_dgram",
        "socket_stream",
        "symbolic_link",
    ];
    name(u64::from(code), &names)
}

fn flags<F: bitflags::Flags>(flags: F) -> String
where
    F::Bits: fmt::LowerHex + Copy + PartialEq,
{
    let mut text = String::new();
    for (name, _) in flags.iter_names() {
        if !text.is_empty() {
            text.push('|');
        }
        text.push_str(name);
    }
    let unknown = flags.difference(F::all());
    if !unknown.is_empty() {
        // Writing to a string does not fail.
        let _ = write!(text, "|{:#x}", unknown.bits());
    }
    if text.is_empty() {
        "0".to_owned()
    } else {
        text.trim_start_matches('|').to_owned()
    }
}

/// Bytes as a literal: printable ones as they are, others escaped.
fn quote(bytes: &[u8], cut: bool) -> String {
    let mut text = "\"".to_owned();
    match std::str::from_utf8(bytes) {
        Ok(valid) => text.extend(valid.escape_debug()),
        Err(_) => text.push_str(&bytes.escape_ascii().to_string()),
    }
    text.push('"');
    if cut {
        text.push_str("...");
    }
    text
}
