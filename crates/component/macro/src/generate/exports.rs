//! What the guest gives: for each interface a type whose methods call its functions.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use syn::{Lifetime, Result};
use wit_parser::{Function, FunctionKind, InterfaceId, TypeId, TypeOwner, WorldItem};

use super::function::method_name;
use super::generator::Generator;
use super::modules::Modules;
use super::place::{Direction, Place};
use super::types::Mode;
use crate::attributes::docs;
use crate::names;

/// What is made of one function.
pub(super) struct Call {
    /// The field that has it.
    pub(super) field: Ident,
    /// How that is found, of `store` and `instance`.
    pub(super) load: TokenStream,
    /// The method that calls it, through what `self` has.
    pub(super) method: TokenStream,
}

impl Generator<'_> {
    pub(super) fn exports(&self, modules: &mut Modules) -> Result<()> {
        for item in self.resolve.worlds[self.world].exports.values() {
            if let WorldItem::Interface { id, .. } = item {
                let segments = self.segments(*id, Direction::Export);
                modules.add(&segments, self.export(*id)?);
            }
        }
        Ok(())
    }

    /// The name by which a component exports an interface.
    pub(super) fn export_name(&self, interface: InterfaceId) -> String {
        match self.inline.get(&interface) {
            Some(name) => name.clone(),
            None => self.resolve.id_of(interface).unwrap_or_default(),
        }
    }

    fn export(&self, interface: InterfaceId) -> Result<TokenStream> {
        let place = self.place_of(interface, Direction::Export);
        let types = self.definitions(interface, place)?;
        let (root, group) = (&self.root, self.group(interface));
        let name = self.export_name(interface);
        let (mut fields, mut loads) = (Vec::new(), Vec::new());
        let mut methods = TokenStream::new();
        for function in &group.functions {
            let through = match function.kind.resource() {
                Some(_) => quote!(self.funcs),
                None => quote!(self),
            };
            let call = self.call(function, Some((interface, &name)), &through, place)?;
            fields.push(call.field);
            loads.push(call.load);
            if function.kind.resource().is_none() {
                methods.extend(call.method);
            }
        }
        let (mut accessors, mut resources) = (TokenStream::new(), TokenStream::new());
        for resource in &group.resources {
            let (accessor, guest) = self.guest_resource(*resource, &group.functions, place)?;
            accessors.extend(accessor);
            resources.extend(guest);
        }
        let docs = docs(&self.resolve.interfaces[interface].docs);
        Ok(quote! {
            #types
            #docs
            #[derive(Clone, Debug)]
            pub struct Guest { #(#fields: #root::Func,)* }

            impl Guest {
                /// Finds all of it in an instance.
                ///
                /// # Errors
                /// If something is not there, or of another type.
                pub fn new(
                    mut store: impl #root::__internal::AsContextMut,
                    instance: &#root::Instance,
                ) -> #root::__internal::Result<Guest> {
                    #(let #fields = #loads;)*
                    ::core::result::Result::Ok(Guest { #(#fields,)* })
                }

                #methods
                #accessors
            }

            #resources
        })
    }

    /// The methods of a guest's resource type, and how they are got at.
    fn guest_resource(
        &self,
        resource: TypeId,
        functions: &[&Function],
        place: Place,
    ) -> Result<(TokenStream, TokenStream)> {
        let ty = &self.resolve.types[resource];
        let name = ty.name.as_deref().unwrap_or_default();
        let (guest, accessor) = (
            format_ident!("Guest{}", names::camel_text(name)),
            names::snake(name),
        );
        let mut methods = TokenStream::new();
        for function in functions {
            if function.kind.resource() == Some(resource) {
                let of = self.owner(resource).map(|interface| (interface, ""));
                let call = self.call(function, of, &quote!(self.funcs), place)?;
                methods.extend(call.method);
            }
        }
        let docs = docs(&ty.docs);
        Ok((
            quote! {
                #docs
                #[must_use]
                pub fn #accessor(&self) -> #guest<'_> { #guest { funcs: self } }
            },
            quote! {
                #docs
                #[derive(Clone, Copy, Debug)]
                pub struct #guest<'a> { funcs: &'a Guest }

                impl #guest<'_> { #methods }
            },
        ))
    }

    /// How a function is found and called.
    pub(super) fn call(
        &self,
        function: &Function,
        interface: Option<(InterfaceId, &str)>,
        through: &TokenStream,
        place: Place,
    ) -> Result<Call> {
        let root = &self.root;
        let (idents, types) = self.parameters(function, &Mode::Borrowed(None), place)?;
        let forever: Lifetime = syn::parse_quote!('static);
        let (_, loaded) = self.parameters(function, &Mode::Borrowed(Some(forever)), place)?;
        let output = self.output(function, place)?;
        let (results, result) = match function.result {
            Some(_) => (quote!((#output,)), quote!(let (result,) = result;)),
            None => (quote!(()), TokenStream::new()),
        };
        let field = field_name(function);
        let method = match function.kind {
            FunctionKind::Constructor(_) => format_ident!("call_constructor"),
            _ => format_ident!(
                "call_{}",
                method_name(function).to_string().trim_end_matches('_')
            ),
        };
        let (name, docs) = (&function.name, docs(&function.docs));
        let names = self.function_names(function, interface.map(|(id, _)| id));
        let is_async = self.options.exports.of(&names).is_async;
        let interface = match interface {
            Some((_, interface)) => quote!(::core::option::Option::Some(#interface)),
            None => quote!(::core::option::Option::None),
        };
        let given = types;
        let types = quote!((#(#given,)*));
        let arguments = quote!((#(#idents,)*));
        let (start, store, call) = if is_async {
            (
                quote!(pub async fn #method<StoreData: ::core::marker::Send + 'static>),
                quote!(impl #root::__internal::AsContextMut<Data = StoreData>),
                quote!(call_checked_async::<StoreData, #types, #results>(store, #arguments).await?),
            )
        } else {
            (
                quote!(pub fn #method),
                quote!(impl #root::__internal::AsContextMut),
                quote!(call_checked::<#types, #results>(store, #arguments)?),
            )
        };
        Ok(Call {
            load: quote! {
                instance.get_checked_func::<(#(#loaded,)*), #results>(
                    &mut store, #interface, #name)?
            },
            method: quote! {
                #docs
                #start(
                    &self,
                    store: #store,
                    #(#idents: #given),*
                ) -> #root::__internal::Result<#output> {
                    let result = #through.#field.#call;
                    #result
                    ::core::result::Result::Ok(result)
                }
            },
            field,
        })
    }

    /// The interface that a type is of.
    fn owner(&self, ty: TypeId) -> Option<InterfaceId> {
        match self.resolve.types[ty].owner {
            TypeOwner::Interface(interface) => Some(interface),
            TypeOwner::World(_) | TypeOwner::None => None,
        }
    }
}

/// The field that has a function.
fn field_name(function: &Function) -> Ident {
    let name = function.name.replace(['[', ']', '.'], "-");
    format_ident!("func_{}", names::snake_text(&name))
}
