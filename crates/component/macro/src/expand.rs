//! Implementations of `ComponentType`, `Lift` and `Lower` for records, variants and enums.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::Generics;

/// A type and what it stands for.
pub(crate) struct Model {
    /// Where `silica-component` is.
    pub(crate) root: TokenStream,
    pub(crate) ident: Ident,
    pub(crate) generics: Generics,
    pub(crate) shape: Shape,
}

pub(crate) enum Shape {
    Record(Vec<Field>),
    Variant(Vec<Case>),
    /// Cases without values.
    Enum(Vec<Case>),
}

pub(crate) struct Field {
    pub(crate) ident: Ident,
    pub(crate) name: String,
    pub(crate) ty: TokenStream,
}

pub(crate) struct Case {
    pub(crate) ident: Ident,
    pub(crate) name: String,
    pub(crate) ty: Option<TokenStream>,
}

impl Model {
    /// An implementation of `which`, in which all type parameters are bounded by it.
    fn implementation(&self, which: &TokenStream, body: &TokenStream) -> TokenStream {
        let (root, ident) = (&self.root, &self.ident);
        let mut generics = self.generics.clone();
        for parameter in generics.type_params_mut() {
            parameter.bounds.push(syn::parse_quote!(#root::#which));
        }
        let (parameters, arguments, conditions) = generics.split_for_impl();
        quote! {
            #[automatically_derived]
            #[allow(unused_variables, unused_imports, clippy::all)]
            impl #parameters #root::#which for #ident #arguments #conditions {
                #body
            }
        }
    }

    fn layouts<'t>(&self, types: impl Iterator<Item = &'t TokenStream>) -> Vec<TokenStream> {
        let root = &self.root;
        types
            .map(|ty| quote!(<#ty as #root::ComponentType>::LAYOUT))
            .collect()
    }

    /// The layouts of each case's payload, if it has one.
    fn payloads(&self, cases: &[Case]) -> Vec<TokenStream> {
        let root = &self.root;
        cases
            .iter()
            .map(|case| match &case.ty {
                Some(ty) => quote!(::core::option::Option::Some(
                    <#ty as #root::ComponentType>::LAYOUT
                )),
                None => quote!(::core::option::Option::None),
            })
            .collect()
    }
}

/// The number that says which of `count` cases there is.
fn discriminant(count: usize) -> TokenStream {
    match count {
        0..=0x100 => quote!(u8),
        0x101..=0x1_0000 => quote!(u16),
        _ => quote!(u32),
    }
}

pub(crate) fn component_type(model: &Model) -> TokenStream {
    let (root, rust) = (&model.root, model.ident.to_string());
    let (layout, check) = match &model.shape {
        Shape::Record(fields) => {
            let layouts = model.layouts(fields.iter().map(|field| &field.ty));
            let names = fields.iter().map(|field| &field.name);
            let types = fields.iter().map(|field| &field.ty);
            (
                quote!(record(&[#(#layouts),*])),
                quote!(record(ty, #rust, &[#((#names, <#types as #root::ComponentType>::check as
                    #root::__internal::CheckType)),*])),
            )
        }
        Shape::Variant(cases) => {
            let payloads = model.payloads(cases);
            let checks = cases.iter().map(|case| {
                let name = &case.name;
                match &case.ty {
                    Some(ty) => quote!((#name, ::core::option::Option::Some(
                        <#ty as #root::ComponentType>::check as #root::__internal::CheckType))),
                    None => quote!((#name, ::core::option::Option::None)),
                }
            });
            (
                quote!(variant(&[#(#payloads),*])),
                quote!(variant(ty, #rust, &[#(#checks),*])),
            )
        }
        Shape::Enum(cases) => {
            let payloads = model.payloads(cases);
            let names = cases.iter().map(|case| &case.name);
            (
                quote!(variant(&[#(#payloads),*])),
                quote!(enumeration(ty, #rust, &[#(#names),*])),
            )
        }
    };
    model.implementation(
        &quote!(ComponentType),
        &quote! {
            const LAYOUT: #root::__internal::TypeLayout = #root::__internal::TypeLayout::#layout;

            fn check(
                ty: #root::__internal::ValueType,
                types: &#root::TypeCheck<'_>,
            ) -> #root::__internal::Result<()> {
                types.#check
            }
        },
    )
}

pub(crate) fn lower(model: &Model) -> TokenStream {
    let root = &model.root;
    let (flat, memory) = match &model.shape {
        Shape::Record(fields) => lower_record(model, fields),
        Shape::Variant(cases) | Shape::Enum(cases) => lower_cases(model, cases),
    };
    model.implementation(
        &quote!(Lower),
        &quote! {
            #[inline]
            fn lower_flat<SilicaData: 'static>(
                &self,
                cx: &mut #root::LowerContext<'_, SilicaData>,
                ty: #root::__internal::ValueType,
                out: &mut #root::FlatValues,
            ) -> #root::__internal::Result<()> {
                #flat
            }

            #[inline]
            fn lower_memory<SilicaData: 'static>(
                &self,
                cx: &mut #root::LowerContext<'_, SilicaData>,
                ty: #root::__internal::ValueType,
                pointer: u32,
            ) -> #root::__internal::Result<()> {
                #memory
            }
        },
    )
}

/// The type of part `index`, where handles need it.
fn part(root: &TokenStream, ty: &TokenStream, index: usize) -> TokenStream {
    quote!(#root::__internal::part::<#ty>(cx.plan(), ty, #index))
}

fn lower_record(model: &Model, fields: &[Field]) -> (TokenStream, TokenStream) {
    let root = &model.root;
    let layouts = model.layouts(fields.iter().map(|field| &field.ty));
    let (mut flat, mut memory) = (TokenStream::new(), TokenStream::new());
    for (index, Field { ident, ty, .. }) in fields.iter().enumerate() {
        let part = part(root, ty, index);
        flat.extend(quote! {
            let part = #part;
            <#ty as #root::Lower>::lower_flat(&self.#ident, cx, part, out)?;
        });
        memory.extend(quote! {
            let (part, at) = (#part, pointer.wrapping_add(offsets[#index]));
            <#ty as #root::Lower>::lower_memory(&self.#ident, cx, part, at)?;
        });
    }
    (
        quote!(#flat ::core::result::Result::Ok(())),
        quote! {
            let offsets = const { #root::__internal::TypeLayout::offsets(&[#(#layouts),*]) };
            #memory
            ::core::result::Result::Ok(())
        },
    )
}

fn lower_cases(model: &Model, cases: &[Case]) -> (TokenStream, TokenStream) {
    let root = &model.root;
    let payloads = model.payloads(cases);
    let number = discriminant(cases.len());
    let (mut flat, mut memory) = (TokenStream::new(), TokenStream::new());
    for (index, Case { ident, ty, .. }) in cases.iter().enumerate() {
        let Some(ty) = ty else {
            let discriminant = index as u64;
            flat.extend(quote!(Self::#ident => out.push(#discriminant),));
            memory.extend(
                quote!(Self::#ident => cx.write(pointer, (#index as #number).to_le_bytes())?,),
            );
            continue;
        };
        let part = part(root, ty, index);
        let discriminant = index as u64;
        flat.extend(quote! {
            Self::#ident(value) => {
                out.push(#discriminant);
                let part = #part;
                <#ty as #root::Lower>::lower_flat(value, cx, part, out)?;
            }
        });
        memory.extend(quote! {
            Self::#ident(value) => {
                cx.write(pointer, (#index as #number).to_le_bytes())?;
                let part = #part;
                <#ty as #root::Lower>::lower_memory(value, cx, part, at)?;
            }
        });
    }
    (
        quote! {
            let end = out.count() + <Self as #root::ComponentType>::LAYOUT.registers;
            match self { #flat }
            out.pad(end);
            ::core::result::Result::Ok(())
        },
        quote! {
            let at = pointer.wrapping_add(
                const { #root::__internal::TypeLayout::payload_offset(&[#(#payloads),*]) });
            match self { #memory }
            ::core::result::Result::Ok(())
        },
    )
}

pub(crate) fn lift(model: &Model) -> TokenStream {
    let root = &model.root;
    let (flat, memory) = match &model.shape {
        Shape::Record(fields) => lift_record(model, fields),
        Shape::Variant(cases) | Shape::Enum(cases) => lift_cases(model, cases),
    };
    model.implementation(
        &quote!(Lift),
        &quote! {
            #[inline]
            fn lift_flat<SilicaData: 'static>(
                cx: &mut #root::LiftContext<'_, SilicaData>,
                ty: #root::__internal::ValueType,
                values: &mut #root::FlatValues,
            ) -> #root::__internal::Result<Self> {
                #flat
            }

            #[inline]
            fn lift_memory<SilicaData: 'static>(
                cx: &mut #root::LiftContext<'_, SilicaData>,
                ty: #root::__internal::ValueType,
                pointer: u32,
            ) -> #root::__internal::Result<Self> {
                #memory
            }
        },
    )
}

fn lift_record(model: &Model, fields: &[Field]) -> (TokenStream, TokenStream) {
    let root = &model.root;
    let layouts = model.layouts(fields.iter().map(|field| &field.ty));
    let (mut flat, mut memory) = (TokenStream::new(), TokenStream::new());
    for (index, Field { ident, ty, .. }) in fields.iter().enumerate() {
        let part = part(root, ty, index);
        flat.extend(quote! {
            #ident: {
                let part = #part;
                <#ty as #root::Lift>::lift_flat(cx, part, values)?
            },
        });
        memory.extend(quote! {
            #ident: {
                let (part, at) = (#part, pointer.wrapping_add(offsets[#index]));
                <#ty as #root::Lift>::lift_memory(cx, part, at)?
            },
        });
    }
    (
        quote!(::core::result::Result::Ok(Self { #flat })),
        quote! {
            let offsets = const { #root::__internal::TypeLayout::offsets(&[#(#layouts),*]) };
            ::core::result::Result::Ok(Self { #memory })
        },
    )
}

fn lift_cases(model: &Model, cases: &[Case]) -> (TokenStream, TokenStream) {
    let root = &model.root;
    let payloads = model.payloads(cases);
    let number = discriminant(cases.len());
    let (mut flat, mut memory) = (TokenStream::new(), TokenStream::new());
    for (index, Case { ident, ty, .. }) in cases.iter().enumerate() {
        let discriminant = index as u32;
        let Some(ty) = ty else {
            flat.extend(quote!(#discriminant => Self::#ident,));
            memory.extend(quote!(#discriminant => Self::#ident,));
            continue;
        };
        let part = part(root, ty, index);
        flat.extend(quote! {
            #discriminant => {
                let part = #part;
                Self::#ident(<#ty as #root::Lift>::lift_flat(cx, part, values)?)
            }
        });
        memory.extend(quote! {
            #discriminant => {
                let part = #part;
                Self::#ident(<#ty as #root::Lift>::lift_memory(cx, part, at)?)
            }
        });
    }
    let invalid = quote! {
        _ => return ::core::result::Result::Err(#root::__internal::invalid_discriminant()),
    };
    (
        quote! {
            let end = values.taken() + <Self as #root::ComponentType>::LAYOUT.registers;
            let lifted = match values.take() as u32 { #flat #invalid };
            values.skip_to(end);
            ::core::result::Result::Ok(lifted)
        },
        quote! {
            let at = pointer.wrapping_add(
                const { #root::__internal::TypeLayout::payload_offset(&[#(#payloads),*]) });
            let number = u32::from(#number::from_le_bytes(cx.read(pointer)?));
            ::core::result::Result::Ok(match number { #memory #invalid })
        },
    )
}
