//! Arguments, environment variables, clocks, random bytes and the process.

use crate::abi::ClockId;
use crate::{Errno, Exit, GuestMemory, WasiP1Context};

impl WasiP1Context {
    /// `args_sizes_get`: the number of arguments and the bytes they need.
    ///
    /// # Errors
    /// [`Errno::Fault`] for pointers outside the memory.
    pub fn args_sizes_get(
        &mut self,
        memory: &mut GuestMemory<'_>,
        count: u32,
        bytes: u32,
    ) -> Result<(), Errno> {
        let strings = self.environment.arguments().iter();
        write_sizes(memory, strings.map(String::len), count, bytes)
    }

    /// `args_get`: pointers to the arguments, and the arguments, ended by NULs.
    ///
    /// # Errors
    /// [`Errno::Fault`] for pointers outside the memory.
    pub fn args_get(
        &mut self,
        memory: &mut GuestMemory<'_>,
        pointers: u32,
        buffer: u32,
    ) -> Result<(), Errno> {
        let strings = self.environment.arguments().iter();
        write_strings(
            memory,
            strings.map(|argument| [argument.as_str()]),
            pointers,
            buffer,
        )
    }

    /// `environ_sizes_get`: the number of variables and the bytes they need.
    ///
    /// # Errors
    /// [`Errno::Fault`] for pointers outside the memory.
    pub fn environ_sizes_get(
        &mut self,
        memory: &mut GuestMemory<'_>,
        count: u32,
        bytes: u32,
    ) -> Result<(), Errno> {
        let variables = self.environment.variables().iter();
        let lengths = variables.map(|(name, value)| name.len() + 1 + value.len());
        write_sizes(memory, lengths, count, bytes)
    }

    /// `environ_get`: pointers to the variables, and the variables as
    /// `NAME=value`, ended by NULs.
    ///
    /// # Errors
    /// [`Errno::Fault`] for pointers outside the memory.
    pub fn environ_get(
        &mut self,
        memory: &mut GuestMemory<'_>,
        pointers: u32,
        buffer: u32,
    ) -> Result<(), Errno> {
        let variables = self.environment.variables().iter();
        let parts = variables.map(|(name, value)| [name.as_str(), "=", value.as_str()]);
        write_strings(memory, parts, pointers, buffer)
    }

    /// `clock_res_get`: nanoseconds between two readings that differ.
    ///
    /// # Errors
    /// [`Errno::Inval`] for an unknown clock.
    pub fn clock_res_get(
        &mut self,
        memory: &mut GuestMemory<'_>,
        id: u32,
        resolution: u32,
    ) -> Result<(), Errno> {
        let nanoseconds = match ClockId::parse(id)? {
            ClockId::Realtime => self.clocks.realtime_resolution(),
            ClockId::Monotonic | ClockId::ProcessCpuTime | ClockId::ThreadCpuTime => {
                self.clocks.monotonic_resolution()
            }
        };
        memory.write_u64(resolution, nanoseconds)
    }

    /// `clock_time_get`: nanoseconds since the clock's start. The precision asked
    /// for is always given.
    ///
    /// # Errors
    /// [`Errno::Inval`] for an unknown clock.
    pub fn clock_time_get(
        &mut self,
        memory: &mut GuestMemory<'_>,
        id: u32,
        _precision: u64,
        time: u32,
    ) -> Result<(), Errno> {
        let nanoseconds = self.time(ClockId::parse(id)?);
        memory.write_u64(time, nanoseconds)
    }

    /// Nanoseconds since a clock's start.
    pub(crate) fn time(&self, id: ClockId) -> u64 {
        match id {
            ClockId::Realtime => self.clocks.realtime().saturating_nanoseconds(),
            ClockId::Monotonic => self.clocks.monotonic(),
            ClockId::ProcessCpuTime => self.clocks.process_time(),
            ClockId::ThreadCpuTime => self.clocks.thread_time(),
        }
    }

    /// `random_get`: fills a buffer with random bytes.
    ///
    /// # Errors
    /// [`Errno::Fault`] for a buffer outside the memory; [`Errno::Io`] where the
    /// host has no random bytes.
    pub fn random_get(
        &mut self,
        memory: &mut GuestMemory<'_>,
        buffer: u32,
        length: u32,
    ) -> Result<(), Errno> {
        let random = &self.random;
        memory.fill(buffer, length, |bytes| Ok(random.fill(bytes)?))
    }

    /// `sched_yield`: lets other threads run.
    ///
    /// # Errors
    /// None.
    pub fn sched_yield(&mut self, _memory: &mut GuestMemory<'_>) -> Result<(), Errno> {
        std::thread::yield_now();
        Ok(())
    }

    /// `proc_exit`: ends the program.
    ///
    /// # Errors
    /// Always [`Exit`], which the embedder gets.
    pub fn proc_exit(&mut self, status: u32) -> Result<(), Exit> {
        Err(Exit(status))
    }

    /// `proc_raise`: no signals are delivered to programs.
    ///
    /// # Errors
    /// [`Errno::Inval`] for an unknown signal; else [`Errno::NotSup`].
    pub fn proc_raise(&mut self, _memory: &mut GuestMemory<'_>, signal: u32) -> Result<(), Errno> {
        const SIGNAL_MAX: u32 = 30;
        Err(if signal > SIGNAL_MAX {
            Errno::Inval
        } else {
            Errno::NotSup
        })
    }
}

/// Writes how many strings there are and how many bytes they need with their NULs.
fn write_sizes(
    memory: &mut GuestMemory<'_>,
    lengths: impl Iterator<Item = usize>,
    count: u32,
    bytes: u32,
) -> Result<(), Errno> {
    let (mut strings, mut total) = (0_usize, 0_usize);
    for length in lengths {
        strings += 1;
        total += length + 1;
    }
    let fits = |value: usize| u32::try_from(value).map_err(|_| Errno::Overflow);
    memory.write_u32(count, fits(strings)?)?;
    memory.write_u32(bytes, fits(total)?)
}

/// Writes strings, each of parts and ended by a NUL, and pointers to them.
fn write_strings<'s, const N: usize>(
    memory: &mut GuestMemory<'_>,
    strings: impl Iterator<Item = [&'s str; N]>,
    pointers: u32,
    buffer: u32,
) -> Result<(), Errno> {
    let advance = |pointer: u32, bytes: usize| {
        let bytes = u32::try_from(bytes).map_err(|_| Errno::Overflow)?;
        pointer.checked_add(bytes).ok_or(Errno::Fault)
    };
    let (mut pointers, mut buffer) = (pointers, buffer);
    for parts in strings {
        memory.write_u32(pointers, buffer)?;
        pointers = advance(pointers, 4)?;
        for part in parts {
            memory.write(buffer, part.as_bytes())?;
            buffer = advance(buffer, part.len())?;
        }
        memory.write(buffer, &[0])?;
        buffer = advance(buffer, 1)?;
    }
    Ok(())
}
