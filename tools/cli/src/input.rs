//! Reading modules: from files or standard input, binary or text, in proportion to a limit.

use std::io::Read;
use std::path::Path;

use silica_module::{DecodeError, Limits, parse_text};

use crate::failure::{Failure, Result};
use crate::status::Status;

/// A file's bytes. `-` is standard input.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>> {
    let unreadable = |error: std::io::Error| Failure::unreadable(path, &error);
    if path == Path::new("-") {
        return read_limited(std::io::stdin().lock(), path, 0);
    }
    let file = std::fs::File::open(path).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    if metadata.is_dir() {
        let message = format!("{}: is a directory", path.display());
        return Err(Failure::new(Status::NoInput, message));
    }
    read_limited(file, path, metadata.len())
}

fn read_limited(reader: impl Read, path: &Path, expected: u64) -> Result<Vec<u8>> {
    let most = Limits::default().module_bytes;
    let mut bytes = Vec::with_capacity(expected.min(most) as usize);
    let read = reader.take(most + 1).read_to_end(&mut bytes);
    read.map_err(|error| Failure::unreadable(path, &error))?;
    if bytes.len() as u64 > most {
        let message = format!("{}: is larger than {most} bytes", path.display());
        return Err(Failure::new(Status::BadModule, message));
    }
    Ok(bytes)
}

/// A module's binary, made from text where it is text.
pub(crate) fn module(path: &Path) -> Result<Vec<u8>> {
    binary(path, read(path)?)
}

/// `bytes` of `path` as a binary.
pub(crate) fn binary(path: &Path, bytes: Vec<u8>) -> Result<Vec<u8>> {
    match parse_text(&bytes, Some(path)) {
        Ok(std::borrow::Cow::Borrowed(_)) => Ok(bytes),
        Ok(std::borrow::Cow::Owned(binary)) => Ok(binary),
        Err(error) => Err(bad_module(path, &error)),
    }
}

/// The error of a module that is none.
pub(crate) fn bad_module(path: &Path, error: &DecodeError) -> Failure {
    // Errors of text show the file and the line themselves.
    let message = match error {
        DecodeError::Text(text) => text.clone(),
        other => format!("{}: {other}", path.display()),
    };
    Failure::new(Status::BadModule, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_is_said() {
        let failure = read(Path::new("/nowhere/a.wasm")).unwrap_err();
        assert_eq!(failure.status, Status::NoInput);
        let failure = read(Path::new("/tmp")).unwrap_err();
        assert!(failure.to_string().contains("directory"));
    }

    #[test]
    fn text_is_a_module_too() {
        let path = Path::new("a.wat");
        let bytes = binary(path, b"(module)".to_vec()).unwrap();
        assert!(bytes.starts_with(b"\0asm"));
        let failure = binary(path, b"(modul)".to_vec()).unwrap_err();
        assert_eq!(failure.status, Status::BadModule);
        assert!(failure.to_string().contains("a.wat:1"), "{failure}");
    }
}
