//! The text format, accepted wherever a module is.

use std::borrow::Cow;
use std::path::Path;

use crate::DecodeError;

/// First bytes of every binary, module or component.
const MAGIC: &[u8] = b"\0asm";

/// Binary WebAssembly as it is, text turned into binary. Decided by the first bytes: a binary starts
/// with `\0asm`, text with `(` or a comment. `path` appears in the messages about text.
///
/// # Errors
/// [`DecodeError::Text`] with line, column and the line itself where text does not parse,
/// [`DecodeError::NotWebAssembly`] where `bytes` is neither.
///
/// ```
/// let binary = silica_module::parse_text(b"(module)", None)?;
/// assert_eq!(&binary[..4], b"\0asm");
/// # Ok::<(), silica_module::DecodeError>(())
/// ```
pub fn parse_text<'a>(bytes: &'a [u8], path: Option<&Path>) -> Result<Cow<'a, [u8]>, DecodeError> {
    if bytes.starts_with(MAGIC) {
        return Ok(Cow::Borrowed(bytes));
    }
    if let Some(reason) = neither_binary_nor_text(bytes) {
        return Err(DecodeError::NotWebAssembly(reason));
    }
    let parser = wat::Parser::new();
    parser
        .parse_bytes(path, bytes)
        .map(|binary| Cow::Owned(binary.into_owned()))
        .map_err(|error| DecodeError::Text(error.to_string()))
}

/// Whether `bytes` are to be read as text: they do not start like a binary.
#[must_use]
pub fn is_text(bytes: &[u8]) -> bool {
    !bytes.starts_with(MAGIC) && neither_binary_nor_text(bytes).is_none()
}

/// The error of bytes that do not start like a binary, told apart by what they look like.
pub(crate) fn not_binary(bytes: &[u8]) -> Option<DecodeError> {
    if bytes.starts_with(MAGIC) {
        return None;
    }
    let text = "this is text, where a binary is needed";
    Some(DecodeError::NotWebAssembly(
        neither_binary_nor_text(bytes).unwrap_or(text),
    ))
}

fn neither_binary_nor_text(bytes: &[u8]) -> Option<&'static str> {
    if bytes.is_empty() {
        return Some("the file is empty");
    }
    let known: [(&[u8], &str); 4] = [
        (b"\x7fELF", "this is a native program (ELF)"),
        (b"\x1f\x8b", "this is compressed (gzip); unpack it first"),
        (b"PK\x03\x04", "this is a zip archive; unpack it first"),
        (
            b"BC\xc0\xde",
            "this is LLVM bitcode; link it to a module first",
        ),
    ];
    if let Some((_, what)) = known.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        return Some(what);
    }
    if MAGIC.starts_with(bytes) {
        return Some("the file ends within the first four bytes");
    }
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let first = text.iter().find(|b| !b.is_ascii_whitespace());
    match first {
        Some(b'(' | b';') => None,
        Some(_) | None => Some("a binary starts with `\\0asm`, text with `(`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_becomes_binary() {
        assert!(is_text(b" ;; comment\n(module)"));
        let binary = parse_text(b"(module (func))", None).unwrap();
        assert!(binary.starts_with(MAGIC));
        assert!(matches!(parse_text(&binary, None), Ok(Cow::Borrowed(_))));
    }

    #[test]
    fn errors_show_the_place() {
        let error = parse_text(b"(module\n  (fun))", Some(Path::new("a.wat"))).unwrap_err();
        assert!(error.to_string().contains("a.wat:2"), "{error}");
    }

    #[test]
    fn what_is_neither_is_named() {
        for (bytes, word) in [
            (&b""[..], "empty"),
            (b"\0as", "ends"),
            (b"\x7fELF....", "ELF"),
            (b"#!/bin/sh", "starts with"),
        ] {
            let error = parse_text(bytes, None).unwrap_err().to_string();
            assert!(error.contains(word), "{error}");
        }
    }

    #[test]
    fn deep_nesting_is_refused() {
        let text = "(".repeat(100_000);
        assert!(parse_text(text.as_bytes(), None).is_err());
    }
}
