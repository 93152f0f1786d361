//! Where generated code stands, and what it calls what stands elsewhere.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use wit_parser::{InterfaceId, TypeId, TypeOwner};

use super::generator::Generator;
use crate::names;

/// Whether the host gives something or the guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    Import,
    Export,
}

/// Where code stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// How many modules it is inside of.
    pub(super) depth: usize,
    /// What the interface is that it is of.
    pub(super) direction: Direction,
}

impl Place {
    /// What stands before a path from the outermost module.
    pub(super) fn up(self) -> TokenStream {
        if self.depth == 0 {
            return quote!(self::);
        }
        let steps = (0..self.depth).map(|_| quote!(super::));
        quote!(#(#steps)*)
    }
}

impl Generator<'_> {
    /// The modules that an interface's is inside of, and it.
    pub(super) fn segments(&self, interface: InterfaceId, direction: Direction) -> Vec<Ident> {
        let mut segments = Vec::new();
        if direction == Direction::Export {
            segments.push(names::snake("exports"));
        }
        if let Some(name) = self.inline.get(&interface) {
            segments.push(names::snake(name));
            return segments;
        }
        let of = &self.resolve.interfaces[interface];
        if let Some(package) = of.package {
            let name = &self.resolve.packages[package].name;
            segments.push(names::snake(&name.namespace));
            segments.push(self.package_module(name));
        }
        segments.push(names::snake(of.name.as_deref().unwrap_or("interface")));
        segments
    }

    /// `io`, or `io0_2_0` where there are several versions of it.
    fn package_module(&self, name: &wit_parser::PackageName) -> Ident {
        let others = self.resolve.package_names.keys();
        let same =
            others.filter(|other| other.namespace == name.namespace && other.name == name.name);
        match (&name.version, same.count()) {
            (Some(version), 2..) => {
                let version = version.to_string().replace(['.', '-', '+'], "_");
                names::snake(&format!("{}{version}", names::snake_text(&name.name)))
            }
            (Some(_) | None, _) => names::snake(&name.name),
        }
    }

    /// What an interface is that `place` uses: the guest's where it exports it too.
    pub(super) fn direction_of(&self, interface: InterfaceId, place: Place) -> Direction {
        match place.direction {
            Direction::Export if self.exported.contains(&interface) => Direction::Export,
            Direction::Export | Direction::Import => Direction::Import,
        }
    }

    /// The path of an interface's module.
    pub(super) fn module(
        &self,
        interface: InterfaceId,
        direction: Direction,
        place: Place,
    ) -> TokenStream {
        let up = place.up();
        if direction == Direction::Import
            && let Some(path) = self.replaced(interface)
        {
            return quote!(#up #path);
        }
        let segments = self.segments(interface, direction);
        quote!(#up #(#segments)::*)
    }

    /// The path of a type that has a name.
    pub(super) fn type_path(&self, id: TypeId, place: Place) -> TokenStream {
        let ty = &self.resolve.types[id];
        let name = names::camel(ty.name.as_deref().unwrap_or("unnamed"));
        match ty.owner {
            TypeOwner::Interface(interface) => {
                let direction = self.direction_of(interface, place);
                let module = self.module(interface, direction, place);
                quote!(#module::#name)
            }
            TypeOwner::World(_) | TypeOwner::None => {
                let up = place.up();
                quote!(#up #name)
            }
        }
    }

    /// The place of what stands beside the world's type.
    pub(super) fn top(&self) -> Place {
        Place {
            depth: 0,
            direction: Direction::Import,
        }
    }
}
