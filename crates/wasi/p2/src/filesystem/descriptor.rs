//! An open file or directory.

use std::sync::Arc;

use silica_wasi_host::{Access, Directory, Error, File, Metadata};

use super::error::FsResult;
use crate::room::Place;

/// The resource `wasi:filesystem/types.descriptor`.
#[derive(Debug, Clone)]
pub struct Descriptor {
    object: Object,
}

#[derive(Debug, Clone)]
enum Object {
    File(Arc<OpenFile>),
    /// With its place among what is open; those that were opened beforehand have none.
    Directory {
        directory: Arc<Directory>,
        _place: Option<Arc<Place>>,
    },
}

/// An open file, which streams share.
#[derive(Debug)]
pub(super) struct OpenFile {
    pub(super) file: File,
    _place: Place,
}

impl Descriptor {
    pub(super) fn preopened(directory: Arc<Directory>) -> Descriptor {
        Descriptor {
            object: Object::Directory {
                directory,
                _place: None,
            },
        }
    }

    pub(super) fn directory_at(directory: Directory, place: Place) -> Descriptor {
        Descriptor {
            object: Object::Directory {
                directory: Arc::new(directory),
                _place: Some(Arc::new(place)),
            },
        }
    }

    pub(super) fn file_at(file: File, place: Place) -> Descriptor {
        let file = OpenFile {
            file,
            _place: place,
        };
        Descriptor {
            object: Object::File(Arc::new(file)),
        }
    }

    /// What it is.
    pub(super) fn kind(&self) -> Kind<'_> {
        match &self.object {
            Object::File(open) => Kind::File(&open.file),
            Object::Directory { directory, .. } => Kind::Directory(directory),
        }
    }

    /// The file, which must be open for this.
    pub(super) fn file(&self, access: Access) -> FsResult<&File> {
        self.open_file(access).map(|open| &open.file)
    }

    /// The file, to be shared, which must be open for this.
    pub(super) fn open_file(&self, access: Access) -> FsResult<&Arc<OpenFile>> {
        match &self.object {
            Object::File(open) if open.file.access().contains(access) => Ok(open),
            Object::File(_) => Err(Error::BadDescriptor.into()),
            // As systems do it: a directory can be open for reading, never for writing.
            Object::Directory { .. } if access == Access::READ => Err(Error::IsDirectory.into()),
            Object::Directory { .. } => Err(Error::BadDescriptor.into()),
        }
    }

    /// The directory.
    pub(super) fn directory(&self) -> FsResult<&Arc<Directory>> {
        match &self.object {
            Object::Directory { directory, .. } => Ok(directory),
            Object::File(_) => Err(Error::NotDirectory.into()),
        }
    }

    pub(super) fn metadata(&self) -> silica_wasi_host::Result<Metadata> {
        match self.kind() {
            Kind::File(file) => file.metadata(),
            Kind::Directory(directory) => directory.metadata(),
        }
    }
}

/// What a descriptor is.
pub(super) enum Kind<'a> {
    File(&'a File),
    Directory(&'a Directory),
}
