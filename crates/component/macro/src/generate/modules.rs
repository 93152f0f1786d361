//! Modules inside modules.

use std::collections::BTreeMap;

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use crate::attributes::allow;

/// What is in a module, with the modules inside it.
#[derive(Default)]
pub(super) struct Modules {
    inside: BTreeMap<Ident, Modules>,
    items: TokenStream,
}

impl Modules {
    /// Adds to the module that is found by `segments`.
    pub(super) fn add(&mut self, segments: &[Ident], items: TokenStream) {
        match segments.split_first() {
            Some((first, rest)) => {
                let inside = self.inside.entry(first.clone()).or_default();
                inside.add(rest, items);
            }
            None => self.items.extend(items),
        }
    }

    pub(super) fn tokens(&self) -> TokenStream {
        let allow = allow();
        let inside = self.inside.iter().map(|(name, module)| {
            let tokens = module.tokens();
            quote! {
                #allow
                pub mod #name { #tokens }
            }
        });
        let items = &self.items;
        quote!(#items #(#inside)*)
    }
}
