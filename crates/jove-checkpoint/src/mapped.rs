//! Files read through a memory map.

use std::path::{Path, PathBuf};

use mmap_io::MemoryMappedFile;

use crate::error::{Error, Result};

/// A whole file, mapped read-only.
pub(crate) struct MappedFile {
    path: PathBuf,
    map: MemoryMappedFile,
}

impl MappedFile {
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let about = std::fs::metadata(path).map_err(Error::io(path))?;
        if !about.is_file() {
            let source = std::io::Error::new(std::io::ErrorKind::InvalidInput, "not a regular file");
            return Err(Error::Io { path: path.to_owned(), source });
        }
        let map = MemoryMappedFile::open_ro(path).map_err(|error| match error {
            mmap_io::MmapIoError::Io(source) => Error::Io { path: path.to_owned(), source },
            other => Error::Io { path: path.to_owned(), source: std::io::Error::other(other) },
        })?;
        Ok(Self { path: path.to_owned(), map })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        self.map.as_slice_bytes(0, self.map.len()).expect("a read-only map gives its whole range")
    }
}

impl std::fmt::Debug for MappedFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MappedFile({}, {} bytes)", self.path.display(), self.map.len())
    }
}
