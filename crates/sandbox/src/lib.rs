//! The second wall: this process restricts itself to what its program was granted, so that
//! even code that escaped from the engine reaches nothing more.
//!
//! Files and TCP ports are restricted by Landlock, kinds of system calls by seccomp; both are
//! the kernel's, cannot be undone, and hold for what the process starts. This crate knows
//! nothing of WebAssembly or WASI. Where a system has neither, nothing is restricted and
//! [`Enforced`] says so.
//!
//! Where to go next: [`Policy`] for what may still be done, [`restrict_files`] and
//! [`restrict_calls`] for when to say so, `calls` for the list of system calls.

#![forbid(unsafe_code)]

#[cfg(target_os = "linux")]
mod calls;
#[cfg(target_os = "linux")]
mod files;
#[cfg(target_os = "linux")]
mod program;

mod policy;

pub use policy::{Enforced, Error, Policy, Ports, Sockets};

/// Restricts which files and TCP ports are reached, for this thread and those that it
/// starts from now on; what is open stays open. Threads that are there already are restricted
/// only by the newest kernels, so call it before there are any. It may be called again, to
/// restrict further.
///
/// Paths that do not exist are passed over.
///
/// # Errors
/// Where the kernel can do it and did not.
#[cfg(target_os = "linux")]
pub fn restrict_files(policy: &Policy) -> Result<Enforced, Error> {
    files::restrict(policy)
}

/// Restricts the system calls of all threads to those that a running program needs: none that
/// starts or looks into another process, changes the system, or opens sockets that the policy
/// does not have. Another call fails, and does nothing.
///
/// # Errors
/// Where the kernel can do it and did not.
#[cfg(target_os = "linux")]
pub fn restrict_calls(policy: &Policy) -> Result<Enforced, Error> {
    calls::restrict(policy)
}

/// Does nothing: this system has no such thing.
///
/// # Errors
/// None.
#[cfg(not(target_os = "linux"))]
pub fn restrict_files(_policy: &Policy) -> Result<Enforced, Error> {
    Ok(Enforced::Not)
}

/// Does nothing: this system has no such thing.
///
/// # Errors
/// None.
#[cfg(not(target_os = "linux"))]
pub fn restrict_calls(_policy: &Policy) -> Result<Enforced, Error> {
    Ok(Enforced::Not)
}
