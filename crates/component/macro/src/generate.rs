//! The Rust of a world: a module for each interface, and a type for the world.

mod exports;
mod function;
mod generator;
mod imports;
mod modules;
mod place;
mod typedef;
mod types;
mod world;

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

use proc_macro2::TokenStream;
use quote::quote;
use syn::Result;

use crate::options::Options;
use crate::wit;
use generator::Generator;
use modules::Modules;

pub(crate) fn generate(options: &Options) -> Result<TokenStream> {
    let wit = wit::load(options)?;
    let mut generator = Generator {
        resolve: &wit.resolve,
        options,
        world: wit.world,
        root: options.root(),
        exported: HashSet::new(),
        inline: HashMap::new(),
        errors: HashSet::new(),
        trappable: HashMap::new(),
        aliases: RefCell::new(Vec::new()),
    };
    generator.survey()?;
    let mut modules = Modules::default();
    generator.imports(&mut modules)?;
    generator.exports(&mut modules)?;
    let world = generator.world_type()?;
    options.check_used()?;
    let files = wit
        .files
        .iter()
        .map(|path| path.to_string_lossy().into_owned());
    let aliases = generator.aliases.borrow();
    let aliases = aliases.iter().map(|(path, alias)| {
        quote! {
            #[allow(unused_imports)]
            use #path as #alias;
        }
    });
    let modules = modules.tokens();
    Ok(quote! {
        #(#aliases)*
        #world
        #modules
        // Whoever changes the WIT has this made again.
        const _: () = { #(let _ = include_str!(#files);)* };
    })
}
