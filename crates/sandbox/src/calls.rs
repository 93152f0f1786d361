//! System calls, by seccomp: a list of those that are allowed. All others fail with `EPERM`.
//! How the list becomes a program for the kernel is in `program`.

use crate::policy::{Enforced, Error, Policy};
use crate::program::{self, Check};
use libc::c_long;

/// Memory, threads, time, signals to this process, and what is known of oneself.
const PROCESS: &[c_long] = &[
    libc::SYS_brk,
    libc::SYS_clock_getres,
    libc::SYS_clock_gettime,
    libc::SYS_clock_nanosleep,
    libc::SYS_clone,
    libc::SYS_clone3,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_futex,
    libc::SYS_getcpu,
    libc::SYS_getcwd,
    libc::SYS_getegid,
    libc::SYS_geteuid,
    libc::SYS_getgid,
    libc::SYS_getitimer,
    libc::SYS_getpid,
    libc::SYS_getppid,
    libc::SYS_getrandom,
    libc::SYS_getrusage,
    libc::SYS_gettid,
    libc::SYS_gettimeofday,
    libc::SYS_getuid,
    libc::SYS_madvise,
    libc::SYS_membarrier,
    libc::SYS_memfd_create,
    libc::SYS_mincore,
    libc::SYS_mlock,
    libc::SYS_mmap,
    libc::SYS_mprotect,
    libc::SYS_mremap,
    libc::SYS_msync,
    libc::SYS_munlock,
    libc::SYS_munmap,
    libc::SYS_nanosleep,
    libc::SYS_prctl,
    libc::SYS_prlimit64,
    libc::SYS_restart_syscall,
    libc::SYS_rseq,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigpending,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_rt_sigsuspend,
    libc::SYS_rt_sigtimedwait,
    libc::SYS_sched_getaffinity,
    libc::SYS_sched_getparam,
    libc::SYS_sched_getscheduler,
    libc::SYS_sched_yield,
    libc::SYS_set_robust_list,
    libc::SYS_set_tid_address,
    libc::SYS_setitimer,
    libc::SYS_sigaltstack,
    libc::SYS_sysinfo,
    libc::SYS_timer_create,
    libc::SYS_timer_delete,
    libc::SYS_timer_settime,
    libc::SYS_times,
    libc::SYS_uname,
];

/// Files, as far as Landlock lets them be reached, and whatever is open.
const FILES: &[c_long] = &[
    libc::SYS_close,
    libc::SYS_close_range,
    libc::SYS_copy_file_range,
    libc::SYS_dup,
    libc::SYS_dup3,
    libc::SYS_epoll_create1,
    libc::SYS_epoll_ctl,
    libc::SYS_epoll_pwait,
    libc::SYS_epoll_pwait2,
    libc::SYS_eventfd2,
    libc::SYS_faccessat,
    libc::SYS_faccessat2,
    libc::SYS_fadvise64,
    libc::SYS_fallocate,
    libc::SYS_fchmod,
    libc::SYS_fcntl,
    libc::SYS_fdatasync,
    libc::SYS_flock,
    libc::SYS_fstat,
    libc::SYS_fstatfs,
    libc::SYS_fsync,
    libc::SYS_ftruncate,
    libc::SYS_getdents64,
    libc::SYS_linkat,
    libc::SYS_lseek,
    libc::SYS_mkdirat,
    libc::SYS_newfstatat,
    libc::SYS_openat,
    libc::SYS_openat2,
    libc::SYS_pipe2,
    libc::SYS_ppoll,
    libc::SYS_pread64,
    libc::SYS_preadv,
    libc::SYS_preadv2,
    libc::SYS_pselect6,
    libc::SYS_pwrite64,
    libc::SYS_pwritev,
    libc::SYS_pwritev2,
    libc::SYS_read,
    libc::SYS_readlinkat,
    libc::SYS_readv,
    libc::SYS_renameat,
    libc::SYS_renameat2,
    libc::SYS_sendfile,
    libc::SYS_splice,
    libc::SYS_statfs,
    libc::SYS_statx,
    libc::SYS_symlinkat,
    libc::SYS_sync_file_range,
    libc::SYS_timerfd_create,
    libc::SYS_timerfd_settime,
    libc::SYS_unlinkat,
    libc::SYS_utimensat,
    libc::SYS_write,
    libc::SYS_writev,
];

/// The same in their older forms, which only some processors have.
#[cfg(target_arch = "x86_64")]
const OLDER: &[c_long] = &[
    libc::SYS_access,
    libc::SYS_dup2,
    libc::SYS_epoll_wait,
    libc::SYS_getdents,
    libc::SYS_getrlimit,
    libc::SYS_link,
    libc::SYS_lstat,
    libc::SYS_mkdir,
    libc::SYS_open,
    libc::SYS_pipe,
    libc::SYS_poll,
    libc::SYS_readlink,
    libc::SYS_rename,
    libc::SYS_rmdir,
    libc::SYS_select,
    libc::SYS_stat,
    libc::SYS_symlink,
    libc::SYS_time,
    libc::SYS_unlink,
];
#[cfg(not(target_arch = "x86_64"))]
const OLDER: &[c_long] = &[];

/// Sockets that are open.
const OPEN_SOCKETS: &[c_long] = &[
    libc::SYS_accept,
    libc::SYS_accept4,
    libc::SYS_getpeername,
    libc::SYS_getsockname,
    libc::SYS_getsockopt,
    libc::SYS_recvfrom,
    libc::SYS_recvmmsg,
    libc::SYS_recvmsg,
    libc::SYS_sendmmsg,
    libc::SYS_sendmsg,
    libc::SYS_sendto,
    libc::SYS_setsockopt,
    libc::SYS_shutdown,
];

/// Giving open sockets addresses, where they may be opened.
const SOCKETS: &[c_long] = &[libc::SYS_bind, libc::SYS_connect, libc::SYS_listen];

/// What a program is asked by through a terminal that it has: never to put words into its input
/// (`TIOCSTI`, `TIOCLINUX`).
const TERMINAL_INPUT: [u32; 2] = [0x5412, 0x541c];

/// Signals, which are for this process only.
const SIGNALS: [c_long; 4] = [
    libc::SYS_kill,
    libc::SYS_rt_sigqueueinfo,
    libc::SYS_rt_tgsigqueueinfo,
    libc::SYS_tgkill,
];

pub(super) fn restrict(policy: &Policy) -> Result<Enforced, Error> {
    let Some(program) = program::assemble(&allowed(policy)) else {
        return Ok(Enforced::Not);
    };
    match seccompiler::apply_filter_all_threads(&program) {
        Ok(()) => Ok(Enforced::Fully),
        // A kernel without it.
        Err(seccompiler::Error::Prctl(error) | seccompiler::Error::Seccomp(error))
            if matches!(error.raw_os_error(), Some(libc::EINVAL | libc::ENOSYS)) =>
        {
            Ok(Enforced::Not)
        }
        Err(error) => Err(Error::Calls(error.to_string())),
    }
}

/// The calls that are allowed, each with what is checked of its parameters.
fn allowed(policy: &Policy) -> Vec<(u32, Check)> {
    // Numbers of calls are small.
    let number = |call: c_long| call as u32;
    let plain = [PROCESS, FILES, OLDER, OPEN_SOCKETS].concat();
    let mut allowed: Vec<_> = plain
        .into_iter()
        .map(|call| (number(call), Check::Nothing))
        .collect();
    if policy.sockets.may_open {
        allowed.extend(SOCKETS.iter().map(|call| (number(*call), Check::Nothing)));
        let mut families = vec![libc::AF_INET as u32, libc::AF_INET6 as u32];
        if policy.sockets.may_look_up {
            // By which the resolver learns which families there are.
            families.push(libc::AF_NETLINK as u32);
        }
        allowed.push((number(libc::SYS_socket), Check::OneOf(0, families)));
    }
    let own = vec![std::process::id()];
    allowed.extend(SIGNALS.map(|call| (number(call), Check::OneOf(0, own.clone()))));
    let requests = TERMINAL_INPUT.to_vec();
    allowed.push((number(libc::SYS_ioctl), Check::NoneOf(1, requests)));
    allowed
}
