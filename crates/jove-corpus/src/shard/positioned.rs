//! A shard's file, read by position, with its path for messages.

use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

pub(super) struct PositionedFile {
    file: jove_files::PositionedFile,
    pub(super) path: PathBuf,
    pub(super) length: u64,
}

impl PositionedFile {
    pub(super) fn open(path: &Path) -> Result<Self> {
        let file = jove_files::PositionedFile::open(path).map_err(Error::io(path))?;
        Ok(Self { length: file.length(), file, path: path.to_owned() })
    }

    /// `length` bytes from `start` on.
    pub(super) fn read(&self, start: u64, length: usize) -> Result<Vec<u8>> {
        if start.checked_add(length as u64).is_none_or(|end| end > self.length) {
            let found = format!("{length} bytes from {start} of {}", self.length);
            return Err(Error::malformed(&self.path, "byte ranges inside the file", found));
        }
        let mut bytes = vec![0; length];
        self.file.read_exact_at(&mut bytes, start).map_err(Error::io(&self.path))?;
        Ok(bytes)
    }
}
