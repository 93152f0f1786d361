//! What stands before generated items: documentation, and what the compiler is not to say of them.

use proc_macro2::TokenStream;
use quote::quote;

/// What generated items are not told of.
pub(crate) fn allow() -> TokenStream {
    quote! {
        #[allow(
            missing_docs, missing_debug_implementations, unused_imports, unused_variables,
            unused_qualifications, unreachable_pub, dead_code, async_fn_in_trait, clippy::all,
            clippy::pedantic, rustdoc::all
        )]
    }
}

/// Documentation from WIT. Code in it is no Rust.
pub(crate) fn docs(docs: &wit_parser::Docs) -> TokenStream {
    let Some(contents) = &docs.contents else {
        return TokenStream::new();
    };
    let mut inside = false;
    let lines = contents.trim().lines().map(|line| {
        let trimmed = line.trim_start();
        let mut text = if inside || line.len() - trimmed.len() < 4 {
            line.to_owned()
        } else {
            // So far to the right it would be code.
            format!("   {trimmed}")
        };
        if trimmed.starts_with("```") {
            inside = !inside;
            if inside && trimmed.trim_end() == "```" {
                text = text.trim_end().to_owned() + "text";
            }
        }
        format!(" {text}")
    });
    let lines: Vec<String> = lines.collect();
    quote!(#(#[doc = #lines])*)
}
