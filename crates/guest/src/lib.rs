//! The guest's side of a world in WIT: [`bindgen!`] makes functions of what the world imports, and traits of what it
//! exports, for a program that becomes a component. The host's side of the same WIT is `silica::component::bindgen!`.
//!
//! A library with `crate-type = ["cdylib"]`, this crate as its only dependency, and the code below, is a component
//! when it was built for `wasm32-wasip2`. On `wasm32-unknown-unknown` it is a module that says which component it wants to be,
//! which tools such as `wasm-tools component new` make of it.
//!
//! ```
//! silica_guest::bindgen!({
//!     inline: "
//!         package docs:greet;
//!         interface names { of: func(number: u32) -> string; }
//!         world greeter { import names; export greet: func(number: u32) -> string; }
//!     ",
//! });
//!
//! struct Greeter;
//!
//! impl Guest for Greeter {
//!     fn greet(number: u32) -> String {
//!         format!("Good day, {}.", docs::greet::names::of(number))
//!     }
//! }
//!
//! export!(Greeter);
//! # fn main() {}
//! ```
//!
//! Nothing here knows of the engine. The work is done by `wit-bindgen`, whose options these are, and whose code runs in the guest.

#![no_std]
#![forbid(unsafe_code)]

pub use wit_bindgen::{
    FutureReader, FutureWriter, StreamReader, StreamResult, StreamWriter, block_on,
};

/// What generated code names, so that whoever uses it needs no other crate.
#[doc(hidden)]
pub use wit_bindgen::{generate as __generate, rt as __rt};

/// Makes Rust's functions, types and traits of a world in WIT, for the guest's side.
///
/// What the world imports becomes functions, in a module for each interface. What it exports becomes traits named `Guest`, beside the
/// exported interface's types or, for functions of the world itself, where the macro is; and the macro `export!`, which is told
/// the type that implements them all.
///
/// `path` is a file or a folder, beside `Cargo.toml`, or several, of which earlier ones may be used by later ones; `wit` unless it is said. What is
/// wrong with the WIT is told with its file, line and column. As for a host, `bindgen!("world" in "path")`, `bindgen!("world")` and
/// `bindgen!(in "path")` are short forms.
///
/// | option | what it says |
/// |---|---|
/// | `world: "ns:package/world"` | which world; not needed where there is one |
/// | `path: "wit"`, `path: ["a", "b"]` | where the WIT is |
/// | `inline: "…"` | WIT here, which may use what is at `path` |
/// | `features: ["name"]` | items that are `@unstable` and wanted all the same |
/// | `generate_all` | interfaces of other packages are made, too |
/// | `with: { "ns:package/interface": module, "ns:package/other": generate }` | an interface was made elsewhere; another is to be made here |
/// | `ownership: Borrowing { duplicate_if_necessary: false }` | records that are only passed borrow their strings and lists |
/// | `sync: true`, `sync: ["export:ns:package/interface#function"]` | functions that are `async` in WIT, without futures here |
/// | `skip: ["function"]` | imports that are not wanted |
/// | `additional_derives: [PartialEq]` | more derives for records, variants and enums |
/// | `generate_unused_types: true` | types that no function has, too |
/// | `merge_structurally_equal_types: true` | what is imported and exported by the same interface has the same types |
/// | `export_macro_name: "export"`, `pub_export_macro: true`, `default_bindings_module: "path"` | the macro that exports: its name, that others may use it, where its types are |
/// | `type_section_suffix: "name"` | where one world is made twice in a program |
/// | `runtime_path: "::silica_guest::__rt"` | where this crate is, if it was renamed |
///
/// The rest of `wit-bindgen`'s options are taken, too.
///
/// ```
/// mod bindings {
///     silica_guest::bindgen!({
///         inline: "
///             package docs:stacks;
///             interface stacks {
///                 resource stack { constructor(); push: func(value: string); pop: func() -> option<string>; }
///             }
///             world keeper { export stacks; }
///         ",
///     });
/// }
///
/// use bindings::exports::docs::stacks::stacks::{Guest, GuestStack};
/// use std::cell::RefCell;
///
/// struct Stack(RefCell<Vec<String>>);
///
/// impl GuestStack for Stack {
///     fn new() -> Stack { Stack(RefCell::default()) }
///     fn push(&self, value: String) { self.0.borrow_mut().push(value) }
///     fn pop(&self) -> Option<String> { self.0.borrow_mut().pop() }
/// }
///
/// struct Keeper;
///
/// impl Guest for Keeper {
///     type Stack = Stack;
/// }
///
/// bindings::export!(Keeper with_types_in bindings);
/// # fn main() {}
/// ```
///
/// ```compile_fail
/// silica_guest::bindgen!({ inline: "package docs:wrong; world wrong { export f: func() -> nothing-known; }" });
/// ```
#[macro_export]
macro_rules! bindgen {
    ({ $($options:tt)* }) => {
        $crate::__generate!({ runtime_path: "::silica_guest::__rt", $($options)* });
    };
    () => { $crate::bindgen!({}); };
    ($world:literal) => { $crate::bindgen!({ world: $world }); };
    ($world:literal in $path:literal) => { $crate::bindgen!({ world: $world, path: $path }); };
    (in $path:literal) => { $crate::bindgen!({ path: $path }); };
}
