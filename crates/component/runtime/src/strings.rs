//! Strings in three encodings, to the host's and from it.
//!
//! What a guest's `realloc` is asked for, and in which order, is the specification's: a string that may turn out
//! shorter is first given the most that it could need, and shrunk.

use std::borrow::Cow;

use silica_component_describe::Encoding;
use silica_engine::Result;

use crate::context::{LiftContext, LowerContext, check_aligned};
use crate::error::CanonicalTrap;

/// The specification's `MAX_STRING_BYTE_LENGTH`.
const STRING_BYTES_MAX: u64 = (1 << 28) - 1;

/// Says in a length of `latin1+utf16` that the string is UTF-16.
pub(crate) const UTF16_TAG: u32 = 1 << 31;

/// What a guest's string was, of which the way to store it again depends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Utf8,
    Utf16,
    /// UTF-16 of `latin1+utf16`.
    TaggedUtf16,
    Latin1,
}

/// A string lifted out of a guest, with its length there.
pub(crate) struct Lifted {
    pub(crate) text: String,
    pub(crate) form: Form,
    /// Code units in the guest.
    pub(crate) units: u32,
}

/// Lifts a string.
pub(crate) fn lift<T: 'static>(
    cx: &mut LiftContext<'_, T>,
    pointer: u32,
    length: u32,
) -> Result<Lifted> {
    let (form, units, align) = match cx.options.encoding {
        Encoding::Utf8 => (Form::Utf8, length, 1),
        Encoding::Utf16 => (Form::Utf16, length, 2),
        Encoding::CompactUtf16 if length & UTF16_TAG != 0 => {
            (Form::TaggedUtf16, length ^ UTF16_TAG, 2)
        }
        Encoding::CompactUtf16 => (Form::Latin1, length, 2),
    };
    let bytes = match form {
        Form::Utf8 | Form::Latin1 => u64::from(units),
        Form::Utf16 | Form::TaggedUtf16 => 2 * u64::from(units),
    };
    if bytes > STRING_BYTES_MAX {
        return Err(CanonicalTrap::StringTooLong.into());
    }
    check_aligned(pointer, align)?;
    if u64::from(pointer) + bytes > cx.memory().len() as u64 {
        return Err(CanonicalTrap::StringOutOfBounds.into());
    }
    // In UTF-8 no form takes more than three bytes for one of a unit's.
    cx.charge(bytes * 3)?;
    let bytes = cx.bytes(pointer, bytes)?;
    let text = match form {
        Form::Utf8 => std::str::from_utf8(bytes)
            .map_err(|_| CanonicalTrap::InvalidUtf8)?
            .to_owned(),
        Form::Latin1 => bytes.iter().map(|&byte| char::from(byte)).collect(),
        Form::Utf16 | Form::TaggedUtf16 => utf16(bytes)?,
    };
    Ok(Lifted { text, form, units })
}

fn utf16(bytes: &[u8]) -> Result<String, CanonicalTrap> {
    let (units, _) = bytes.as_chunks::<2>();
    char::decode_utf16(units.iter().map(|&unit| u16::from_le_bytes(unit)))
        .collect::<Result<String, _>>()
        .map_err(|_| CanonicalTrap::InvalidUtf16)
}

/// Stores a string of the host's; gives its pointer and length.
pub(crate) fn lower<T: 'static>(cx: &mut LowerContext<'_, T>, text: &str) -> Result<(u32, u32)> {
    store(cx, text, Form::Utf8, text.len() as u64)
}

/// Stores a string that was `form`, of so many units.
pub(crate) fn store<T: 'static>(
    cx: &mut LowerContext<'_, T>,
    text: &str,
    form: Form,
    units: u64,
) -> Result<(u32, u32)> {
    match (form, cx.options.encoding) {
        (Form::Utf8, Encoding::Utf8) => copy(cx, text.as_bytes(), 1, 1),
        (Form::Utf16 | Form::TaggedUtf16, Encoding::Utf8) => to_utf8(cx, text, units, units * 3),
        (Form::Latin1, Encoding::Utf8) => to_utf8(cx, text, units, units * 2),
        (Form::Utf8, Encoding::Utf16) => utf8_to_utf16(cx, text, units),
        (Form::Utf16 | Form::TaggedUtf16 | Form::Latin1, Encoding::Utf16) => {
            copy(cx, &encode_utf16(text), 2, 2)
        }
        (Form::Latin1, Encoding::CompactUtf16) => match latin1(text) {
            Some(bytes) => copy(cx, &bytes, 2, 1),
            None => copy_tagged(cx, text),
        },
        (Form::TaggedUtf16, Encoding::CompactUtf16) => probably_utf16(cx, text),
        (Form::Utf8 | Form::Utf16, Encoding::CompactUtf16) => to_compact(cx, text, units),
    }
}

fn check_length(bytes: u64) -> Result<u32, CanonicalTrap> {
    if bytes > STRING_BYTES_MAX {
        return Err(CanonicalTrap::StringTooLong);
    }
    Ok(bytes as u32)
}

/// As it is, in memory of its size. The length is in units.
fn copy<T: 'static>(
    cx: &mut LowerContext<'_, T>,
    bytes: &[u8],
    align: u32,
    unit: u32,
) -> Result<(u32, u32)> {
    let size = check_length(bytes.len() as u64)?;
    let pointer = cx.realloc(0, 0, align, size)?;
    cx.bytes(pointer, size.into())?.copy_from_slice(bytes);
    Ok((pointer, size / unit))
}

fn copy_tagged<T: 'static>(cx: &mut LowerContext<'_, T>, text: &str) -> Result<(u32, u32)> {
    let (pointer, units) = copy(cx, &encode_utf16(text), 2, 2)?;
    Ok((pointer, units | UTF16_TAG))
}

/// To UTF-8, which first gets as many bytes as there were units, then the most it could need.
fn to_utf8<T: 'static>(
    cx: &mut LowerContext<'_, T>,
    text: &str,
    units: u64,
    worst: u64,
) -> Result<(u32, u32)> {
    let first = check_length(units)?;
    let needed = check_length(text.len() as u64)?;
    let mut pointer = cx.realloc(0, 0, 1, first)?;
    if needed > first {
        // What fits is there before more is asked for, and is kept.
        let kept = ascii_prefix(text, first);
        cx.bytes(pointer, kept.len() as u64)?.copy_from_slice(kept);
        let worst = check_length(worst)?;
        pointer = cx.realloc(pointer, first, 1, worst)?;
        cx.bytes(pointer, needed.into())?
            .copy_from_slice(text.as_bytes());
        if worst > needed {
            pointer = cx.realloc(pointer, worst, 1, needed)?;
        }
    } else {
        cx.bytes(pointer, needed.into())?
            .copy_from_slice(text.as_bytes());
    }
    Ok((pointer, needed))
}

fn ascii_prefix(text: &str, most: u32) -> &[u8] {
    let bytes = text.as_bytes();
    let end = bytes.iter().position(|byte| !byte.is_ascii());
    &bytes[..end.unwrap_or(bytes.len()).min(most as usize)]
}

/// To UTF-16, which first gets two bytes for each of UTF-8's.
fn utf8_to_utf16<T: 'static>(
    cx: &mut LowerContext<'_, T>,
    text: &str,
    units: u64,
) -> Result<(u32, u32)> {
    let worst = check_length(units * 2)?;
    let encoded = encode_utf16(text);
    let needed = encoded.len() as u32;
    let mut pointer = cx.realloc(0, 0, 2, worst)?;
    cx.bytes(pointer, needed.into())?.copy_from_slice(&encoded);
    if needed < worst {
        pointer = cx.realloc(pointer, worst, 2, needed)?;
    }
    Ok((pointer, needed / 2))
}

/// From UTF-16 that was tagged: stored as such, and narrowed where each unit fits a byte.
fn probably_utf16<T: 'static>(cx: &mut LowerContext<'_, T>, text: &str) -> Result<(u32, u32)> {
    let (pointer, tagged) = copy_tagged(cx, text)?;
    let Some(bytes) = latin1(text) else {
        return Ok((pointer, tagged));
    };
    let size = 2 * (tagged ^ UTF16_TAG);
    let narrow = bytes.len() as u32;
    cx.bytes(pointer, narrow.into())?.copy_from_slice(&bytes);
    let pointer = cx.realloc(pointer, size, 1, narrow)?;
    Ok((pointer, narrow))
}

/// As Latin-1 as far as that goes, then all of it as UTF-16.
fn to_compact<T: 'static>(
    cx: &mut LowerContext<'_, T>,
    text: &str,
    units: u64,
) -> Result<(u32, u32)> {
    let first = check_length(units)?;
    let mut pointer = cx.realloc(0, 0, 2, first)?;
    if let Some(bytes) = latin1(text) {
        let needed = bytes.len() as u32;
        cx.bytes(pointer, needed.into())?.copy_from_slice(&bytes);
        if needed < first {
            pointer = cx.realloc(pointer, first, 2, needed)?;
        }
        return Ok((pointer, needed));
    }
    let kept: Vec<u8> = text.chars().map_while(|c| u8::try_from(c).ok()).collect();
    cx.bytes(pointer, kept.len() as u64)?.copy_from_slice(&kept);
    let worst = check_length(units * 2)?;
    pointer = cx.realloc(pointer, first, 2, worst)?;
    let encoded = encode_utf16(text);
    let needed = encoded.len() as u32;
    cx.bytes(pointer, needed.into())?.copy_from_slice(&encoded);
    if needed < worst {
        pointer = cx.realloc(pointer, worst, 2, needed)?;
    }
    Ok((pointer, (needed / 2) | UTF16_TAG))
}

fn latin1(text: &str) -> Option<Cow<'_, [u8]>> {
    if text.is_ascii() {
        return Some(Cow::Borrowed(text.as_bytes()));
    }
    text.chars().map(|c| u8::try_from(c).ok()).collect()
}

fn encode_utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}
