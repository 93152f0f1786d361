//! What `bindgen!` is told.

use std::cell::Cell;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Error, LitBool, LitStr, Path, Result, Token, braced, bracketed};

/// What `bindgen!` is told.
#[derive(Default)]
pub(crate) struct Options {
    pub(crate) paths: Vec<LitStr>,
    pub(crate) inline: Option<LitStr>,
    pub(crate) world: Option<LitStr>,
    pub(crate) features: Vec<LitStr>,
    pub(crate) with: Vec<Named<Path>>,
    pub(crate) trappable_errors: Vec<Named<Path>>,
    pub(crate) imports: Functions,
    pub(crate) exports: Functions,
    pub(crate) derives: Vec<Path>,
    pub(crate) data_is_send: bool,
    pub(crate) root: Option<Path>,
}

/// Something for what has a name in WIT.
pub(crate) struct Named<V> {
    pub(crate) name: LitStr,
    pub(crate) value: V,
    /// Whether there is something of that name.
    pub(crate) used: Cell<bool>,
}

/// How functions are implemented or called.
#[derive(Default)]
pub(crate) struct Functions {
    default: Flags,
    named: Vec<Named<Flags>>,
}

/// What is said of a function.
#[derive(Clone, Copy, Default)]
pub(crate) struct Flags {
    /// Its implementation may stop the guest.
    pub(crate) trappable: bool,
    /// It is a future.
    pub(crate) is_async: bool,
}

impl Options {
    /// Where `silica-component` is.
    pub(crate) fn root(&self) -> TokenStream {
        match &self.root {
            Some(path) => path.to_token_stream(),
            None => quote!(::silica::component),
        }
    }

    /// Says which names are of nothing.
    pub(crate) fn check_used(&self) -> Result<()> {
        let (with, errors) = (&self.with, &self.trappable_errors);
        let paths = with
            .iter()
            .chain(errors)
            .map(|named| (&named.name, &named.used));
        let functions = self.imports.named.iter().chain(&self.exports.named);
        let functions = functions.map(|named| (&named.name, &named.used));
        for (name, used) in paths.chain(functions) {
            if !used.get() {
                let message = format!("the world has nothing that is called `{}`", name.value());
                return Err(Error::new(name.span(), message));
            }
        }
        Ok(())
    }
}

impl Functions {
    /// Whether one of them is a future.
    pub(crate) fn any_async(&self) -> bool {
        self.default.is_async || self.named.iter().any(|named| named.value.is_async)
    }

    /// What is said of a function, of whose names the most particular come first.
    pub(crate) fn of(&self, names: &[String]) -> Flags {
        for name in names {
            if let Some(named) = find(&self.named, name) {
                return *named;
            }
        }
        self.default
    }
}

/// What is said of `name`.
pub(crate) fn find<'v, V>(named: &'v [Named<V>], name: &str) -> Option<&'v V> {
    let found = named.iter().find(|named| named.name.value() == name)?;
    found.used.set(true);
    Some(&found.value)
}

impl Parse for Options {
    fn parse(input: ParseStream<'_>) -> Result<Options> {
        let mut options = Options::default();
        if input.peek(syn::token::Brace) {
            let content;
            braced!(content in input);
            while !content.is_empty() {
                options.one(&content)?;
                if !content.is_empty() {
                    content.parse::<Token![,]>()?;
                }
            }
            return Ok(options);
        }
        if input.peek(LitStr) {
            options.world = Some(input.parse()?);
        }
        if input.parse::<Option<Token![in]>>()?.is_some() {
            options.paths.push(input.parse()?);
        }
        Ok(options)
    }
}

impl Options {
    fn one(&mut self, input: ParseStream<'_>) -> Result<()> {
        let key = input.call(Ident::parse_any)?;
        input.parse::<Token![:]>()?;
        match key.to_string().as_str() {
            "path" if input.peek(LitStr) => self.paths = vec![input.parse()?],
            "path" => self.paths = list(input)?,
            "inline" => self.inline = Some(input.parse()?),
            "world" => self.world = Some(input.parse()?),
            "features" => self.features = list(input)?,
            "with" => self.with = named(input)?,
            "trappable_error_type" => self.trappable_errors = named(input)?,
            "imports" => self.imports = functions(input)?,
            "exports" => self.exports = functions(input)?,
            "additional_derives" => self.derives = list(input)?,
            "require_store_data_send" => self.data_is_send = input.parse::<LitBool>()?.value,
            "component_crate" => self.root = Some(input.parse()?),
            other => {
                return Err(Error::new(
                    key.span(),
                    format!("there is no option `{other}`"),
                ));
            }
        }
        Ok(())
    }
}

fn list<V: Parse>(input: ParseStream<'_>) -> Result<Vec<V>> {
    let content;
    bracketed!(content in input);
    let list = Punctuated::<V, Token![,]>::parse_terminated(&content)?;
    Ok(list.into_iter().collect())
}

/// `{ "name": value, "name" => value }`
fn named(input: ParseStream<'_>) -> Result<Vec<Named<Path>>> {
    let content;
    braced!(content in input);
    let mut all = Vec::new();
    while !content.is_empty() {
        let name = content.parse()?;
        if content.parse::<Option<Token![=>]>>()?.is_none() {
            content.parse::<Token![:]>()?;
        }
        let value = content.parse()?;
        all.push(Named {
            name,
            value,
            used: Cell::new(false),
        });
        if !content.is_empty() {
            content.parse::<Token![,]>()?;
        }
    }
    Ok(all)
}

/// `{ default: flag | flag, "name": flag }`
fn functions(input: ParseStream<'_>) -> Result<Functions> {
    let content;
    braced!(content in input);
    let mut functions = Functions::default();
    while !content.is_empty() {
        let name: LitStr = if content.peek(LitStr) {
            content.parse()?
        } else {
            let ident = content.call(Ident::parse_any)?;
            LitStr::new(&ident.to_string(), ident.span())
        };
        content.parse::<Token![:]>()?;
        let flags = flags(&content)?;
        if name.value() == "default" {
            functions.default = flags;
        } else {
            functions.named.push(Named {
                name,
                value: flags,
                used: Cell::new(false),
            });
        }
        if !content.is_empty() {
            content.parse::<Token![,]>()?;
        }
    }
    Ok(functions)
}

fn flags(input: ParseStream<'_>) -> Result<Flags> {
    let mut flags = Flags::default();
    loop {
        let flag = input.call(Ident::parse_any)?;
        match flag.to_string().as_str() {
            "trappable" => flags.trappable = true,
            "async" => flags.is_async = true,
            other => {
                let message =
                    format!("there is no flag `{other}`: expected `trappable` or `async`");
                return Err(Error::new(flag.span(), message));
            }
        }
        if input.parse::<Option<Token![|]>>()?.is_none() {
            return Ok(flags);
        }
    }
}

/// Where a whole invocation is.
pub(crate) fn here() -> Span {
    Span::call_site()
}
