//! WebAssembly proposals as run-time bits: which there are, what they are called, which are on.
//!
//! One row of the table is one proposal. Nothing else in the workspace lists them; the command's
//! flags, the engine's configuration and error messages are made from [`Feature::ALL`].

use wasmparser::WasmFeatures;

macro_rules! features {
    ($( $(#[doc = $doc:literal])+ $variant:ident = $name:literal, $wasm:ident, $on:literal; )*) => {
        /// A WebAssembly proposal.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum Feature {
            $( $(#[doc = $doc])+ $variant, )*
        }

        impl Feature {
            /// Every proposal, in the order in which they were standardised, roughly.
            pub const ALL: &'static [Feature] = &[$(Feature::$variant),*];

            /// Its name on the command line, for example `tail-call`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Feature::$variant => $name,)* }
            }

            /// One line that says what it adds.
            #[must_use]
            pub fn summary(self) -> &'static str {
                match self { $(Feature::$variant => concat!($($doc),+).trim(),)* }
            }

            /// Whether it is on unless it is turned off.
            #[must_use]
            pub const fn on_by_default(self) -> bool {
                match self { $(Feature::$variant => $on,)* }
            }

            const fn wasm(self) -> WasmFeatures {
                match self { $(Feature::$variant => WasmFeatures::$wasm,)* }
            }
        }
    };
}

features! {
    /// Imports and exports of mutable globals
    MutableGlobals = "mutable-globals", MUTABLE_GLOBAL, true;
    /// Float-to-integer conversions that saturate instead of trapping
    SaturatingFloatToInt = "saturating-float-to-int", SATURATING_FLOAT_TO_INT, true;
    /// Sign extension of 8, 16 and 32 bits (`i32.extend8_s`)
    SignExtension = "sign-extension", SIGN_EXTENSION, true;
    /// Functions and blocks with several results, blocks with parameters
    MultiValue = "multi-value", MULTI_VALUE, true;
    /// `memory.copy`, `memory.fill`, passive segments and what they need
    BulkMemory = "bulk-memory", BULK_MEMORY, true;
    /// `externref`, references as values, several tables
    ReferenceTypes = "reference-types", REFERENCE_TYPES, true;
    /// 128-bit vectors
    Simd = "simd", SIMD, true;
    /// Vector operators whose result the processor may choose within bounds
    RelaxedSimd = "relaxed-simd", RELAXED_SIMD, true;
    /// `return_call` and `return_call_indirect`
    TailCall = "tail-call", TAIL_CALL, true;
    /// Arithmetic and earlier globals in constant expressions
    ExtendedConst = "extended-const", EXTENDED_CONST, true;
    /// More than one memory in a module
    MultiMemory = "multi-memory", MULTI_MEMORY, true;
    /// Memories and tables with 64-bit addresses
    Memory64 = "memory64", MEMORY64, true;
    /// Shared memories and atomic operators
    Threads = "threads", THREADS, true;
    /// Memories with pages of one byte
    CustomPageSizes = "custom-page-sizes", CUSTOM_PAGE_SIZES, true;
    /// 128-bit addition, subtraction and widening multiplication
    WideArithmetic = "wide-arithmetic", WIDE_ARITHMETIC, true;
    /// A shorter encoding of many imports from one module
    CompactImports = "compact-imports", COMPACT_IMPORTS, true;
    /// Typed function references: `call_ref`, references that are never null
    FunctionReferences = "function-references", FUNCTION_REFERENCES, true;
    /// Structs, arrays, `i31ref`, casts, and types in recursion groups
    Gc = "gc", GC, true;
    /// Exceptions with `try_table`, `throw` and `exnref`
    Exceptions = "exceptions", EXCEPTIONS, true;
    /// Exceptions as they were first shipped, with `try` and `catch`
    LegacyExceptions = "legacy-exceptions", LEGACY_EXCEPTIONS, true;
    /// Exact types; what makes and reads descriptors is only validated
    CustomDescriptors = "custom-descriptors", CUSTOM_DESCRIPTORS, false;
    /// Continuations: `cont.new`, `resume`, `suspend`, `switch`
    StackSwitching = "stack-switching", STACK_SWITCHING, false;
    /// Components: modules with an interface, linked by it
    ComponentModel = "component-model", COMPONENT_MODEL, true;
    /// `map` types in components
    ComponentMaps = "component-model-map", CM_MAP, true;
    /// Lists of a fixed length in components
    ComponentFixedLengthLists = "component-model-fixed-length-lists", CM_FIXED_LENGTH_LISTS, false;
    /// Imports and exports of components that say which interface they implement
    ComponentImplements = "component-model-implements", CM_IMPLEMENTS, true;
    /// Functions, streams and futures that wait: validated, they trap when called
    ComponentAsync = "component-model-async", CM_ASYNC, false;
}

impl Feature {
    /// The proposal called `name`; `_` may stand for `-`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Feature> {
        let name = name.trim().replace('_', "-");
        Feature::ALL.iter().copied().find(|f| f.name() == name)
    }

    /// Proposals that this one is built on, so that turning it on turns them on.
    #[must_use]
    pub const fn needs(self) -> &'static [Feature] {
        match self {
            Feature::RelaxedSimd => &[Feature::Simd],
            Feature::ReferenceTypes => &[Feature::BulkMemory],
            Feature::FunctionReferences | Feature::Exceptions => {
                &[Feature::ReferenceTypes, Feature::BulkMemory]
            }
            Feature::ComponentMaps
            | Feature::ComponentFixedLengthLists
            | Feature::ComponentImplements
            | Feature::ComponentAsync => &[Feature::ComponentModel],
            Feature::Gc => &[
                Feature::FunctionReferences,
                Feature::ReferenceTypes,
                Feature::BulkMemory,
            ],
            Feature::CustomDescriptors => &[
                Feature::Gc,
                Feature::FunctionReferences,
                Feature::ReferenceTypes,
                Feature::BulkMemory,
            ],
            Feature::StackSwitching => &[
                Feature::Exceptions,
                Feature::Gc,
                Feature::FunctionReferences,
                Feature::ReferenceTypes,
                Feature::BulkMemory,
            ],
            Feature::MutableGlobals
            | Feature::SaturatingFloatToInt
            | Feature::SignExtension
            | Feature::MultiValue
            | Feature::BulkMemory
            | Feature::Simd
            | Feature::TailCall
            | Feature::ExtendedConst
            | Feature::MultiMemory
            | Feature::Memory64
            | Feature::Threads
            | Feature::CustomPageSizes
            | Feature::WideArithmetic
            | Feature::CompactImports
            | Feature::LegacyExceptions
            | Feature::ComponentModel => &[],
        }
    }

    /// Whether no operator of it can be executed but on values of types that only it has, so that a module that uses
    /// it declares such types; or no module can use it at all.
    pub(crate) const fn shows_in_types(self) -> bool {
        matches!(self, Feature::CustomDescriptors) || self.is_of_components()
    }

    /// Whether it is about components, so that no core module can need it.
    #[must_use]
    pub const fn is_of_components(self) -> bool {
        matches!(self, Feature::ComponentModel) || matches!(self.needs(), [Feature::ComponentModel])
    }

    const fn bit(self) -> u64 {
        1 << self as u8
    }
}

impl std::fmt::Display for Feature {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// A set of proposals: those that a module may use.
#[derive(Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct Features {
    bits: u64,
}

impl Default for Features {
    fn default() -> Self {
        let mut features = Features::mvp();
        for &feature in Feature::ALL {
            features.set(feature, feature.on_by_default());
        }
        features
    }
}

impl std::fmt::Debug for Features {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl Features {
    /// WebAssembly 1.0 without any proposal.
    #[must_use]
    pub const fn mvp() -> Features {
        Features { bits: 0 }
    }

    /// Every proposal that the decoder knows, executable or not.
    #[must_use]
    pub fn all() -> Features {
        Feature::ALL.iter().copied().collect()
    }

    /// Whether `feature` is on.
    #[must_use]
    pub const fn contains(self, feature: Feature) -> bool {
        self.bits & feature.bit() != 0
    }

    /// Turns exactly `feature` on or off.
    pub fn set(&mut self, feature: Feature, on: bool) -> &mut Self {
        if on {
            self.bits |= feature.bit();
        } else {
            self.bits &= !feature.bit();
        }
        self
    }

    /// Turns `feature` on with everything it is built on.
    pub fn enable(&mut self, feature: Feature) -> &mut Self {
        self.set(feature, true);
        for &needed in feature.needs() {
            self.set(needed, true);
        }
        self
    }

    /// Turns `feature` off with everything that is built on it.
    pub fn disable(&mut self, feature: Feature) -> &mut Self {
        self.set(feature, false);
        for &other in Feature::ALL {
            if other.needs().contains(&feature) {
                self.set(other, false);
            }
        }
        self
    }

    /// The proposals that are on.
    pub fn iter(self) -> impl Iterator<Item = Feature> {
        Feature::ALL
            .iter()
            .copied()
            .filter(move |&f| self.contains(f))
    }

    /// Applies a list as given on the command line, from left to right: `gc` or `+gc` turns a
    /// proposal on, `-simd` turns one off, `all`, `-all`, `default` and `mvp` speak of every one.
    ///
    /// # Errors
    /// Names the word that is no proposal, and those that there are.
    ///
    /// ```
    /// use silica_module::{Feature, Features};
    /// let mut features = Features::default();
    /// features.apply("gc,-simd")?;
    /// assert!(features.contains(Feature::Gc) && !features.contains(Feature::RelaxedSimd));
    /// # Ok::<(), silica_module::UnknownFeature>(())
    /// ```
    pub fn apply(&mut self, list: &str) -> Result<(), UnknownFeature> {
        for word in list.split(',').map(str::trim).filter(|w| !w.is_empty()) {
            let (on, name) = match word.strip_prefix('-') {
                Some(name) => (false, name),
                None => (true, word.strip_prefix('+').unwrap_or(word)),
            };
            match (name, on) {
                ("all", true) => *self = Features::all(),
                ("default", true) => *self = Features::default(),
                ("all", false) | ("mvp", true) => *self = Features::mvp(),
                _ => {
                    let feature =
                        Feature::from_name(name).ok_or_else(|| UnknownFeature(name.to_owned()))?;
                    if on {
                        self.enable(feature);
                    } else {
                        self.disable(feature);
                    }
                }
            }
        }
        Ok(())
    }

    /// What function bodies are validated with.
    pub(crate) fn for_bodies(self) -> WasmFeatures {
        let base = WasmFeatures::FLOATS.union(WasmFeatures::GC_TYPES);
        self.iter().fold(base, |all, f| all.union(f.wasm()))
    }

    /// What components are validated with, the modules in them included.
    #[must_use]
    pub fn for_components(self) -> WasmFeatures {
        self.for_sections()
    }

    /// What sections are validated with. `wasmparser` ties `global.get` of a global defined in the
    /// same module to the GC proposal, although it needs no garbage collector. Here it belongs to
    /// extended constants; what else the bit would admit is refused when types are converted.
    pub(crate) fn for_sections(self) -> WasmFeatures {
        let features = self.for_bodies();
        if self.contains(Feature::ExtendedConst) {
            features.union(WasmFeatures::GC)
        } else {
            features
        }
    }
}

impl From<Feature> for Features {
    fn from(feature: Feature) -> Features {
        Features {
            bits: feature.bit(),
        }
    }
}

impl std::ops::BitOr for Features {
    type Output = Features;

    /// Those of both sets.
    fn bitor(self, other: Features) -> Features {
        Features {
            bits: self.bits | other.bits,
        }
    }
}

impl std::ops::BitOrAssign for Features {
    fn bitor_assign(&mut self, other: Features) {
        *self = *self | other;
    }
}

impl FromIterator<Feature> for Features {
    fn from_iter<I: IntoIterator<Item = Feature>>(features: I) -> Self {
        let bits = features.into_iter().fold(0, |bits, f| bits | f.bit());
        Features { bits }
    }
}

impl std::str::FromStr for Features {
    type Err = UnknownFeature;

    /// [`Features::apply`] to the default set.
    fn from_str(list: &str) -> Result<Self, Self::Err> {
        let mut features = Features::default();
        features.apply(list)?;
        Ok(features)
    }
}

/// A word that names no proposal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownFeature(pub String);

impl std::error::Error for UnknownFeature {}

impl std::fmt::Display for UnknownFeature {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "no proposal is called `{}`; there are ", self.0)?;
        for (i, feature) in Feature::ALL.iter().enumerate() {
            if i > 0 {
                f.write_str(", ")?;
            }
            f.write_str(feature.name())?;
        }
        Ok(())
    }
}

/// The proposal of ours that `wasmparser` missed, if it is one that can be turned on.
pub(crate) fn missing(features: WasmFeatures) -> Option<Feature> {
    Feature::ALL
        .iter()
        .copied()
        .find(|f| features.intersects(f.wasm()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_found_again() {
        for &feature in Feature::ALL {
            assert_eq!(Feature::from_name(feature.name()), Some(feature));
            assert!(!feature.summary().is_empty());
        }
        assert_eq!(Feature::from_name("tail_call"), Some(Feature::TailCall));
    }

    #[test]
    fn defaults_are_closed_under_what_they_need() {
        for feature in Features::default().iter() {
            for &needed in feature.needs() {
                assert!(Features::default().contains(needed));
            }
        }
    }

    #[test]
    fn lists_apply_from_left_to_right() {
        let features: Features = "-all,gc,-reference-types,simd".parse().unwrap();
        assert!(features.contains(Feature::Simd) && features.contains(Feature::BulkMemory));
        assert!(!features.contains(Feature::Gc));
        let error = "gcc".parse::<Features>().unwrap_err().to_string();
        assert!(error.contains("`gcc`") && error.contains("tail-call"));
    }
}
