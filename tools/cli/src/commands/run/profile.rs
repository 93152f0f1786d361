//! `--profile`: the files by which profilers learn which function an address belongs to.

use std::fs::File;
use std::io::{BufWriter, Read as _, Seek as _, SeekFrom, Write};
use std::path::{Path, PathBuf};

use silica::{FunctionAddress, Module};

use crate::failure::{Failure, Result};
use crate::flags::Profile;

/// Writes what `profile` needs to know of the functions of `modules`.
pub(super) fn write(profile: Profile, modules: &[Module]) -> Result<()> {
    let functions: Vec<_> = modules
        .iter()
        .flat_map(Module::function_addresses)
        .collect();
    let id = std::process::id();
    let (path, written) = match profile {
        // What is compiled is known when the program has ended.
        Profile::Tiers => return Ok(()),
        Profile::Perfmap => {
            let path = PathBuf::from(format!("/tmp/perf-{id}.map"));
            let written = create(&path).and_then(|file| perf_map(file, &functions));
            (path, written)
        }
        Profile::Jitdump => {
            let path = PathBuf::from(format!("jit-{id}.dump"));
            let written = create(&path).and_then(|file| jit_dump(file, &functions, id));
            (path, written)
        }
    };
    written.map_err(|error| Failure::unwritable(path.display(), &error))
}

/// A new file. One that is there already, or a link that somebody put there, is not followed.
fn create(path: &Path) -> std::io::Result<File> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => File::options()
            .read(true)
            .write(true)
            .create_new(true)
            .open(path),
    }
}

/// A line for each function: address and size in hexadecimal, name.
fn perf_map(file: File, functions: &[FunctionAddress]) -> std::io::Result<()> {
    let mut file = BufWriter::new(file);
    for function in functions {
        let name = name(function);
        writeln!(file, "{:x} {:x} {name}", function.address, function.length)?;
    }
    file.flush()
}

fn name(function: &FunctionAddress) -> String {
    match &function.name {
        Some(name) => name.replace(['\n', '\r', '\0'], "?"),
        None => format!("wasm[{}]", function.index),
    }
}

/// The format of Linux's `tools/perf/Documentation/jitdump-specification.txt`.
fn jit_dump(file: File, functions: &[FunctionAddress], id: u32) -> std::io::Result<()> {
    const MAGIC: u32 = 0x4A69_5444;
    const VERSION: u32 = 1;
    const HEADER_BYTES: u32 = 40;
    let mut out = BufWriter::new(&file);
    for word in [MAGIC, VERSION, HEADER_BYTES, machine(), 0, id] {
        out.write_all(&word.to_ne_bytes())?;
    }
    out.write_all(&now().to_ne_bytes())?;
    out.write_all(&0_u64.to_ne_bytes())?;
    let mut memory = File::open("/proc/self/mem")?;
    for function in functions {
        load_record(&mut out, &mut memory, function, id)?;
    }
    out.flush()?;
    drop(out);
    // `perf record` notes the file when it is mapped as code.
    marker::map(&file)
}

/// `JIT_CODE_LOAD`: where a function is, and its code.
fn load_record(
    out: &mut impl Write,
    memory: &mut File,
    function: &FunctionAddress,
    id: u32,
) -> std::io::Result<()> {
    const CODE_LOAD: u32 = 0;
    const FIXED_BYTES: usize = 16 + 8 + 32;
    let name = name(function);
    let mut code = vec![0; function.length];
    memory.seek(SeekFrom::Start(function.address as u64))?;
    memory.read_exact(&mut code)?;
    let bytes = FIXED_BYTES + name.len() + 1 + code.len();
    for word in [CODE_LOAD, bytes as u32] {
        out.write_all(&word.to_ne_bytes())?;
    }
    out.write_all(&now().to_ne_bytes())?;
    for word in [id, id] {
        out.write_all(&word.to_ne_bytes())?;
    }
    let address = function.address as u64;
    let index = u64::from(function.index);
    for word in [address, address, code.len() as u64, index] {
        out.write_all(&word.to_ne_bytes())?;
    }
    out.write_all(name.as_bytes())?;
    out.write_all(&[0])?;
    out.write_all(&code)
}

/// `e_machine` of an ELF file of this processor.
const fn machine() -> u32 {
    if cfg!(target_arch = "aarch64") {
        183
    } else {
        62
    }
}

/// What `perf record -k mono` stamps its samples with.
fn now() -> u64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// The mapping by which `perf record` learns of the file.
mod marker {
    use std::fs::File;

    use rustix::mm::{MapFlags, ProtFlags, mmap};

    /// Maps the start of `file` as code, for as long as the process lives.
    pub(super) fn map(file: &File) -> std::io::Result<()> {
        const BYTES: usize = 4096;
        let protection = ProtFlags::READ | ProtFlags::EXEC;
        #[expect(unsafe_code, reason = "a mapping has no safe form")]
        // SAFETY: the system chooses an address where nothing is (null, no `MAP_FIXED`), the mapping is
        // private, and nothing here reads, runs or unmaps it.
        let mapped = unsafe {
            mmap(
                std::ptr::null_mut(),
                BYTES,
                protection,
                MapFlags::PRIVATE,
                file,
                0,
            )
        };
        mapped.map(drop).map_err(std::io::Error::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_not_followed() {
        let directory = tempfile::tempdir().unwrap();
        let target = directory.path().join("target");
        std::fs::write(&target, "kept").unwrap();
        let link = directory.path().join("link");
        std::os::unix::fs::symlink(&target, &link).unwrap();
        create(&link).unwrap().write_all(b"map").unwrap();
        assert_eq!(std::fs::read(&target).unwrap(), b"kept");
    }
}
