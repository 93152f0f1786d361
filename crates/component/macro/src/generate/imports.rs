//! What the host gives: a trait to implement for each interface and resource, and how they get into a linker.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use syn::Result;
use wit_parser::{Function, InterfaceId, TypeDefKind, TypeId, TypeOwner, WorldItem};

use super::function::method_name;
use super::generator::Generator;
use super::modules::Modules;
use super::place::{Direction, Place};
use super::types::Mode;
use crate::attributes::{allow, docs};

/// What belongs together in one linker instance: an interface, or what the world imports by itself.
pub(super) struct Group<'g> {
    pub(super) interface: Option<InterfaceId>,
    pub(super) functions: Vec<&'g Function>,
    pub(super) resources: Vec<TypeId>,
    /// Types that are the host's own errors.
    pub(super) errors: Vec<TypeId>,
}

impl Group<'_> {
    fn is_empty(&self) -> bool {
        self.functions.is_empty() && self.resources.is_empty() && self.errors.is_empty()
    }
}

impl Generator<'_> {
    pub(super) fn imports(&self, modules: &mut Modules) -> Result<()> {
        let world = &self.resolve.worlds[self.world];
        for item in world.imports.values() {
            match item {
                WorldItem::Interface { id, .. } if self.replaced(*id).is_none() => {
                    let segments = self.segments(*id, Direction::Import);
                    modules.add(&segments, self.import(*id)?);
                }
                WorldItem::Type { id, .. } => {
                    let (definition, allow) = (self.definition(*id, self.top())?, allow());
                    // What was made beside a type is not told of its attribute, nor need it be.
                    modules.add(&[], quote!(#allow #definition));
                }
                WorldItem::Interface { .. } | WorldItem::Function(_) => {}
            }
        }
        let group = self.world_group();
        if !group.is_empty() {
            modules.add(&[], self.traits(&group, self.top())?);
        }
        Ok(())
    }

    /// What an interface has.
    pub(super) fn group(&self, interface: InterfaceId) -> Group<'_> {
        let of = &self.resolve.interfaces[interface];
        let is_resource =
            |id: &TypeId| matches!(self.resolve.types[*id].kind, TypeDefKind::Resource);
        let errors = of.types.values().copied();
        Group {
            interface: Some(interface),
            functions: of.functions.values().collect(),
            resources: of.types.values().copied().filter(is_resource).collect(),
            errors: errors
                .filter(|id| self.trappable.contains_key(id))
                .collect(),
        }
    }

    /// What the world imports that is in no interface.
    pub(super) fn world_group(&self) -> Group<'_> {
        let mut group = Group {
            interface: None,
            functions: Vec::new(),
            resources: Vec::new(),
            errors: Vec::new(),
        };
        for item in self.resolve.worlds[self.world].imports.values() {
            match item {
                WorldItem::Function(function) => group.functions.push(function),
                WorldItem::Type { id, .. } => {
                    if matches!(self.resolve.types[*id].kind, TypeDefKind::Resource) {
                        group.resources.push(*id);
                    }
                    if self.trappable.contains_key(id) {
                        group.errors.push(*id);
                    }
                }
                WorldItem::Interface { .. } => {}
            }
        }
        group
    }

    fn import(&self, interface: InterfaceId) -> Result<TokenStream> {
        let place = self.place_of(interface, Direction::Import);
        let types = self.definitions(interface, place)?;
        let group = self.group(interface);
        let traits = self.traits(&group, place)?;
        let add = self.add_to_linker(&group, place)?;
        Ok(quote!(#types #traits #add))
    }

    /// The definitions of an interface's types.
    pub(super) fn definitions(&self, interface: InterfaceId, place: Place) -> Result<TokenStream> {
        let types = self.resolve.interfaces[interface].types.values();
        types.map(|id| self.definition(*id, place)).collect()
    }

    /// The traits to implement, each for whatever points to what implements it too.
    fn traits(&self, group: &Group<'_>, place: Place) -> Result<TokenStream> {
        let mut traits = TokenStream::new();
        for resource in &group.resources {
            let functions = group.functions.iter();
            let functions: Vec<&Function> = functions
                .filter(|function| function.kind.resource() == Some(*resource))
                .copied()
                .collect();
            let path = self.type_path(*resource, place);
            let root = &self.root;
            let signature = quote! {
                fn drop(&mut self, rep: #root::Resource<#path>) -> #root::__internal::Result<()>
            };
            let name = self.resource_trait(*resource);
            let drop = quote!(/** Drops what the guest has dropped. */ #signature;);
            let forward = quote!(#signature { #name::drop(*self, rep) });
            let docs = docs(&self.resolve.types[*resource].docs);
            let inside = self.methods(&name, &functions, group.interface, place)?;
            let above = self.host_send();
            traits.extend(one_trait(&docs, &name, &above, inside, (drop, forward)));
        }
        let name = self.interface_trait(group.interface);
        let functions = group.functions.iter();
        let functions: Vec<&Function> = functions
            .filter(|function| function.kind.resource().is_none())
            .copied()
            .collect();
        let mut above = self.host_send();
        above.extend(group.resources.iter().map(|resource| {
            let name = self.resource_trait(*resource);
            quote!(#name)
        }));
        let (mut converters, mut forwards) = (TokenStream::new(), TokenStream::new());
        for error in &group.errors {
            let (converter, root) = (self.converter(*error), &self.root);
            let (up, alias) = (place.up(), &self.trappable[error]);
            let ty = self.type_path(*error, place);
            let signature = quote! {
                fn #converter(&mut self, err: #up #alias) -> #root::__internal::Result<#ty>
            };
            converters.extend(
                quote!(/** What the guest is told, or the error that stops it. */ #signature;),
            );
            forwards.extend(quote!(#signature { #name::#converter(*self, err) }));
        }
        let inside = self.methods(&name, &functions, group.interface, place)?;
        let docs = match group.interface {
            Some(interface) => docs(&self.resolve.interfaces[interface].docs),
            None => docs(&self.resolve.worlds[self.world].docs),
        };
        traits.extend(one_trait(
            &docs,
            &name,
            &above,
            inside,
            (converters, forwards),
        ));
        Ok(traits)
    }

    /// A trait's methods, and how a pointer has them.
    fn methods(
        &self,
        name: &Ident,
        functions: &[&Function],
        interface: Option<InterfaceId>,
        place: Place,
    ) -> Result<(TokenStream, TokenStream)> {
        let (mut methods, mut forwards) = (TokenStream::new(), TokenStream::new());
        for function in functions {
            let (idents, types) = self.parameters(function, &Mode::Owned, place)?;
            let output = self.host_output(function, interface, place)?;
            let (method, docs) = (method_name(function), docs(&function.docs));
            let (output, body) = if self.import_flags(function, interface).is_async {
                (
                    quote!(impl ::core::future::Future<Output = #output> + ::core::marker::Send),
                    quote!(async move { #name::#method(*self, #(#idents),*).await }),
                )
            } else {
                (output, quote!(#name::#method(*self, #(#idents),*)))
            };
            let signature = quote!(fn #method(&mut self, #(#idents: #types),*) -> #output);
            methods.extend(quote!(#docs #signature;));
            forwards.extend(quote!(#signature { #body }));
        }
        Ok((methods, forwards))
    }

    fn import_flags(
        &self,
        function: &Function,
        interface: Option<InterfaceId>,
    ) -> crate::options::Flags {
        let names = self.function_names(function, interface);
        self.options.imports.of(&names)
    }

    /// What the host's implementation gives.
    fn host_output(
        &self,
        function: &Function,
        interface: Option<InterfaceId>,
        place: Place,
    ) -> Result<TokenStream> {
        if let Some(error) = self.host_error(function, place) {
            let (ok, path) = (self.result_of(function).and_then(|(ok, _)| ok), error.path);
            let ok = match ok {
                Some(ok) => self.rust(&ok, &Mode::Owned, place)?,
                None => quote!(()),
            };
            return Ok(quote!(::core::result::Result<#ok, #path>));
        }
        let (output, root) = (self.output(function, place)?, &self.root);
        if self.import_flags(function, interface).trappable {
            return Ok(quote!(#root::__internal::Result<#output>));
        }
        Ok(output)
    }

    /// Traits that what the host has must implement, for all of a group to be linked.
    pub(super) fn bounds(&self, group: &Group<'_>, place: Place) -> Vec<TokenStream> {
        let mut bounds = Vec::new();
        let own = self.interface_trait(group.interface);
        match group.interface {
            Some(interface) => {
                let module = self.module(interface, Direction::Import, place);
                bounds.push(quote!(#module::#own));
            }
            None if group.is_empty() => {}
            None => bounds.push(quote!(#own)),
        }
        for function in &group.functions {
            if let Some(error) = self.host_error(function, place) {
                let path = self.converter_trait(error.ty, place);
                if !bounds
                    .iter()
                    .any(|bound| bound.to_string() == path.to_string())
                {
                    bounds.push(path);
                }
            }
        }
        bounds
    }

    /// The trait that converts the host's own errors to `ty`.
    fn converter_trait(&self, ty: TypeId, place: Place) -> TokenStream {
        let up = place.up();
        match self.resolve.types[ty].owner {
            TypeOwner::Interface(interface) => {
                let module = self.module(interface, Direction::Import, place);
                quote!(#module::Host)
            }
            TypeOwner::World(_) | TypeOwner::None => {
                let name = self.interface_trait(None);
                quote!(#up #name)
            }
        }
    }

    fn add_to_linker(&self, group: &Group<'_>, place: Place) -> Result<TokenStream> {
        let (root, send) = (&self.root, self.send());
        let bounds = self.bounds(group, place);
        let name = group.interface.map(|id| match self.inline.get(&id) {
            Some(name) => name.clone(),
            None => self.resolve.id_of(id).unwrap_or_default(),
        });
        let links = self.links(group, place)?;
        Ok(quote! {
            /// Defines all of it, on what `host_getter` takes of a store's data.
            ///
            /// # Errors
            /// If it is defined already.
            pub fn add_to_linker<T, D>(
                linker: &mut #root::Linker<T>,
                host_getter: fn(&mut T) -> D::Data<'_>,
            ) -> #root::__internal::Result<()>
            where
                D: #root::HasData,
                for<'a> D::Data<'a>: #(#bounds)+*,
                T: 'static #send,
            {
                let mut instance = linker.instance(#name)?;
                #links
                ::core::result::Result::Ok(())
            }
        })
    }

    /// What traits need whose functions may be futures.
    fn host_send(&self) -> Vec<TokenStream> {
        if self.options.imports.any_async() {
            vec![quote!(::core::marker::Send)]
        } else {
            Vec::new()
        }
    }

    pub(super) fn send(&self) -> TokenStream {
        if self.options.data_is_send || self.options.imports.any_async() {
            quote!(+ ::core::marker::Send)
        } else {
            TokenStream::new()
        }
    }

    /// Defines what is in a group in `instance`.
    pub(super) fn links(&self, group: &Group<'_>, place: Place) -> Result<TokenStream> {
        let (root, mut links) = (&self.root, TokenStream::new());
        for resource in &group.resources {
            let name = self.resolve.types[*resource].name.as_deref();
            let (path, host) = (
                self.type_path(*resource, place),
                self.resource_trait(*resource),
            );
            links.extend(quote! {
                instance.resource(
                    #name,
                    #root::ResourceType::host::<#path>(),
                    move |mut store: #root::__internal::StoreContextMut<'_, T>, rep| {
                        let host = &mut host_getter(store.data_mut());
                        #host::drop(host, #root::Resource::new_own(rep))
                    },
                )?;
            });
        }
        for function in &group.functions {
            links.extend(self.link(function, group.interface, place)?);
        }
        Ok(links)
    }

    fn link(
        &self,
        function: &Function,
        interface: Option<InterfaceId>,
        place: Place,
    ) -> Result<TokenStream> {
        let root = &self.root;
        let (_, types) = self.parameters(function, &Mode::Owned, place)?;
        let idents: Vec<Ident> = (0..types.len()).map(|i| format_ident!("arg{i}")).collect();
        let (host, method) = (self.trait_name(function, interface), method_name(function));
        let flags = self.import_flags(function, interface);
        let wait = flags.is_async.then(|| quote!(.await));
        let call = quote!(#host::#method(host, #(#idents),*) #wait);
        let result = if let Some(error) = self.host_error(function, place) {
            let (path, converter) = (
                self.converter_trait(error.ty, place),
                self.converter(error.ty),
            );
            quote! {
                match #call {
                    ::core::result::Result::Ok(value) => ::core::result::Result::Ok(value),
                    ::core::result::Result::Err(error) => {
                        ::core::result::Result::Err(#path::#converter(host, error)?)
                    }
                }
            }
        } else if flags.trappable {
            quote!(#call?)
        } else {
            call
        };
        let results = match function.result {
            Some(_) => quote!((result,)),
            None => quote!(result),
        };
        let (name, output) = (&function.name, self.output(function, place)?);
        let body = quote! {
            let host = &mut host_getter(store.data_mut());
            let result: #output = #result;
            ::core::result::Result::<_, #root::__internal::Error>::Ok(#results)
        };
        let (wrap, body) = if flags.is_async {
            (
                quote!(func_wrap_async),
                quote!(::std::boxed::Box::new(async move { #body })),
            )
        } else {
            (quote!(func_wrap), body)
        };
        Ok(quote! {
            instance.#wrap(
                #name,
                move |mut store: #root::__internal::StoreContextMut<'_, T>,
                      (#(#idents,)*): (#(#types,)*)| { #body },
            )?;
        })
    }
}

/// A trait with methods, and what points to something that has it.
fn one_trait(
    docs: &TokenStream,
    name: &Ident,
    above: &[TokenStream],
    (methods, forwards): (TokenStream, TokenStream),
    (more, more_forwards): (TokenStream, TokenStream),
) -> TokenStream {
    let allow = allow();
    quote! {
        #docs
        #allow
        pub trait #name: #(#above)+* { #methods #more }

        #allow
        impl<HostType: #name + ?Sized> #name for &mut HostType { #forwards #more_forwards }
    }
}
