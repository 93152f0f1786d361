//! What all generated code is made from, and the names by which options speak of it.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use syn::{Error, Result};
use wit_parser::{InterfaceId, Resolve, TypeId, WorldId, WorldItem, WorldKey};

use crate::options::{Options, find};

/// What everything here works with.
pub(super) struct Generator<'a> {
    pub(super) resolve: &'a Resolve,
    pub(super) options: &'a Options,
    pub(super) world: WorldId,
    /// Where `silica-component` is.
    pub(super) root: TokenStream,
    pub(super) exported: HashSet<InterfaceId>,
    /// Names of interfaces that are written in the world itself.
    pub(super) inline: HashMap<InterfaceId, String>,
    /// Types that are errors of functions.
    pub(super) errors: HashSet<TypeId>,
    /// The host's own errors, by the type that they become.
    pub(super) trappable: HashMap<TypeId, Ident>,
    /// Names for paths that were given, where all modules find them.
    pub(super) aliases: RefCell<Vec<(TokenStream, Ident)>>,
}

impl Generator<'_> {
    /// What must be known before anything is made.
    pub(super) fn survey(&mut self) -> Result<()> {
        let world = &self.resolve.worlds[self.world];
        for (key, item) in world.imports.iter().chain(&world.exports) {
            if let (WorldKey::Name(name), WorldItem::Interface { id, .. }) = (key, item) {
                self.inline.insert(*id, name.clone());
            }
        }
        for item in world.exports.values() {
            if let WorldItem::Interface { id, .. } = item {
                self.exported.insert(*id);
            }
        }
        for item in world.imports.values().chain(world.exports.values()) {
            match item {
                WorldItem::Interface { id, .. } => {
                    let functions = &self.resolve.interfaces[*id].functions;
                    functions
                        .values()
                        .for_each(|function| self.note_error(function));
                }
                WorldItem::Function(function) => self.note_error(function),
                WorldItem::Type { .. } => {}
            }
        }
        for named in &self.options.trappable_errors {
            let name = named.name.value();
            let id = self.type_of_name(&name);
            let missing = || Error::new(named.name.span(), format!("there is no type `{name}`"));
            let id = self.target(id.ok_or_else(missing)?);
            // Whether it is used shows where a function gives it.
            let _ = find(&self.options.trappable_errors, &name);
            let alias = self.alias(&named.value);
            self.trappable.insert(id, alias);
        }
        Ok(())
    }

    pub(super) fn note_error(&mut self, function: &wit_parser::Function) {
        if let Some((_, Some(wit_parser::Type::Id(error)))) = self.result_of(function) {
            let error = self.target(error);
            self.errors.insert(error);
        }
    }

    /// The name by which all modules find `path`, which is written as from where the macro is.
    pub(super) fn alias(&self, path: &syn::Path) -> Ident {
        let mut aliases = self.aliases.borrow_mut();
        let tokens = quote!(#path);
        let text = tokens.to_string();
        if let Some((_, alias)) = aliases.iter().find(|(path, _)| path.to_string() == text) {
            return alias.clone();
        }
        let alias = format_ident!("__with_name{}", aliases.len());
        aliases.push((tokens, alias.clone()));
        alias
    }

    /// The names by which options say what is in an interface, or in the world.
    pub(super) fn option_names(&self, interface: Option<InterfaceId>, item: &str) -> Vec<String> {
        let Some(interface) = interface else {
            return vec![item.to_owned()];
        };
        let of = self.interface_names(interface);
        let separators = ['.', '/', '#'];
        of.iter()
            .flat_map(|of| separators.map(|separator| format!("{of}{separator}{item}")))
            .collect()
    }

    /// The names by which options speak of a function, the most particular first.
    pub(super) fn function_names(
        &self,
        function: &wit_parser::Function,
        interface: Option<InterfaceId>,
    ) -> Vec<String> {
        let mut names = self.option_names(interface, &function.name);
        names.extend(
            interface
                .into_iter()
                .flat_map(|id| self.interface_names(id)),
        );
        names
    }

    /// What an interface is called: with its version and without.
    pub(super) fn interface_names(&self, interface: InterfaceId) -> Vec<String> {
        if let Some(name) = self.inline.get(&interface) {
            return vec![name.clone()];
        }
        let mut names: Vec<String> = self.resolve.id_of(interface).into_iter().collect();
        if let Some((plain, _)) = names.first().and_then(|name| name.rsplit_once('@')) {
            names.push(plain.to_owned());
        }
        names
    }

    /// The type that an option names.
    pub(super) fn type_of_name(&self, name: &str) -> Option<TypeId> {
        let all = self.resolve.interfaces.iter().flat_map(|(id, interface)| {
            let types = interface.types.iter();
            types.map(move |(name, ty)| (Some(id), name, *ty))
        });
        let world = self.resolve.worlds[self.world].imports.iter();
        let in_world = world.filter_map(|(key, item)| match (key, item) {
            (WorldKey::Name(name), WorldItem::Type { id, .. }) => Some((None, name, *id)),
            _ => None,
        });
        all.chain(in_world)
            .filter(|(interface, item, _)| {
                interface.is_none_or(|id| self.is_of_world(id))
                    && self
                        .option_names(*interface, item)
                        .iter()
                        .any(|there| there == name)
            })
            .map(|(_, _, ty)| ty)
            .next()
    }

    pub(super) fn is_of_world(&self, interface: InterfaceId) -> bool {
        let world = &self.resolve.worlds[self.world];
        let mut items = world.imports.values().chain(world.exports.values());
        items.any(|item| matches!(item, WorldItem::Interface { id, .. } if *id == interface))
    }

    /// The module that stands for an imported interface and was made elsewhere.
    pub(super) fn replaced(&self, interface: InterfaceId) -> Option<TokenStream> {
        let names = self.interface_names(interface);
        for name in &names {
            if let Some(path) = find(&self.options.with, name) {
                let alias = self.alias(path);
                return Some(quote!(#alias));
            }
        }
        let id = &self.resolve.interfaces[interface];
        for name in &names {
            let (package, _) = name.split_once('/')?;
            let version = name
                .rsplit_once('@')
                .map(|(_, version)| format!("@{version}"));
            let package = format!("{package}{}", version.unwrap_or_default());
            if let Some(path) = find(&self.options.with, &package) {
                let alias = self.alias(path);
                let module = crate::names::snake(id.name.as_deref()?);
                return Some(quote!(#alias::#module));
            }
        }
        None
    }
}
