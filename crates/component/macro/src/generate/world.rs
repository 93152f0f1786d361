//! The type that stands for a world's instances.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use syn::Result;
use wit_parser::{InterfaceId, WorldItem};

use super::generator::Generator;
use super::place::{Direction, Place};
use crate::attributes::{allow, docs};
use crate::names;

impl Generator<'_> {
    pub(super) fn world_type(&self) -> Result<TokenStream> {
        let world = &self.resolve.worlds[self.world];
        let name = names::camel(&world.name);
        let place = Place {
            depth: 0,
            direction: Direction::Export,
        };
        let (mut fields, mut loads) = (Vec::new(), Vec::new());
        let mut methods = TokenStream::new();
        for item in world.exports.values() {
            match item {
                WorldItem::Function(function) => {
                    let call = self.call(function, None, &quote!(self), place)?;
                    let (root, field) = (&self.root, &call.field);
                    fields.push((call.field.clone(), quote!(#root::Func)));
                    loads.push(call.load);
                    methods.extend(call.method);
                    let _ = field;
                }
                WorldItem::Interface { id, .. } => {
                    let (field, module) = (
                        self.accessor(*id),
                        self.module(*id, Direction::Export, place),
                    );
                    fields.push((format_ident!("interface_{field}"), quote!(#module::Guest)));
                    loads.push(quote!(#module::Guest::new(&mut store, instance)?));
                    methods.extend(self.guest_accessor(*id, &module));
                }
                WorldItem::Type { .. } => {}
            }
        }
        let idents = fields.iter().map(|(ident, _)| ident);
        let idents: Vec<&Ident> = idents.collect();
        let types = fields.iter().map(|(_, ty)| ty);
        let (root, docs, allow) = (&self.root, docs(&world.docs), allow());
        let making = self.making(&name);
        let add = self.add_world()?;
        let pre = self.pre(&name);
        Ok(quote! {
            #docs
            #allow
            #[derive(Clone, Debug)]
            pub struct #name { #(#idents: #types,)* }

            #allow
            impl #name {
                /// Finds all that the world exports in an instance.
                ///
                /// # Errors
                /// If something is not there, or of another type.
                pub fn new(
                    mut store: impl #root::__internal::AsContextMut,
                    instance: &#root::Instance,
                ) -> #root::__internal::Result<#name> {
                    #(let #idents = #loads;)*
                    ::core::result::Result::Ok(#name { #(#idents,)* })
                }

                #making
                #add
                #methods
            }

            #pre
        })
    }

    /// `wasi_cli_run`
    fn accessor(&self, interface: InterfaceId) -> Ident {
        let segments = self.segments(interface, Direction::Import);
        let text: Vec<String> = segments
            .iter()
            .map(|segment| segment.to_string().trim_end_matches('_').to_owned())
            .collect();
        names::snake(&text.join("_"))
    }

    fn guest_accessor(&self, interface: InterfaceId, module: &TokenStream) -> TokenStream {
        let accessor = self.accessor(interface);
        let field = format_ident!("interface_{accessor}");
        let docs = docs(&self.resolve.interfaces[interface].docs);
        quote! {
            #docs
            #[must_use]
            pub fn #accessor(&self) -> &#module::Guest { &self.#field }
        }
    }

    fn making(&self, name: &Ident) -> TokenStream {
        let (root, send) = (&self.root, self.send());
        quote! {
            /// Makes an instance of `component`, with what `linker` has.
            ///
            /// # Errors
            /// If something is not there, or of another type, or a start function traps.
            pub fn instantiate<T: 'static #send>(
                mut store: impl #root::__internal::AsContextMut<Data = T>,
                component: &#root::Component,
                linker: &#root::Linker<T>,
            ) -> #root::__internal::Result<#name> {
                let instance = linker.instantiate(&mut store, component)?;
                #name::new(store, &instance)
            }

            /// As `instantiate`, on a stack that asynchronous host functions suspend.
            ///
            /// # Errors
            /// As `instantiate`.
            pub async fn instantiate_async<T: ::core::marker::Send + 'static>(
                mut store: impl #root::__internal::AsContextMut<Data = T>,
                component: &#root::Component,
                linker: &#root::Linker<T>,
            ) -> #root::__internal::Result<#name> {
                let instance = linker.instantiate_async(&mut store, component).await?;
                #name::new(store, &instance)
            }
        }
    }

    /// Whether a component exports what the world does, of which the types are compared later.
    fn export_checks(&self) -> TokenStream {
        let mut checks = TokenStream::new();
        for item in self.resolve.worlds[self.world].exports.values() {
            match item {
                WorldItem::Function(function) => {
                    let name = &function.name;
                    checks
                        .extend(quote!(component.has_func(::core::option::Option::None, #name)?;));
                }
                WorldItem::Interface { id, .. } => {
                    let interface = self.export_name(*id);
                    for name in self.resolve.interfaces[*id].functions.keys() {
                        checks.extend(quote! {
                            component.has_func(::core::option::Option::Some(#interface), #name)?;
                        });
                    }
                }
                WorldItem::Type { .. } => {}
            }
        }
        checks
    }

    fn pre(&self, name: &Ident) -> TokenStream {
        let (root, send, allow) = (&self.root, self.send(), allow());
        let (pre, checks) = (format_ident!("{name}Pre"), self.export_checks());
        quote! {
            /// A component of this world with all that it imports, to be instantiated any number of times.
            #allow
            pub struct #pre<T: 'static> { instance_pre: #root::InstancePre<T> }

            #allow
            impl<T: 'static> ::core::clone::Clone for #pre<T> {
                fn clone(&self) -> Self {
                    #pre { instance_pre: self.instance_pre.clone() }
                }
            }

            #allow
            impl<T: 'static #send> #pre<T> {
                /// Looks whether the component exports what the world does.
                ///
                /// # Errors
                /// If something is not there.
                pub fn new(
                    instance_pre: #root::InstancePre<T>,
                ) -> #root::__internal::Result<#pre<T>> {
                    let component = instance_pre.component();
                    #checks
                    ::core::result::Result::Ok(#pre { instance_pre })
                }

                /// Makes an instance.
                ///
                /// # Errors
                /// If a start function traps, or the system or the store's limiter refuses.
                pub fn instantiate(
                    &self,
                    mut store: impl #root::__internal::AsContextMut<Data = T>,
                ) -> #root::__internal::Result<#name> {
                    let instance = self.instance_pre.instantiate(&mut store)?;
                    #name::new(store, &instance)
                }

                /// As `instantiate`, on a stack that asynchronous host functions suspend.
                ///
                /// # Errors
                /// As `instantiate`.
                pub async fn instantiate_async(
                    &self,
                    mut store: impl #root::__internal::AsContextMut<Data = T>,
                ) -> #root::__internal::Result<#name>
                where
                    T: ::core::marker::Send,
                {
                    let instance = self.instance_pre.instantiate_async(&mut store).await?;
                    #name::new(store, &instance)
                }

                /// The component with its imports.
                #[must_use]
                pub fn instance_pre(&self) -> &#root::InstancePre<T> { &self.instance_pre }

                /// The component.
                #[must_use]
                pub fn component(&self) -> &#root::Component { self.instance_pre.component() }
            }
        }
    }

    fn add_world(&self) -> Result<TokenStream> {
        let (root, send, place) = (&self.root, self.send(), self.top());
        let mut bounds: Vec<TokenStream> = Vec::new();
        let mut calls = TokenStream::new();
        let own = self.world_group();
        let links = self.links(&own, place)?;
        let mut groups = vec![own];
        for item in self.resolve.worlds[self.world].imports.values() {
            if let WorldItem::Interface { id, .. } = item
                && self.replaced(*id).is_none()
            {
                let module = self.module(*id, Direction::Import, place);
                calls.extend(quote!(#module::add_to_linker::<T, D>(linker, host_getter)?;));
                groups.push(self.group(*id));
            }
        }
        for bound in groups.iter().flat_map(|group| self.bounds(group, place)) {
            if !bounds
                .iter()
                .any(|there| there.to_string() == bound.to_string())
            {
                bounds.push(bound);
            }
        }
        let bounds = if bounds.is_empty() {
            TokenStream::new()
        } else {
            quote!(for<'a> D::Data<'a>: #(#bounds)+*,)
        };
        let links = if links.is_empty() {
            links
        } else {
            quote! {
                let mut instance = linker.root();
                #links
            }
        };
        Ok(quote! {
            /// Defines all that the world imports, on what `host_getter` takes of a store's data; but for interfaces
            /// that were made elsewhere.
            ///
            /// # Errors
            /// If something is defined already.
            pub fn add_to_linker<T, D>(
                linker: &mut #root::Linker<T>,
                host_getter: fn(&mut T) -> D::Data<'_>,
            ) -> #root::__internal::Result<()>
            where
                D: #root::HasData,
                #bounds
                T: 'static #send,
            {
                #links
                #calls
                ::core::result::Result::Ok(())
            }
        })
    }
}
