//! Names of WIT as Rust's: `kebab-case` to `UpperCamel`, `snake_case` and `SHOUTY`, and back.

use proc_macro2::{Ident, Span};

/// Identifiers that are not free in Rust. What would be one gets an underscore.
const TAKEN: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate",
    "do", "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl",
    "in", "let", "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref",
    "return", "self", "static", "struct", "super", "trait", "true", "try", "type", "typeof",
    "unsafe", "unsized", "use", "virtual", "where", "while", "yield", "Self",
];

fn ident(mut text: String) -> Ident {
    if TAKEN.contains(&text.as_str()) {
        text.push('_');
    }
    Ident::new(&text, Span::call_site())
}

fn words(name: &str) -> impl Iterator<Item = &str> {
    name.split(['-', '_', '.']).filter(|word| !word.is_empty())
}

/// `http-error` and `HTTP-error` are `HttpError`.
pub(crate) fn camel(name: &str) -> Ident {
    ident(camel_text(name))
}

/// As [`camel`], to be put together.
pub(crate) fn camel_text(name: &str) -> String {
    words(name).fold(String::new(), |mut text, word| {
        let (first, rest) = word.split_at(1);
        text.push_str(&first.to_ascii_uppercase());
        text.push_str(&rest.to_ascii_lowercase());
        text
    })
}

/// `the-type` is `the_type`, `type` is `type_`.
pub(crate) fn snake(name: &str) -> Ident {
    ident(snake_text(name))
}

/// As [`snake`], to be put together.
pub(crate) fn snake_text(name: &str) -> String {
    words(name)
        .collect::<Vec<_>>()
        .join("_")
        .to_ascii_lowercase()
}

/// `read-only` is `READ_ONLY`.
pub(crate) fn shouty(name: &str) -> Ident {
    ident(snake_text(name).to_ascii_uppercase())
}

/// What a Rust name is in WIT: `the_type`, `type_`, `TheType` and `THE_TYPE`.
pub(crate) fn kebab(ident: &Ident) -> String {
    let text = ident.to_string();
    let text = text.trim_start_matches("r#").trim_end_matches('_');
    let shouty = !text.contains(|c: char| c.is_ascii_lowercase());
    let mut kebab = String::new();
    for (index, c) in text.chars().enumerate() {
        let new_word = c == '_' || (c.is_ascii_uppercase() && !shouty);
        if new_word && index > 0 && !kebab.ends_with('-') {
            kebab.push('-');
        }
        if c != '_' {
            kebab.push(c.to_ascii_lowercase());
        }
    }
    kebab
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_become_rusts() {
        assert_eq!(camel("HTTP-error").to_string(), "HttpError");
        assert_eq!(camel("self").to_string(), "Self_");
        assert_eq!(snake("type").to_string(), "type_");
        assert_eq!(snake("get-environment").to_string(), "get_environment");
        assert_eq!(shouty("read-only").to_string(), "READ_ONLY");
    }

    #[test]
    fn rusts_become_words() {
        let kebab = |text| kebab(&Ident::new(text, Span::call_site()));
        assert_eq!(kebab("HttpError"), "http-error");
        assert_eq!(kebab("type_"), "type");
        assert_eq!(kebab("READ_ONLY"), "read-only");
        assert_eq!(kebab("get_environment"), "get-environment");
    }
}
