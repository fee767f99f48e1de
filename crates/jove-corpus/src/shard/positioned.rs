//! Reading byte ranges of a file, from any thread, without a shared cursor.
//!
//! A memory map would do as well, but mapping is unsafe in Rust, and a file that is truncated while it is mapped kills
//! the process. Reads of a few bytes are served from the same page cache.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

pub(super) struct PositionedFile {
    file: File,
    pub(super) path: PathBuf,
    pub(super) length: u64,
}

impl PositionedFile {
    pub(super) fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(Error::io(path))?;
        let length = file.metadata().map_err(Error::io(path))?.len();
        Ok(Self { file, path: path.to_owned(), length })
    }

    /// `length` bytes from `start` on.
    pub(super) fn read(&self, start: u64, length: usize) -> Result<Vec<u8>> {
        if start.checked_add(length as u64).is_none_or(|end| end > self.length) {
            let found = format!("{length} bytes from {start} of {}", self.length);
            return Err(Error::malformed(&self.path, "byte ranges inside the file", found));
        }
        let mut bytes = vec![0; length];
        read_exact_at(&self.file, &mut bytes, start).map_err(Error::io(&self.path))?;
        Ok(bytes)
    }
}

#[cfg(unix)]
fn read_exact_at(file: &File, bytes: &mut [u8], start: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, start)
}

#[cfg(windows)]
fn read_exact_at(file: &File, mut bytes: &mut [u8], mut start: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        let read = std::os::windows::fs::FileExt::seek_read(file, bytes, start)?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        bytes = &mut bytes[read..];
        start += read as u64;
    }
    Ok(())
}
