//! What code is made of small modules: each file of `wat/` has the expected listing at its end.
//!
//! A file begins with directives, one a line:
//!
//! - `;;! show = assembly` (or `translated`, `optimized`: Cranelift's IR before and after optimization; or `baseline`: what is made in
//!   one pass)
//! - `;;! settings = fuel checked …`: words of `Case::settings`
//! - `;;! proposals = gc`, as the command's flag takes them
//! - `;;! processor = x86-64-v3` (or `x86-64-v2`, `aarch64`)
//!
//! Then comes the module, then [`MARK`], then the listing in comments. `SILICA_BLESS=1 cargo test -p
//! silica-tests-disas` writes listings anew.
//!
//! This does not test what code does, only that a change of what is made is seen by whoever makes it.

#![forbid(unsafe_code)]

use iced_x86::{Decoder, DecoderOptions, Formatter as _, GasFormatter};
use silica_contract::{
    image::Section,
    image_index::ImageIndex,
    settings::{Architecture, OptimizationLevel, ProcessorFeatures, Settings, Tier},
};
use silica_module::{Features, Limits, parse_text};
use silica_pipeline::{Listing, Options, compile};

/// The line between a module and its expected listing.
pub const MARK: &str = ";; ---- expected ----";

/// What is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Show {
    Translated,
    Optimized,
    Assembly,
    Baseline,
}

/// A file's directives and module.
#[derive(Debug)]
pub struct Case<'a> {
    show: Show,
    settings: Settings,
    features: Features,
    module: &'a str,
}

impl<'a> Case<'a> {
    /// Reads a file.
    ///
    /// # Errors
    /// A message about a directive that is not known.
    pub fn parse(file: &'a str) -> Result<Case<'a>, String> {
        let module = file.split(MARK).next().unwrap_or_default();
        let mut case = Case {
            show: Show::Assembly,
            settings: Settings::new(x86_64_v3()),
            features: Features::default(),
            module,
        };
        for line in module.lines() {
            let Some(directive) = line.strip_prefix(";;!") else {
                continue;
            };
            let (key, value) = directive
                .split_once('=')
                .ok_or_else(|| format!("`{line}`: expected `;;! key = value`"))?;
            case.directive(key.trim(), value.trim())?;
        }
        Ok(case)
    }

    fn directive(&mut self, key: &str, value: &str) -> Result<(), String> {
        match (key, value) {
            ("show", "translated") => self.show = Show::Translated,
            ("show", "optimized") => self.show = Show::Optimized,
            ("show", "assembly") => self.show = Show::Assembly,
            ("show", "baseline") => {
                self.show = Show::Baseline;
                self.settings.tier = Tier::Baseline;
            }
            ("processor", "x86-64-v3") => self.settings.processor = x86_64_v3(),
            ("processor", "x86-64-v2") => {
                self.settings.processor = ProcessorFeatures::baseline(Architecture::X86_64);
            }
            ("processor", "aarch64") => {
                self.settings.processor = ProcessorFeatures::baseline(Architecture::Aarch64);
            }
            ("settings", words) => {
                for word in words.split_whitespace() {
                    self.setting(word)?;
                }
            }
            ("proposals", list) => self.features.apply(list).map_err(|e| e.to_string())?,
            _ => return Err(format!("unknown directive `{key} = {value}`")),
        }
        Ok(())
    }

    fn setting(&mut self, word: &str) -> Result<(), String> {
        let settings = &mut self.settings;
        match word {
            "unoptimized" => settings.optimization = OptimizationLevel::None,
            "no-inlining" => settings.inlining = false,
            "no-spectre-guards" => settings.spectre_guards = false,
            "canonical-nans" => settings.canonicalize_nans = true,
            "deterministic" => settings.deterministic_relaxed_simd = true,
            "fuel" => settings.fuel = true,
            "checked" => settings.memory_reservation = 0,
            "fixed" => settings.memory_may_move = false,
            _ => return Err(format!("unknown setting `{word}`")),
        }
        Ok(())
    }

    /// The file as it should be: its module, and what code is made of it.
    ///
    /// # Errors
    /// A message if the module does not compile.
    pub fn expected_file(&self) -> Result<String, String> {
        let bytes = parse_text(self.module.as_bytes(), None).map_err(|e| e.to_string())?;
        let mut file = format!("{}\n\n{MARK}\n", self.module.trim_end());
        let listings = match self.show {
            Show::Baseline => self.disassembled(&bytes)?,
            Show::Translated => self.listed(&bytes, |listing| listing.translated)?,
            Show::Optimized => self.listed(&bytes, |listing| listing.optimized)?,
            Show::Assembly => self.listed(&bytes, |listing| listing.assembly)?,
        };
        for (function, listing) in listings {
            file += &format!(";; function {function}:\n");
            for line in listing.lines() {
                file += format!(";;   {line}").trim_end();
                file.push('\n');
            }
        }
        Ok(file)
    }

    /// What Cranelift says of each function.
    fn listed(
        &self,
        bytes: &[u8],
        part: fn(Listing) -> String,
    ) -> Result<Vec<(u32, String)>, String> {
        let limits = Limits::default();
        let listings = silica_pipeline::list(bytes, &self.features, &limits, &self.settings);
        let listings = listings.map_err(|e| e.to_string())?.into_iter();
        Ok(listings
            .map(|(function, listing)| (function, part(listing)))
            .collect())
    }

    /// The machine code of each function. Places in the code are told as offsets from the function's start.
    fn disassembled(&self, bytes: &[u8]) -> Result<Vec<(u32, String)>, String> {
        let (limits, options) = (Limits::default(), Options::default());
        let image = compile(bytes, &self.features, &limits, &self.settings, &options);
        let image = image.map_err(|e| e.to_string())?;
        let index = ImageIndex::read(&image).map_err(|e| e.to_string())?;
        let metadata = index.metadata(&image, 0).map_err(|e| e.to_string())?;
        let text = index.section(&image, Section::Text);
        let functions = index
            .functions(&image)
            .zip(metadata.module.imported_functions..);
        Ok(functions
            .map(|(code, function)| {
                let (start, end) = (code.start as usize, code.start + code.length);
                (function, disassembly(&text[start..end as usize]))
            })
            .collect())
    }
}

fn disassembly(code: &[u8]) -> String {
    let mut decoder = Decoder::with_ip(64, code, 0, DecoderOptions::NONE);
    let mut formatter = GasFormatter::new();
    let mut text = String::new();
    for instruction in &mut decoder {
        let mut line = String::new();
        formatter.format(&instruction, &mut line);
        text += &format!("{:4x}: {line}\n", instruction.ip());
    }
    text
}

/// What most processors made since 2013 have, so that listings do not depend on the one at hand.
fn x86_64_v3() -> ProcessorFeatures {
    let mut processor = ProcessorFeatures::baseline(Architecture::X86_64);
    for feature in [
        "has_avx",
        "has_avx2",
        "has_bmi1",
        "has_bmi2",
        "has_fma",
        "has_lzcnt",
    ] {
        processor.enabled.push(feature.to_owned());
    }
    processor.enabled.sort();
    processor
}
