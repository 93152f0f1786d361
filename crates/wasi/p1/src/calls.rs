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
                (fd: u32 Fd, offset: u64 Unsigned, length: u64 Unsigned, advice: u32 Advice);
            fd_allocate fd_allocate fd_allocate
                (fd: u32 Fd, offset: u64 Unsigned, length: u64 Unsigned);
            fd_close fd_close fd_close (fd: u32 Fd);
            fd_datasync fd_datasync fd_datasync (fd: u32 Fd);
            fd_fdstat_get fd_fdstat_get fd_fdstat_get (fd: u32 Fd, stat: u32 OutFdstat);
            fd_fdstat_set_flags fd_fdstat_set_flags fd_fdstat_set_flags
                (fd: u32 Fd, flags: u32 FdFlags);
            fd_fdstat_set_rights fd_fdstat_set_rights fd_fdstat_set_rights
                (fd: u32 Fd, base: u64 Rights, inheriting: u64 Rights);
            fd_filestat_get fd_filestat_get fd_filestat_get_unstable
                (fd: u32 Fd, stat: u32 OutFilestat);
            fd_filestat_set_size fd_filestat_set_size fd_filestat_set_size
                (fd: u32 Fd, size: u64 Unsigned);
            fd_filestat_set_times fd_filestat_set_times fd_filestat_set_times
                (fd: u32 Fd, accessed: u64 Unsigned, modified: u64 Unsigned, flags: u32 Times);
            fd_pread fd_pread fd_pread
                (fd: u32 Fd, vectors: u32 Filled, count: u32 Length, offset: u64 Unsigned,
                 read: u32 OutU32);
            fd_prestat_get fd_prestat_get fd_prestat_get (fd: u32 Fd, prestat: u32 OutPrestat);
            fd_prestat_dir_name fd_prestat_dir_name fd_prestat_dir_name
                (fd: u32 Fd, path: u32 OutString, length: u32 Length);
            fd_pwrite fd_pwrite fd_pwrite
                (fd: u32 Fd, vectors: u32 Given, count: u32 Length, offset: u64 Unsigned,
                 written: u32 OutU32);
            fd_read fd_read fd_read
                (fd: u32 Fd, vectors: u32 Filled, count: u32 Length, read: u32 OutU32);
            fd_readdir fd_readdir fd_readdir
                (fd: u32 Fd, buffer: u32 Pointer, length: u32 Unsigned, cookie: u64 Unsigned,
                 used: u32 OutU32);
            fd_renumber fd_renumber fd_renumber (from: u32 Unsigned, to: u32 Unsigned);
            fd_seek fd_seek fd_seek_unstable
                (fd: u32 Fd, offset: i64 Signed, whence: u32 Unsigned, position: u32 OutU64);
            fd_sync fd_sync fd_sync (fd: u32 Fd);
            fd_tell fd_tell fd_tell (fd: u32 Fd, position: u32 OutU64);
            fd_write fd_write fd_write
                (fd: u32 Fd, vectors: u32 Given, count: u32 Length, written: u32 OutU32);
            path_create_directory path_create_directory path_create_directory
                (fd: u32 Fd, path: u32 Path, length: u32 Length);
            path_filestat_get path_filestat_get path_filestat_get_unstable
                (fd: u32 Fd, lookup: u32 Lookup, path: u32 Path, length: u32 Length,
                 stat: u32 OutFilestat);
            path_filestat_set_times path_filestat_set_times path_filestat_set_times
                (fd: u32 Fd, lookup: u32 Lookup, path: u32 Path, length: u32 Length,
                 accessed: u64 Unsigned, modified: u64 Unsigned, flags: u32 Times);
            path_link path_link path_link
                (fd: u32 Fd, lookup: u32 Lookup, path: u32 Path, length: u32 Length,
                 new_fd: u32 Fd, new_path: u32 Path, new_length: u32 Length);
            path_open path_open path_open
                (fd: u32 Fd, lookup: u32 Lookup, path: u32 Path, length: u32 Length,
                 open: u32 OpenFlags, base: u64 Rights, inheriting: u64 Rights,
                 flags: u32 FdFlags, opened: u32 OutU32);
            path_readlink path_readlink path_readlink
                (fd: u32 Fd, path: u32 Path, length: u32 Length, buffer: u32 OutString,
                 buffer_length: u32 Length, used: u32 OutU32);
            path_remove_directory path_remove_directory path_remove_directory
                (fd: u32 Fd, path: u32 Path, length: u32 Length);
            path_rename path_rename path_rename
                (fd: u32 Fd, path: u32 Path, length: u32 Length,
                 new_fd: u32 Fd, new_path: u32 Path, new_length: u32 Length);
            path_symlink path_symlink path_symlink
                (target: u32 Path, target_length: u32 Length,
                 fd: u32 Fd, path: u32 Path, length: u32 Length);
            path_unlink_file path_unlink_file path_unlink_file
                (fd: u32 Fd, path: u32 Path, length: u32 Length);
            poll_oneoff poll_oneoff poll_oneoff_unstable
                (subscriptions: u32 Pointer, events: u32 Pointer, count: u32 Unsigned,
                 stored: u32 OutU32);
            proc_raise proc_raise proc_raise (signal: u32 Unsigned);
            random_get random_get random_get (buffer: u32 Pointer, length: u32 Unsigned);
            sched_yield sched_yield sched_yield ();
            sock_recv sock_recv sock_recv
                (fd: u32 Fd, vectors: u32 Filled, count: u32 Length, flags: u32 ReceiveFlags,
                 received: u32 OutU32, received_flags: u32 Pointer);
            sock_send sock_send sock_send
                (fd: u32 Fd, vectors: u32 Given, count: u32 Length, flags: u32 Unsigned,
                 sent: u32 OutU32);
            sock_shutdown sock_shutdown sock_shutdown (fd: u32 Fd, how: u32 ShutdownFlags);
        }
    };
}

/// As above, for what only `wasi_snapshot_preview1` has.
macro_rules! for_each_new_function {
    ($consume:ident) => {
        $consume! {
            sock_accept sock_accept sock_accept
                (fd: u32 Fd, flags: u32 FdFlags, accepted: u32 OutU32);
        }
    };
}

/// As above, for the socket extension. A name may stand here in two forms, which differ in
/// how many parameters they have; `sock_accept` in its newer form is the specification's.
macro_rules! for_each_socket_function {
    ($consume:ident) => {
        $consume! {
            sock_open sock_open
                (family: u32 Unsigned, kind: u32 Unsigned, opened: u32 OutU32);
            sock_open_v2 sock_open
                (family: u32 Unsigned, kind: u32 Unsigned, opened: u32 OutU32);
            sock_bind sock_bind (fd: u32 Fd, address: u32 Address, port: u32 Unsigned);
            sock_bind_v2 sock_bind (fd: u32 Fd, address: u32 Address, port: u32 Unsigned);
            sock_connect sock_connect
                (fd: u32 Fd, address: u32 Address, port: u32 Unsigned);
            sock_connect_v2 sock_connect
                (fd: u32 Fd, address: u32 Address, port: u32 Unsigned);
            sock_listen sock_listen (fd: u32 Fd, backlog: u32 Unsigned);
            sock_listen_v2 sock_listen (fd: u32 Fd, backlog: u32 Unsigned);
            sock_accept sock_accept_older (fd: u32 Fd, accepted: u32 OutU32);
            sock_accept_v2 sock_accept
                (fd: u32 Fd, flags: u32 FdFlags, accepted: u32 OutU32);
            sock_recv_v2 sock_recv
                (fd: u32 Fd, vectors: u32 Filled, count: u32 Length, flags: u32 ReceiveFlags,
                 received: u32 OutU32, received_flags: u32 Pointer);
            sock_recv_from sock_recv_from
                (fd: u32 Fd, vectors: u32 Filled, count: u32 Length, address: u32 Pointer,
                 flags: u32 ReceiveFlags, port: u32 Pointer, received: u32 OutU32,
                 received_flags: u32 Pointer);
            sock_recv_from sock_recv_from_older
                (fd: u32 Fd, vectors: u32 Filled, count: u32 Length, address: u32 Pointer,
                 flags: u32 ReceiveFlags, received: u32 OutU32, received_flags: u32 Pointer);
            sock_recv_from_v2 sock_recv_from
                (fd: u32 Fd, vectors: u32 Filled, count: u32 Length, address: u32 Pointer,
                 flags: u32 ReceiveFlags, port: u32 Pointer, received: u32 OutU32,
                 received_flags: u32 Pointer);
            sock_send_v2 sock_send
                (fd: u32 Fd, vectors: u32 Given, count: u32 Length, flags: u32 Unsigned,
                 sent: u32 OutU32);
            sock_send_to sock_send_to
                (fd: u32 Fd, vectors: u32 Given, count: u32 Length, address: u32 Address,
                 port: u32 Unsigned, flags: u32 Unsigned, sent: u32 OutU32);
            sock_send_to_v2 sock_send_to
                (fd: u32 Fd, vectors: u32 Given, count: u32 Length, address: u32 Address,
                 port: u32 Unsigned, flags: u32 Unsigned, sent: u32 OutU32);
            sock_getlocaladdr sock_getlocaladdr
                (fd: u32 Fd, address: u32 OutAddress, port: u32 OutU32);
            sock_getlocaladdr sock_getlocaladdr_older
                (fd: u32 Fd, address: u32 OutAddress, version: u32 Pointer, port: u32 OutU32);
            sock_getlocaladdr_v2 sock_getlocaladdr
                (fd: u32 Fd, address: u32 OutAddress, port: u32 OutU32);
            sock_getpeeraddr sock_getpeeraddr
                (fd: u32 Fd, address: u32 OutAddress, port: u32 OutU32);
            sock_getpeeraddr sock_getpeeraddr_older
                (fd: u32 Fd, address: u32 OutAddress, version: u32 Pointer, port: u32 OutU32);
            sock_getpeeraddr_v2 sock_getpeeraddr
                (fd: u32 Fd, address: u32 OutAddress, port: u32 OutU32);
            sock_getsockopt sock_getsockopt
                (fd: u32 Fd, level: u32 Unsigned, name: u32 Unsigned, value: u32 Pointer,
                 length: u32 OutU32);
            sock_setsockopt sock_setsockopt
                (fd: u32 Fd, level: u32 Unsigned, name: u32 Unsigned, value: u32 Path,
                 length: u32 Length);
            sock_getaddrinfo sock_getaddrinfo
                (node: u32 Path, node_length: u32 Length, service: u32 Path,
                 service_length: u32 Length, hints: u32 Pointer, list: u32 Pointer,
                 count_max: u32 Unsigned, count: u32 OutU32);
        }
    };
}

pub(crate) use {for_each_function, for_each_new_function, for_each_socket_function};

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

/// The functions of the socket extension, by their methods' names.
pub(crate) mod sockets {
    use super::*;

    macro_rules! define {
        ($(
            $name:ident $method:ident ($($argument:ident: $type:ident $kind:ident),*);
        )*) => {
            $(define!(@once $name $method ($($argument: $type $kind),*));)*
        };
        // What another name stands for is made where it has its own.
        (@once sock_open_v2 $($rest:tt)*) => {};
        (@once sock_bind_v2 $($rest:tt)*) => {};
        (@once sock_connect_v2 $($rest:tt)*) => {};
        (@once sock_listen_v2 $($rest:tt)*) => {};
        (@once sock_recv_from_v2 $($rest:tt)*) => {};
        (@once sock_send_to_v2 $($rest:tt)*) => {};
        (@once sock_getlocaladdr_v2 $($rest:tt)*) => {};
        (@once sock_getpeeraddr_v2 $($rest:tt)*) => {};
        (@once $name:ident $method:ident $arguments:tt) => {
            define_calls!(@function Preview1 $method $method $arguments);
        };
    }
    for_each_socket_function!(define);
}

/// `proc_exit`, in both versions.
pub(crate) fn proc_exit(context: &WasiP1Context, status: u32) -> crate::Exit {
    if let Some(tracer) = &context.tracer {
        tracer.exited(status);
    }
    crate::Exit(status)
}
