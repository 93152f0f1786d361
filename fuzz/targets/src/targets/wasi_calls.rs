//! Any sequence of WASI 0.1 calls with any arguments returns, and reaches nothing that was not granted.
//!
//! The same world as in `wasi_paths`, one level up: descriptors that may be closed or renumbered, rights,
//! pointers into and out of the memory, structures made of whatever lies there.

use std::time::Duration;

use arbitrary::{Result, Unstructured};
use silica_wasi_host::{Clocks, ManualClock, Permissions, Quotas, Random, Timestamp};
use silica_wasi_p1::{GuestMemory, WasiP1Context};

use crate::world::{self, SECRET, World};

/// Calls of one run.
const CALLS_MAX: usize = 60;
/// Bytes of the guest's memory.
const MEMORY_BYTES: usize = 1 << 16;
/// Descriptors that a program of this target may have open.
const DESCRIPTORS_MAX: usize = 16;

/// Makes the calls that the bytes say.
pub(super) fn run(bytes: &[u8]) {
    let world = World::new();
    let mut choices = Unstructured::new(bytes);
    let read_only = choices.arbitrary().unwrap_or(false);
    let permissions = if read_only {
        Permissions::READ_ONLY
    } else {
        Permissions::ALL
    };
    let (outside, inside) = (world.snapshot("outside"), world.snapshot("granted"));
    let mut guest = Guest {
        context: context(&world, permissions),
        memory: vec![0; MEMORY_BYTES],
        choices,
        length: 0,
    };
    // Running out of bytes ends the run.
    let _ = guest.calls();
    let leaked = guest
        .memory
        .windows(SECRET.len())
        .any(|window| window == SECRET);
    assert!(!leaked, "the secret was read");
    assert_eq!(
        world.snapshot("outside"),
        outside,
        "changed outside of the grant"
    );
    if read_only {
        assert_eq!(
            world.snapshot("granted"),
            inside,
            "changed though read-only"
        );
    }
}

fn context(world: &World, permissions: Permissions) -> WasiP1Context {
    let quotas = Quotas {
        descriptors_max: DESCRIPTORS_MAX,
        memory_bytes_max: 1 << 20,
        ..Quotas::default()
    };
    let clock = ManualClock::new(Timestamp {
        seconds: 1,
        nanoseconds: 0,
    });
    clock.advance(Duration::from_secs(1));
    let made = WasiP1Context::builder()
        .quotas(quotas)
        .clocks(Clocks::custom(clock))
        .random(Random::seeded(1))
        .arguments(["program", "argument"])
        .and_then(|builder| {
            let (directories, files) = (permissions.directories, permissions.files);
            builder.preopened_dir(world.granted(), "/granted", directories, files)
        })
        .and_then(|builder| builder.temporary_directory());
    made.expect("the world was just made").build()
}

/// A program and its memory.
struct Guest<'a> {
    context: WasiP1Context,
    memory: Vec<u8>,
    choices: Unstructured<'a>,
    /// Length of the path that was written last.
    length: u32,
}

/// One row for each function: what to choose for each of its parameters.
macro_rules! functions {
    ($($name:ident($($argument:ident)*);)*) => {
        /// How many functions there are.
        const FUNCTIONS: usize = [$(stringify!($name)),*].len();

        impl Guest<'_> {
            /// Calls the function with this number.
            #[allow(unused_assignments, unused_mut, unused_variables)]
            fn call(&mut self, function: usize) -> Result<()> {
                let mut number = 0;
                $(
                    if function == number {
                        let arguments = ($(self.$argument()?,)*);
                        functions!(@spread self $name arguments $($argument)*);
                        return Ok(());
                    }
                    number += 1;
                )*
                Ok(())
            }
        }
    };
    (@spread $self:ident $name:ident $arguments:ident $($argument:ident)*) => {
        functions!(@bind $self $name $arguments [$($argument)*] [a b c d e f g h i] [])
    };
    (@bind $self:ident $name:ident $arguments:ident
        [$argument:ident $($rest:ident)*] [$fresh:ident $($more:ident)*] [$($bound:ident)*]) => {
        functions!(@bind $self $name $arguments [$($rest)*] [$($more)*] [$($bound)* $fresh])
    };
    (@bind $self:ident $name:ident $arguments:ident [] [$($more:ident)*] [$($bound:ident)*]) => {{
        let ($($bound,)*) = $arguments;
        // An error is an answer, too.
        let _ = $self.context.$name(&mut GuestMemory::new(&mut $self.memory), $($bound),*);
    }};
}

functions! {
    args_get(pointer pointer);
    args_sizes_get(pointer pointer);
    environ_get(pointer pointer);
    environ_sizes_get(pointer pointer);
    clock_res_get(small pointer);
    clock_time_get(small wide pointer);
    fd_advise(fd wide wide small);
    fd_allocate(fd size size);
    fd_close(fd);
    fd_datasync(fd);
    fd_fdstat_get(fd pointer);
    fd_fdstat_set_flags(fd small);
    fd_fdstat_set_rights(fd wide wide);
    fd_filestat_get(fd pointer);
    fd_filestat_get_unstable(fd pointer);
    fd_filestat_set_size(fd size);
    fd_filestat_set_times(fd wide wide small);
    fd_pread(fd vectors small wide pointer);
    fd_prestat_get(fd pointer);
    fd_prestat_dir_name(fd pointer small);
    fd_pwrite(fd vectors small size pointer);
    fd_read(fd vectors small pointer);
    fd_readdir(fd pointer small wide pointer);
    fd_renumber(fd fd);
    fd_seek(fd signed small pointer);
    fd_seek_unstable(fd signed small pointer);
    fd_sync(fd);
    fd_tell(fd pointer);
    fd_write(fd vectors small pointer);
    path_create_directory(fd path length);
    path_filestat_get(fd small path length pointer);
    path_filestat_get_unstable(fd small path length pointer);
    path_filestat_set_times(fd small path length wide wide small);
    path_link(fd small path length fd path length);
    path_open(fd small path length small rights rights small pointer);
    path_open(fd small path length small rights rights small pointer);
    path_open(fd small path length small rights rights small pointer);
    path_readlink(fd path length pointer small pointer);
    path_remove_directory(fd path length);
    path_rename(fd path length fd path length);
    path_symlink(path length fd path length);
    path_unlink_file(fd path length);
    poll_oneoff(pointer pointer small pointer);
    poll_oneoff_unstable(pointer pointer small pointer);
    proc_raise(small);
    random_get(pointer small);
    sched_yield();
    sock_accept(fd small pointer);
    sock_recv(fd vectors small small pointer pointer);
    sock_send(fd vectors small small pointer);
    sock_shutdown(fd small);
}

impl Guest<'_> {
    fn calls(&mut self) -> Result<()> {
        for _ in 0..CALLS_MAX {
            if self.choices.is_empty() {
                break;
            }
            let function = self.choices.choose_index(FUNCTIONS)?;
            self.call(function)?;
        }
        Ok(())
    }

    /// A descriptor, mostly one that may be open: directories begin at 3.
    fn fd(&mut self) -> Result<u32> {
        match self.choices.int_in_range(0..=7u8)? {
            0 => self.choices.int_in_range(0..=20),
            1 => self.choices.arbitrary(),
            2 => Ok(4),
            3..=5 => self.choices.int_in_range(5..=8),
            _ => Ok(3),
        }
    }

    /// A pointer, mostly into the memory and aligned.
    fn pointer(&mut self) -> Result<u32> {
        match self.choices.int_in_range(0..=7u8)? {
            0 => self.choices.arbitrary(),
            1 => self
                .choices
                .int_in_range(MEMORY_BYTES as u32 - 64..=MEMORY_BYTES as u32 + 64),
            _ => Ok(self.choices.int_in_range(0..=8000u32)? * 8),
        }
    }

    fn small(&mut self) -> Result<u32> {
        match self.choices.int_in_range(0..=7u8)? {
            0 => self.choices.arbitrary(),
            1 | 2 => self.choices.int_in_range(0..=1000),
            _ => self.choices.int_in_range(0..=16),
        }
    }

    fn wide(&mut self) -> Result<u64> {
        if self.choices.arbitrary()? {
            self.choices.arbitrary()
        } else {
            Ok(self.small()?.into())
        }
    }

    fn signed(&mut self) -> Result<i64> {
        Ok(self.wide()? as i64)
    }

    /// A size that the disk has room for, or no disk.
    fn size(&mut self) -> Result<u64> {
        if self.choices.ratio(1, 8)? {
            return Ok(u64::MAX - u64::from(self.choices.arbitrary::<u8>()?));
        }
        self.choices.int_in_range(0..=1 << 16)
    }

    fn rights(&mut self) -> Result<u64> {
        if self.choices.arbitrary()? {
            Ok(u64::MAX)
        } else {
            self.choices.arbitrary()
        }
    }

    /// A path, written somewhere into the memory.
    fn path(&mut self) -> Result<u32> {
        let path = world::path(&mut self.choices)?;
        let pointer = self.choices.int_in_range(0..=MEMORY_BYTES as u32 - 1)?;
        let start = pointer as usize;
        let end = (start + path.len()).min(MEMORY_BYTES);
        self.memory[start..end].copy_from_slice(&path.as_bytes()[..end - start]);
        self.length = path.len() as u32;
        Ok(pointer)
    }

    /// The length of the path that was just written.
    fn length(&mut self) -> Result<u32> {
        Ok(self.length)
    }

    /// Vectors of buffers, written somewhere into the memory.
    fn vectors(&mut self) -> Result<u32> {
        let pointer = self.choices.int_in_range(0..=1000u32)? * 8;
        for index in 0..self.choices.int_in_range(0..=4u32)? {
            let (buffer, length) = (self.pointer()?, self.small()?);
            let at = (pointer + index * 8) as usize;
            self.memory[at..at + 4].copy_from_slice(&buffer.to_le_bytes());
            self.memory[at + 4..at + 8].copy_from_slice(&length.to_le_bytes());
        }
        Ok(pointer)
    }
}
