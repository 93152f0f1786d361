//! The functions of the interface with their parameters: the one table from which
//! both the linker's definitions and the trace are made.
//!
//! A row: the name; the methods of `WasiP1Context` for `wasi_snapshot_preview1`
//! and for `wasi_unstable`; each parameter with its type and, for the trace, what
//! it means. `sock_accept`, which only the first has, and `proc_exit`, which never
//! returns, are apart.

use crate::errno::code;
use crate::trace::{Call, Kind};
use crate::{Abi, GuestMemory, WasiP1Context};

/// Calls the macro `$consume` with every row.
macro_rules! for_each_function {
    ($consume:ident) => {
        $consume! {
            args_get args_get args_get (argv: u32 Pointer, argv_buf: u32 Pointer);
            args_sizes_get args_sizes_get args_sizes_get (count: u32 OutU32, bytes: u32 OutU32);
            environ_get environ_get environ_get (environ: u32 Pointer, environ_buf: u32 Pointer);
            environ_sizes_get environ_sizes_get environ_sizes_get
                (count: u32 OutU32, bytes: u32 OutU32);
            clock_res_get clock_res_get clock_res_get (id: u32 Clock, resolution: u32 OutU64);
            clock_time_get clock_time_get clock_time_get
                (id: u32 Clock, precision: u64 Unsigned, time: u32 OutU64);
            fd_advise fd_advise fd_advise
                (fd: u32 Unsigned, offset: u64 Unsigned, length: u64 Unsigned, advice: u32 Advice);
            fd_allocate fd_allocate fd_allocate
                (fd: u32 Unsigned, offset: u64 Unsigned, length: u64 Unsigned);
            fd_close fd_close fd_close (fd: u32 Unsigned);
            fd_datasync fd_datasync fd_datasync (fd: u32 Unsigned);
            fd_fdstat_get fd_fdstat_get fd_fdstat_get (fd: u32 Unsigned, stat: u32 OutFdstat);
            fd_fdstat_set_flags fd_fdstat_set_flags fd_fdstat_set_flags
                (fd: u32 Unsigned, flags: u32 FdFlags);
            fd_fdstat_set_rights fd_fdstat_set_rights fd_fdstat_set_rights
                (fd: u32 Unsigned, base: u64 Rights, inheriting: u64 Rights);
            fd_filestat_get fd_filestat_get fd_filestat_get_unstable
                (fd: u32 Unsigned, stat: u32 OutFilestat);
            fd_filestat_set_size fd_filestat_set_size fd_filestat_set_size
                (fd: u32 Unsigned, size: u64 Unsigned);
            fd_filestat_set_times fd_filestat_set_times fd_filestat_set_times
                (fd: u32 Unsigned, accessed: u64 Unsigned, modified: u64 Unsigned, flags: u32 Times);
            fd_pread fd_pread fd_pread
                (fd: u32 Unsigned, vectors: u32 Filled, count: u32 Length, offset: u64 Unsigned,
                 read: u32 OutU32);
            fd_prestat_get fd_prestat_get fd_prestat_get (fd: u32 Unsigned, prestat: u32 OutPrestat);
            fd_prestat_dir_name fd_prestat_dir_name fd_prestat_dir_name
                (fd: u32 Unsigned, path: u32 OutString, length: u32 Length);
            fd_pwrite fd_pwrite fd_pwrite
                (fd: u32 Unsigned, vectors: u32 Given, count: u32 Length, offset: u64 Unsigned,
                 written: u32 OutU32);
            fd_read fd_read fd_read
                (fd: u32 Unsigned, vectors: u32 Filled, count: u32 Length, read: u32 OutU32);
            fd_readdir fd_readdir fd_readdir
                (fd: u32 Unsigned, buffer: u32 Pointer, length: u32 Unsigned, cookie: u64 Unsigned,
                 used: u32 OutU32);
            fd_renumber fd_renumber fd_renumber (from: u32 Unsigned, to: u32 Unsigned);
            fd_seek fd_seek fd_seek_unstable
                (fd: u32 Unsigned, offset: i64 Signed, whence: u32 Unsigned, position: u32 OutU64);
            fd_sync fd_sync fd_sync (fd: u32 Unsigned);
            fd_tell fd_tell fd_tell (fd: u32 Unsigned, position: u32 OutU64);
            fd_write fd_write fd_write
                (fd: u32 Unsigned, vectors: u32 Given, count: u32 Length, written: u32 OutU32);
            path_create_directory path_create_directory path_create_directory
                (fd: u32 Unsigned, path: u32 Path, length: u32 Length);
            path_filestat_get path_filestat_get path_filestat_get_unstable
                (fd: u32 Unsigned, lookup: u32 Lookup, path: u32 Path, length: u32 Length,
                 stat: u32 OutFilestat);
            path_filestat_set_times path_filestat_set_times path_filestat_set_times
                (fd: u32 Unsigned, lookup: u32 Lookup, path: u32 Path, length: u32 Length,
                 accessed: u64 Unsigned, modified: u64 Unsigned, flags: u32 Times);
            path_link path_link path_link
                (fd: u32 Unsigned, lookup: u32 Lookup, path: u32 Path, length: u32 Length,
                 new_fd: u32 Unsigned, new_path: u32 Path, new_length: u32 Length);
            path_open path_open path_open
                (fd: u32 Unsigned, lookup: u32 Lookup, path: u32 Path, length: u32 Length,
                 open: u32 OpenFlags, base: u64 Rights, inheriting: u64 Rights,
                 flags: u32 FdFlags, opened: u32 OutU32);
            path_readlink path_readlink path_readlink
                (fd: u32 Unsigned, path: u32 Path, length: u32 Length, buffer: u32 OutString,
                 buffer_length: u32 Length, used: u32 OutU32);
            path_remove_directory path_remove_directory path_remove_directory
                (fd: u32 Unsigned, path: u32 Path, length: u32 Length);
            path_rename path_rename path_rename
                (fd: u32 Unsigned, path: u32 Path, length: u32 Length,
                 new_fd: u32 Unsigned, new_path: u32 Path, new_length: u32 Length);
            path_symlink path_symlink path_symlink
                (target: u32 Path, target_length: u32 Length,
                 fd: u32 Unsigned, path: u32 Path, length: u32 Length);
            path_unlink_file path_unlink_file path_unlink_file
                (fd: u32 Unsigned, path: u32 Path, length: u32 Length);
            poll_oneoff poll_oneoff poll_oneoff_unstable
                (subscriptions: u32 Pointer, events: u32 Pointer, count: u32 Unsigned,
                 stored: u32 OutU32);
            proc_raise proc_raise proc_raise (signal: u32 Unsigned);
            random_get random_get random_get (buffer: u32 Pointer, length: u32 Unsigned);
            sched_yield sched_yield sched_yield ();
            sock_recv sock_recv sock_recv
                (fd: u32 Unsigned, vectors: u32 Filled, count: u32 Length, flags: u32 ReceiveFlags,
                 received: u32 OutU32, received_flags: u32 Pointer);
            sock_send sock_send sock_send
                (fd: u32 Unsigned, vectors: u32 Given, count: u32 Length, flags: u32 Unsigned,
                 sent: u32 OutU32);
            sock_shutdown sock_shutdown sock_shutdown (fd: u32 Unsigned, how: u32 ShutdownFlags);
        }
    };
}

/// As above, for what only `wasi_snapshot_preview1` has.
macro_rules! for_each_new_function {
    ($consume:ident) => {
        $consume! {
            sock_accept sock_accept sock_accept
                (fd: u32 Unsigned, flags: u32 FdFlags, accepted: u32 OutU32);
        }
    };
}

pub(crate) use {for_each_function, for_each_new_function};

/// Makes a function for each row: it calls the method, tells the trace where
/// there is one, and returns the number for the guest.
macro_rules! define_calls {
    ($abi:ident $column:tt: $($rows:tt)*) => {
        define_calls!(@rows $abi $column [$($rows)*]);
    };
    (@rows $abi:ident $column:tt [$(
        $name:ident $first:ident $second:ident
        ($($argument:ident: $type:ident $kind:ident),*);
    )*]) => {
        $(define_calls!(@one $abi $column $name $first $second
            ($($argument: $type $kind),*));)*
    };
    (@one $abi:ident first $name:ident $first:ident $second:ident $arguments:tt) => {
        define_calls!(@function $abi $name $first $arguments);
    };
    (@one $abi:ident second $name:ident $first:ident $second:ident $arguments:tt) => {
        define_calls!(@function $abi $name $second $arguments);
    };
    (@function $abi:ident $name:ident $method:ident
        ($($argument:ident: $type:ident $kind:ident),*)) => {
        #[inline]
        #[allow(clippy::too_many_arguments)]
        pub(crate) fn $name(
            context: &mut WasiP1Context,
            memory: &mut GuestMemory<'_>,
            $($argument: $type),*
        ) -> i32 {
            let result = context.insist(|context| context.$method(memory, $($argument),*));
            if let Some(tracer) = &context.tracer {
                let call = Call {
                    name: stringify!($name),
                    abi: Abi::$abi,
                    kinds: &[$(Kind::$kind),*],
                    arguments: &[$($argument as u64),*],
                };
                tracer.returned(&call, memory, result);
            }
            code(result)
        }
    };
}

/// The functions of `wasi_snapshot_preview1`.
pub(crate) mod preview1 {
    use super::*;

    macro_rules! define {
        ($($rows:tt)*) => { define_calls!(Preview1 first: $($rows)*); };
    }
    for_each_function!(define);
    for_each_new_function!(define);
}

/// The functions of `wasi_unstable`.
pub(crate) mod unstable {
    use super::*;

    macro_rules! define {
        ($($rows:tt)*) => { define_calls!(Unstable second: $($rows)*); };
    }
    for_each_function!(define);
}

/// `proc_exit`, in both versions.
pub(crate) fn proc_exit(context: &WasiP1Context, status: u32) -> crate::Exit {
    if let Some(tracer) = &context.tracer {
        tracer.exited(status);
    }
    crate::Exit(status)
}
