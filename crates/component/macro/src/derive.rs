//! What is derived: a struct or an enum, with what its attributes say.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned;
use syn::{Attribute, Data, DeriveInput, Error, Fields, Ident, LitStr, Path, Result, Token};

use crate::expand::{Case, Field, Model, Shape};
use crate::names;

/// One item of `#[component(…)]`.
enum Item {
    Name(LitStr),
    Crate(Path),
    Shape(Ident),
}

impl Parse for Item {
    fn parse(input: ParseStream<'_>) -> Result<Item> {
        let key = input.call(Ident::parse_any)?;
        match key.to_string().as_str() {
            "name" => {
                input.parse::<Token![=]>()?;
                Ok(Item::Name(input.parse()?))
            }
            "crate" => {
                input.parse::<Token![=]>()?;
                Ok(Item::Crate(input.parse()?))
            }
            "record" | "variant" | "enum" => Ok(Item::Shape(key)),
            _ => Err(Error::new(
                key.span(),
                "expected `name`, `crate`, `record`, `variant` or `enum`",
            )),
        }
    }
}

/// What attributes say.
#[derive(Default)]
pub(crate) struct Said {
    pub(crate) name: Option<String>,
    pub(crate) root: Option<Path>,
    shape: Option<Ident>,
}

impl Said {
    pub(crate) fn of(attributes: &[Attribute]) -> Result<Said> {
        let mut said = Said::default();
        for attribute in attributes {
            if !attribute.path().is_ident("component") {
                continue;
            }
            let items = attribute.parse_args_with(
                syn::punctuated::Punctuated::<Item, Token![,]>::parse_terminated,
            )?;
            for item in items {
                match item {
                    Item::Name(name) => said.name = Some(name.value()),
                    Item::Crate(path) => said.root = Some(path),
                    Item::Shape(ident) => said.shape = Some(ident),
                }
            }
        }
        Ok(said)
    }

    /// Where `silica-component` is.
    pub(crate) fn root(&self) -> TokenStream {
        match &self.root {
            Some(path) => path.to_token_stream(),
            None => quote!(::silica::component),
        }
    }
}

pub(crate) fn model(input: &DeriveInput) -> Result<Model> {
    let said = Said::of(&input.attrs)?;
    let (shape, is) = match &input.data {
        Data::Struct(data) => (record(&data.fields)?, "record"),
        Data::Enum(data) => {
            let cases: Result<Vec<Case>> = data.variants.iter().map(case).collect();
            let cases = cases?;
            let plain = cases.iter().all(|case| case.ty.is_none());
            match (&said.shape, plain) {
                (Some(shape), _) if shape == "variant" => (Shape::Variant(cases), "variant"),
                (_, true) => (Shape::Enum(cases), "enum"),
                (_, false) => (Shape::Variant(cases), "variant"),
            }
        }
        Data::Union(_) => {
            return Err(Error::new(
                input.span(),
                "a union stands for no component's type",
            ));
        }
    };
    if let Some(shape) = said.shape.as_ref().filter(|shape| *shape != is) {
        return Err(Error::new(shape.span(), format!("this is a {is}")));
    }
    Ok(Model {
        root: said.root(),
        ident: input.ident.clone(),
        generics: input.generics.clone(),
        shape,
    })
}

fn record(fields: &Fields) -> Result<Shape> {
    let Fields::Named(fields) = fields else {
        return Err(Error::new(fields.span(), "a record has fields with names"));
    };
    let fields: Result<Vec<Field>> = fields
        .named
        .iter()
        .map(|field| {
            let said = Said::of(&field.attrs)?;
            let ident = field.ident.clone();
            let ident = ident.ok_or_else(|| Error::new(field.span(), "expected a name"))?;
            Ok(Field {
                name: said.name.unwrap_or_else(|| names::kebab(&ident)),
                ident,
                ty: field.ty.to_token_stream(),
            })
        })
        .collect();
    Ok(Shape::Record(fields?))
}

fn case(variant: &syn::Variant) -> Result<Case> {
    let said = Said::of(&variant.attrs)?;
    let ty = match &variant.fields {
        Fields::Unit => None,
        Fields::Unnamed(fields) if fields.unnamed.len() == 1 => fields
            .unnamed
            .first()
            .map(|field| field.ty.to_token_stream()),
        Fields::Unnamed(_) | Fields::Named(_) => {
            return Err(Error::new(
                variant.span(),
                "a case carries one value at most",
            ));
        }
    };
    Ok(Case {
        name: said.name.unwrap_or_else(|| names::kebab(&variant.ident)),
        ident: variant.ident.clone(),
        ty,
    })
}
