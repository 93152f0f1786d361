//! What functions are in Rust: names, parameters, results.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use syn::Result;
use wit_parser::{AccessorKind, Function, FunctionKind, InterfaceId, Type, TypeId};

use super::generator::Generator;
use super::place::{Direction, Place};
use super::types::Mode;
use crate::names;

/// How the error of a function is one of the host's own.
pub(super) struct HostError {
    /// The path of the host's type.
    pub(super) path: TokenStream,
    /// The type that it becomes.
    pub(super) ty: TypeId,
}

/// What a function is called in Rust.
pub(super) fn method_name(function: &Function) -> Ident {
    if matches!(function.kind, FunctionKind::Constructor(_)) {
        return format_ident!("new");
    }
    let name = names::snake_text(function.item_name());
    match function.kind.accessor() {
        Some(AccessorKind::Getter) => names::snake(&format!("get_{name}")),
        Some(AccessorKind::Setter) => names::snake(&format!("set_{name}")),
        None => names::snake(&name),
    }
}

impl Generator<'_> {
    /// The names and types of a function's parameters.
    pub(super) fn parameters(
        &self,
        function: &Function,
        mode: &Mode,
        place: Place,
    ) -> Result<(Vec<Ident>, Vec<TokenStream>)> {
        let (mut idents, mut types) = (Vec::new(), Vec::new());
        for param in &function.params {
            idents.push(names::snake(&param.name));
            types.push(self.rust(&param.ty, mode, place)?);
        }
        Ok((idents, types))
    }

    /// What a function gives.
    pub(super) fn output(&self, function: &Function, place: Place) -> Result<TokenStream> {
        match &function.result {
            Some(ty) => self.rust(ty, &Mode::Owned, place),
            None => Ok(quote!(())),
        }
    }

    /// The host's own error, where there is one for what a function gives.
    pub(super) fn host_error(&self, function: &Function, place: Place) -> Option<HostError> {
        let (_, Some(Type::Id(error))) = self.result_of(function)? else {
            return None;
        };
        let ty = self.target(error);
        let alias = self.trappable.get(&ty)?;
        let up = place.up();
        Some(HostError {
            path: quote!(#up #alias),
            ty,
        })
    }

    /// The name of the function that converts the host's own errors to `ty`.
    pub(super) fn converter(&self, ty: TypeId) -> Ident {
        let name = self.resolve.types[ty].name.as_deref().unwrap_or_default();
        format_ident!("convert_{}", names::snake_text(name))
    }

    /// The name of the trait for functions of a resource, or of an interface, or of the world.
    pub(super) fn trait_name(&self, function: &Function, interface: Option<InterfaceId>) -> Ident {
        match function.kind.resource() {
            Some(resource) => self.resource_trait(resource),
            None => self.interface_trait(interface),
        }
    }

    pub(super) fn interface_trait(&self, interface: Option<InterfaceId>) -> Ident {
        match interface {
            Some(_) => format_ident!("Host"),
            None => {
                let world = &self.resolve.worlds[self.world].name;
                format_ident!("{}Imports", names::camel_text(world))
            }
        }
    }

    pub(super) fn resource_trait(&self, resource: TypeId) -> Ident {
        let name = self.resolve.types[resource].name.as_deref();
        format_ident!("Host{}", names::camel_text(name.unwrap_or_default()))
    }

    /// The place of an interface's module.
    pub(super) fn place_of(&self, interface: InterfaceId, direction: Direction) -> Place {
        Place {
            depth: self.segments(interface, direction).len(),
            direction,
        }
    }
}
