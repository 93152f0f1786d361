//! Macros of `silica-component`: [`bindgen!`] makes Rust of WIT; derives make Rust types stand for a component's.
//!
//! Nothing here runs a component. Generated code names only `silica-component` (by whatever path it is given), so
//! whoever uses a macro needs no other crate. What users read about them is where that crate gives them on.

#![forbid(unsafe_code)]

mod attributes;
mod derive;
mod expand;
mod flags;
mod generate;
mod names;
mod options;
mod wit;

use proc_macro::TokenStream;
use syn::parse_macro_input;

/// Makes Rust's types and traits of a world in WIT, for the host's side.
///
/// What the world imports becomes a module for each interface, with a trait `Host` to implement and `add_to_linker`;
/// what it exports becomes methods that call it. `path` is a file or a folder, beside `Cargo.toml`, or several in
/// which later ones use earlier ones; `wit` unless it is said.
///
/// ```
/// mod host {
///     silica_component::bindgen!({
///         inline: "
///             package docs:greet;
///             interface names { of: func(number: u32) -> string; }
///             world greeter { import names; export greet: func(number: u32) -> string; }
///         ",
///         component_crate: silica_component,
///     });
/// }
///
/// struct Data { prefix: String }
///
/// impl host::docs::greet::names::Host for Data {
///     fn of(&mut self, number: u32) -> String { format!("{} {number}", self.prefix) }
/// }
///
/// # fn main() -> silica_engine::Result<()> {
/// use silica_component::{HasSelf, Linker};
/// let engine = silica_engine::Engine::default();
/// let mut linker = Linker::<Data>::new(&engine);
/// host::Greeter::add_to_linker::<_, HasSelf<_>>(&mut linker, |data| data)?;
/// # Ok(()) }
/// ```
///
/// | option | what it says |
/// |---|---|
/// | `world: "ns:package/world"` | which world; not needed where there is one |
/// | `path: "wit"`, `path: ["a", "b"]` | where the WIT is |
/// | `inline: "…"` | WIT here, which may use what is at `path` |
/// | `features: ["name"]` | items that are `@unstable` and wanted all the same |
/// | `imports: { default: trappable, "ns:package/interface": async, "ns:package/interface.function": … }` | how functions are implemented: `trappable` ones give a `Result` whose error stops the guest, `async` ones are futures |
/// | `exports: { default: async }` | how functions are called |
/// | `with: { "ns:package/interface/resource": Type, "ns:package/interface": module }` | a resource is this type; an interface was made elsewhere, and whoever made it links it |
/// | `trappable_error_type: { "ns:package/interface/error" => Type }` | functions whose error is this give the host's own, which `Host::convert_…` converts or makes a trap of |
/// | `additional_derives: [PartialEq]` | more derives for records, variants and enums |
/// | `require_store_data_send: true` | the store's data is `Send` |
/// | `component_crate: path` | where `silica-component` is, if not at `silica::component` |
#[proc_macro]
pub fn bindgen(input: TokenStream) -> TokenStream {
    let options = parse_macro_input!(input as options::Options);
    generate::generate(&options)
        .unwrap_or_else(|error| error.to_compile_error())
        .into()
}

/// Lets a struct stand for a record, an enum with values for a variant, and one without for an enum.
///
/// `#[component(name = "kebab-name")]` says what a field or a case is called, where that is not the Rust name in kebab
/// case; `#[component(enum)]` on an enum, or `#[component(variant)]`, which it is; `#[component(crate = path)]` where
/// `silica-component` is, if not at `silica::component`.
///
/// ```
/// use silica_component::{ComponentType, Lift, Lower};
/// #[derive(ComponentType, Lift, Lower)]
/// #[component(crate = silica_component)]
/// struct Point { x: f32, y: f32, #[component(name = "the-name")] name: Option<String> }
///
/// #[derive(ComponentType, Lift, Lower)]
/// #[component(crate = silica_component)]
/// enum Shape { Dot(Point), Line((Point, Point)), Nothing }
/// ```
#[proc_macro_derive(ComponentType, attributes(component))]
pub fn component_type(input: TokenStream) -> TokenStream {
    derived(input, expand::component_type)
}

/// Lets values of a component become this type. See [`ComponentType`](macro@ComponentType).
#[proc_macro_derive(Lift, attributes(component))]
pub fn lift(input: TokenStream) -> TokenStream {
    derived(input, expand::lift)
}

/// Lets values of this type be given to a component. See [`ComponentType`](macro@ComponentType).
#[proc_macro_derive(Lower, attributes(component))]
pub fn lower(input: TokenStream) -> TokenStream {
    derived(input, expand::lower)
}

fn derived(
    input: TokenStream,
    expand: fn(&expand::Model) -> proc_macro2::TokenStream,
) -> TokenStream {
    let input = parse_macro_input!(input as syn::DeriveInput);
    derive::model(&input)
        .map_or_else(|error| error.to_compile_error(), |model| expand(&model))
        .into()
}

/// Makes a type that stands for flags.
///
/// ```
/// silica_component::flags! {
///     #[component(crate = silica_component)]
///     Rights {
///         const READ;
///         #[component(name = "write-all")]
///         const WRITE;
///     }
/// }
/// let both = Rights::READ | Rights::WRITE;
/// assert!(both.contains(Rights::READ) && both == Rights::all());
/// assert_eq!(format!("{both:?}"), "Rights(READ | WRITE)");
/// ```
#[proc_macro]
pub fn flags(input: TokenStream) -> TokenStream {
    let flags = parse_macro_input!(input as flags::Flags);
    flags::expand(&flags).into()
}
