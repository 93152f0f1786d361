//! Types that stand for flags.

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Error, Result, Token, braced};

use crate::derive::Said;
use crate::names;

/// Flags by name, each with what stands before it.
pub(crate) struct Flags {
    pub(crate) root: TokenStream,
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) ident: Ident,
    pub(crate) flags: Vec<Flag>,
}

pub(crate) struct Flag {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) ident: Ident,
    pub(crate) name: String,
}

/// Attributes but for ours.
fn others(attributes: Vec<Attribute>) -> Vec<Attribute> {
    let is_other = |attribute: &Attribute| !attribute.path().is_ident("component");
    attributes.into_iter().filter(is_other).collect()
}

impl Parse for Flags {
    fn parse(input: ParseStream<'_>) -> Result<Flags> {
        let attributes = input.call(Attribute::parse_outer)?;
        let root = Said::of(&attributes)?.root();
        let ident: Ident = input.parse()?;
        let content;
        braced!(content in input);
        let mut flags = Vec::new();
        while !content.is_empty() {
            let attributes = content.call(Attribute::parse_outer)?;
            content.parse::<Token![const]>()?;
            let ident: Ident = content.parse()?;
            content.parse::<Token![;]>()?;
            let name = Said::of(&attributes)?.name;
            flags.push(Flag {
                name: name.unwrap_or_else(|| names::kebab(&ident)),
                attributes: others(attributes),
                ident,
            });
        }
        if flags.len() > 32 {
            return Err(Error::new(ident.span(), "there can be 32 flags at most"));
        }
        Ok(Flags {
            root,
            attributes: others(attributes),
            ident,
            flags,
        })
    }
}

pub(crate) fn expand(flags: &Flags) -> TokenStream {
    let implementations = implementations(flags);
    let methods = methods(flags);
    let operators = operators(&flags.ident);
    let (attributes, ident) = (&flags.attributes, &flags.ident);
    quote! {
        #(#attributes)*
        #[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
        pub struct #ident {
            bits: u32,
        }
        #methods
        #operators
        #implementations
    }
}

fn methods(flags: &Flags) -> TokenStream {
    let ident = &flags.ident;
    let all = flags
        .flags
        .iter()
        .enumerate()
        .fold(0_u32, |all, (bit, _)| all | 1 << bit);
    let constants = flags.flags.iter().enumerate().map(|(bit, flag)| {
        let (attributes, ident, value) = (&flag.attributes, &flag.ident, 1_u32 << bit);
        quote_spanned!(ident.span()=> #(#attributes)* pub const #ident: Self = Self { bits: #value };)
    });
    let texts = flags.flags.iter().map(|flag| flag.ident.to_string());
    let name = ident.to_string();
    quote! {
        #[allow(dead_code, missing_docs, clippy::all)]
        impl #ident {
            #(#constants)*

            /// None of them.
            #[must_use]
            pub const fn empty() -> Self { Self { bits: 0 } }
            /// All of them.
            #[must_use]
            pub const fn all() -> Self { Self { bits: #all } }
            /// Their bits, the first lowest.
            #[must_use]
            pub const fn bits(self) -> u32 { self.bits }
            /// Those of these bits that are flags.
            #[must_use]
            pub const fn from_bits_truncate(bits: u32) -> Self { Self { bits: bits & #all } }
            /// Whether there are none.
            #[must_use]
            pub const fn is_empty(self) -> bool { self.bits == 0 }
            /// Whether all of `other` are there.
            #[must_use]
            pub const fn contains(self, other: Self) -> bool { self.bits & other.bits == other.bits }
            /// Whether one of `other` is there.
            #[must_use]
            pub const fn intersects(self, other: Self) -> bool { self.bits & other.bits != 0 }
            /// Adds them.
            pub fn insert(&mut self, other: Self) { self.bits |= other.bits; }
            /// Takes them away.
            pub fn remove(&mut self, other: Self) { self.bits &= !other.bits; }
            /// Adds them or takes them away.
            pub fn set(&mut self, other: Self, value: bool) {
                if value { self.insert(other) } else { self.remove(other) }
            }
        }

        #[automatically_derived]
        impl ::core::fmt::Debug for #ident {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                let names: &[&str] = &[#(#texts),*];
                f.write_str(concat!(#name, "("))?;
                let mut separator = "";
                for (bit, name) in names.iter().enumerate() {
                    if self.bits >> bit & 1 == 1 {
                        f.write_str(separator)?;
                        f.write_str(name)?;
                        separator = " | ";
                    }
                }
                f.write_str(")")
            }
        }
    }
}

fn operators(ident: &Ident) -> TokenStream {
    quote! {
        #[automatically_derived]
        impl ::core::ops::BitOr for #ident {
            type Output = Self;
            fn bitor(self, other: Self) -> Self { Self { bits: self.bits | other.bits } }
        }
        #[automatically_derived]
        impl ::core::ops::BitOrAssign for #ident {
            fn bitor_assign(&mut self, other: Self) { self.bits |= other.bits; }
        }
        #[automatically_derived]
        impl ::core::ops::BitAnd for #ident {
            type Output = Self;
            fn bitand(self, other: Self) -> Self { Self { bits: self.bits & other.bits } }
        }
        #[automatically_derived]
        impl ::core::ops::BitAndAssign for #ident {
            fn bitand_assign(&mut self, other: Self) { self.bits &= other.bits; }
        }
        #[automatically_derived]
        impl ::core::ops::BitXor for #ident {
            type Output = Self;
            fn bitxor(self, other: Self) -> Self { Self { bits: self.bits ^ other.bits } }
        }
        #[automatically_derived]
        impl ::core::ops::Sub for #ident {
            type Output = Self;
            fn sub(self, other: Self) -> Self { Self { bits: self.bits & !other.bits } }
        }
        #[automatically_derived]
        impl ::core::ops::Not for #ident {
            type Output = Self;
            fn not(self) -> Self { Self::from_bits_truncate(!self.bits) }
        }
    }
}

fn implementations(flags: &Flags) -> TokenStream {
    let (root, ident) = (&flags.root, &flags.ident);
    let (count, rust) = (flags.flags.len(), ident.to_string());
    let names = flags.flags.iter().map(|flag| &flag.name);
    let number = match count {
        0..=8 => quote!(u8),
        9..=16 => quote!(u16),
        _ => quote!(u32),
    };
    quote! {
        #[automatically_derived]
        impl #root::ComponentType for #ident {
            const LAYOUT: #root::__internal::TypeLayout =
                #root::__internal::TypeLayout::flags(#count);

            fn check(
                ty: #root::__internal::ValueType,
                types: &#root::TypeCheck<'_>,
            ) -> #root::__internal::Result<()> {
                types.flags(ty, #rust, &[#(#names),*])
            }
        }

        #[automatically_derived]
        impl #root::Lower for #ident {
            fn lower_flat<SilicaData: 'static>(
                &self,
                _: &mut #root::LowerContext<'_, SilicaData>,
                _: #root::__internal::ValueType,
                out: &mut #root::FlatValues,
            ) -> #root::__internal::Result<()> {
                out.push(u64::from(self.bits));
                ::core::result::Result::Ok(())
            }

            fn lower_memory<SilicaData: 'static>(
                &self,
                cx: &mut #root::LowerContext<'_, SilicaData>,
                _: #root::__internal::ValueType,
                pointer: u32,
            ) -> #root::__internal::Result<()> {
                cx.write(pointer, (self.bits as #number).to_le_bytes())
            }
        }

        #[automatically_derived]
        impl #root::Lift for #ident {
            fn lift_flat<SilicaData: 'static>(
                _: &mut #root::LiftContext<'_, SilicaData>,
                _: #root::__internal::ValueType,
                values: &mut #root::FlatValues,
            ) -> #root::__internal::Result<Self> {
                ::core::result::Result::Ok(Self::from_bits_truncate(values.take() as u32))
            }

            fn lift_memory<SilicaData: 'static>(
                cx: &mut #root::LiftContext<'_, SilicaData>,
                _: #root::__internal::ValueType,
                pointer: u32,
            ) -> #root::__internal::Result<Self> {
                let bits = #number::from_le_bytes(cx.read(pointer)?);
                ::core::result::Result::Ok(Self::from_bits_truncate(bits.into()))
            }
        }
    }
}
