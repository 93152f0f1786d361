//! Definitions of types: records, variants, enums, flags, resources and aliases.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::{Generics, Result};
use wit_parser::{Enum, Flags, Record, Type, TypeDefKind, TypeId, TypeOwner, Variant};

use super::generator::Generator;
use super::place::{Direction, Place};
use super::types::{Contents, Mode};
use crate::attributes::docs;
use crate::expand::{self, Case, Field, Model, Shape};
use crate::flags::{self, Flag};
use crate::names;
use crate::options::find;

impl Generator<'_> {
    /// The definition of a type that has a name.
    pub(super) fn definition(&self, id: TypeId, place: Place) -> Result<TokenStream> {
        let ty = &self.resolve.types[id];
        let ident = names::camel(ty.name.as_deref().unwrap_or("unnamed"));
        let contents = self.contents(&Type::Id(id), place);
        let definition = match &ty.kind {
            TypeDefKind::Record(record) => self.record(&ident, record, contents, place)?,
            TypeDefKind::Variant(variant) => self.variant(&ident, variant, contents, place)?,
            TypeDefKind::Enum(cases) => self.enumeration(&ident, cases),
            TypeDefKind::Flags(flags) => self.flags(&ident, flags),
            TypeDefKind::Resource => return Ok(self.resource(id, &ident, place)),
            TypeDefKind::Type(_)
            | TypeDefKind::Option(_)
            | TypeDefKind::Result(_)
            | TypeDefKind::Tuple(_)
            | TypeDefKind::List(_)
            | TypeDefKind::Map(_, _)
            | TypeDefKind::FixedLengthList(_, _)
            | TypeDefKind::Handle(_)
            | TypeDefKind::Future(_)
            | TypeDefKind::Stream(_)
            | TypeDefKind::Unknown => {
                let rust = self.rust_structure(id, &Mode::Owned, place)?;
                quote!(pub type #ident = #rust;)
            }
        };
        let docs = docs(&ty.docs);
        let error = if self.errors.contains(&id) {
            self.error(&ident, &ty.kind)
        } else {
            TokenStream::new()
        };
        Ok(quote!(#docs #definition #error))
    }

    /// The derives of a record or a variant.
    fn derives(&self, contents: Contents) -> TokenStream {
        let more = &self.options.derives;
        let mut derives = quote!(Debug);
        if !contents.resources {
            derives.extend(quote!(, Clone));
            if !contents.lists {
                derives.extend(quote!(, Copy));
            }
        }
        let given = |path: &&syn::Path| {
            let known = ["Debug", "Clone", "Copy"]
                .iter()
                .any(|known| path.is_ident(known));
            !known
        };
        let more = more.iter().filter(given);
        quote!(#[derive(#derives #(, #more)*)])
    }

    fn model(&self, ident: &Ident, shape: Shape) -> TokenStream {
        let model = Model {
            root: self.root.clone(),
            ident: ident.clone(),
            generics: Generics::default(),
            shape,
        };
        let (check, lift, lower) = (
            expand::component_type(&model),
            expand::lift(&model),
            expand::lower(&model),
        );
        quote!(#check #lift #lower)
    }

    fn record(
        &self,
        ident: &Ident,
        record: &Record,
        contents: Contents,
        place: Place,
    ) -> Result<TokenStream> {
        let (mut fields, mut said) = (Vec::new(), Vec::new());
        for field in &record.fields {
            let (name, docs) = (names::snake(&field.name), docs(&field.docs));
            let ty = self.rust(&field.ty, &Mode::Owned, place)?;
            said.push(quote!(#docs pub #name: #ty));
            fields.push(Field {
                ident: name,
                name: field.name.clone(),
                ty,
            });
        }
        let derives = self.derives(contents);
        let implementations = self.model(ident, Shape::Record(fields));
        Ok(quote! {
            #derives
            pub struct #ident { #(#said,)* }
            #implementations
        })
    }

    fn variant(
        &self,
        ident: &Ident,
        variant: &Variant,
        contents: Contents,
        place: Place,
    ) -> Result<TokenStream> {
        let (mut cases, mut said) = (Vec::new(), Vec::new());
        for case in &variant.cases {
            let (name, docs) = (names::camel(&case.name), docs(&case.docs));
            let ty = match &case.ty {
                Some(ty) => Some(self.rust(ty, &Mode::Owned, place)?),
                None => None,
            };
            said.push(match &ty {
                Some(ty) => quote!(#docs #name(#ty)),
                None => quote!(#docs #name),
            });
            cases.push(Case {
                ident: name,
                name: case.name.clone(),
                ty,
            });
        }
        let derives = self.derives(contents);
        let implementations = self.model(ident, Shape::Variant(cases));
        Ok(quote! {
            #derives
            pub enum #ident { #(#said,)* }
            #implementations
        })
    }

    fn enumeration(&self, ident: &Ident, of: &Enum) -> TokenStream {
        let names: Vec<Ident> = of
            .cases
            .iter()
            .map(|case| names::camel(&case.name))
            .collect();
        let docs = of.cases.iter().map(|case| docs(&case.docs));
        let cases = of.cases.iter().zip(&names).map(|(case, ident)| Case {
            ident: ident.clone(),
            name: case.name.clone(),
            ty: None,
        });
        let known = ["Debug", "Clone", "Copy", "PartialEq", "Eq", "Hash"];
        let more = self.options.derives.iter();
        let more = more.filter(|path| !known.iter().any(|known| path.is_ident(known)));
        let implementations = self.model(ident, Shape::Enum(cases.collect()));
        quote! {
            #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash #(, #more)*)]
            pub enum #ident { #(#docs #names,)* }
            #implementations
        }
    }

    fn flags(&self, ident: &Ident, of: &Flags) -> TokenStream {
        let flags = of.flags.iter().map(|flag| {
            let docs = docs(&flag.docs);
            Flag {
                attributes: syn::parse_quote!(#docs),
                ident: names::shouty(&flag.name),
                name: flag.name.clone(),
            }
        });
        flags::expand(&flags::Flags {
            root: self.root.clone(),
            attributes: Vec::new(),
            ident: ident.clone(),
            flags: flags.collect(),
        })
    }

    /// A type that stands for a resource type: the one that was given, or one of its own.
    fn resource(&self, id: TypeId, ident: &Ident, place: Place) -> TokenStream {
        let ty = &self.resolve.types[id];
        let (root, docs) = (&self.root, docs(&ty.docs));
        if place.direction == Direction::Export {
            return quote!(#docs pub type #ident = #root::ResourceAny;);
        }
        let interface = match ty.owner {
            TypeOwner::Interface(interface) => Some(interface),
            TypeOwner::World(_) | TypeOwner::None => None,
        };
        let names = self.option_names(interface, ty.name.as_deref().unwrap_or_default());
        let given = names.iter().find_map(|name| find(&self.options.with, name));
        match given {
            Some(path) => {
                let (up, alias) = (place.up(), self.alias(path));
                quote!(#docs pub type #ident = #up #alias;)
            }
            None => quote!(#docs #[derive(Debug)] pub enum #ident {}),
        }
    }

    /// What makes a type one of errors.
    fn error(&self, ident: &Ident, kind: &TypeDefKind) -> TokenStream {
        let said = match kind {
            TypeDefKind::Enum(of) => {
                let idents = of.cases.iter().map(|case| names::camel(&case.name));
                let idents: Vec<Ident> = idents.collect();
                let names = of.cases.iter().map(|case| &case.name);
                let messages = of.cases.iter().map(|case| {
                    let contents = case.docs.contents.as_deref().unwrap_or_default();
                    contents.trim().to_owned()
                });
                return quote! {
                    impl #ident {
                        /// What WIT calls it.
                        #[must_use]
                        pub fn name(&self) -> &'static str {
                            match self { #(Self::#idents => #names,)* }
                        }

                        /// What WIT says of it.
                        #[must_use]
                        pub fn message(&self) -> &'static str {
                            match self { #(Self::#idents => #messages,)* }
                        }
                    }

                    impl ::core::fmt::Display for #ident {
                        fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                            write!(f, "{} (error {})", self.name(), *self as i32)
                        }
                    }

                    impl ::std::error::Error for #ident {}
                };
            }
            TypeDefKind::Record(_) | TypeDefKind::Variant(_) => quote!(write!(f, "{self:?}")),
            _ => return TokenStream::new(),
        };
        quote! {
            impl ::core::fmt::Display for #ident {
                fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                    #said
                }
            }

            impl ::std::error::Error for #ident {}
        }
    }
}
