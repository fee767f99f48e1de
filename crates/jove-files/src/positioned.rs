//! Reading byte ranges of a file, from any thread, without a shared cursor.
//!
//! A memory map would do as well, but mapping is unsafe in Rust, and a file that is cut short while it is mapped ends
//! the process. Reads of a few bytes are served from the same page cache.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use crate::input::open_file;

/// A regular file, read by position.
#[derive(Debug)]
pub struct PositionedFile {
    file: File,
    length: u64,
}

impl PositionedFile {
    /// Opens a regular file; nothing is read yet.
    ///
    /// # Errors
    /// Where it is anything else ([`Refused`](crate::Refused)), or cannot be opened.
    pub fn open(path: &Path) -> io::Result<Self> {
        Self::of(open_file(path)?)
    }

    /// A file that is open already, such as one without a name.
    ///
    /// # Errors
    /// Where its length cannot be read.
    pub fn of(file: File) -> io::Result<Self> {
        let length = file.metadata()?.len();
        Ok(Self { file, length })
    }

    /// Its length in bytes, when it was opened.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Fills `bytes` from `start` on.
    ///
    /// # Errors
    /// [`io::ErrorKind::UnexpectedEof`] where the file ends before, also where it was cut short after it was opened.
    pub fn read_exact_at(&self, bytes: &mut [u8], start: u64) -> io::Result<()> {
        read_exact_at(&self.file, bytes, start)
    }

    /// A reader of the whole file, with a position of its own.
    pub fn reader(&self) -> impl Read + Seek + '_ {
        PositionedReader { file: self, position: 0 }
    }
}

struct PositionedReader<'a> {
    file: &'a PositionedFile,
    position: u64,
}

impl Read for PositionedReader<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let left = self.file.length.saturating_sub(self.position);
        let count = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
        self.file.read_exact_at(&mut bytes[..count], self.position)?;
        self.position += count as u64;
        Ok(count)
    }
}

impl Seek for PositionedReader<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(offset) => self.file.length.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        self.position = position.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn file(bytes: &[u8]) -> (tempfile::TempDir, PositionedFile) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        std::fs::write(&path, bytes).unwrap();
        let file = PositionedFile::open(&path).unwrap();
        (folder, file)
    }

    #[test]
    fn a_reader_reads_and_seeks_like_a_file() {
        let (_folder, file) = file(b"0123456789");
        let mut reader = file.reader();
        let mut text = String::new();
        reader.seek(SeekFrom::End(-4)).unwrap();
        reader.read_to_string(&mut text).unwrap();
        assert_eq!((text.as_str(), reader.stream_position().unwrap()), ("6789", 10));
        reader.seek(SeekFrom::Start(99)).unwrap();
        assert_eq!(reader.read(&mut [0; 4]).unwrap(), 0, "beyond the end");
        assert!(reader.seek(SeekFrom::End(-11)).is_err());
    }

    #[test]
    fn a_file_cut_short_after_opening_is_an_error() {
        let (folder, file) = file(&[7; 100]);
        std::fs::write(folder.path().join("x"), [7; 50]).unwrap();
        assert!(file.read_exact_at(&mut [0; 50], 0).is_ok());
        assert_eq!(file.read_exact_at(&mut [0; 51], 0).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        assert_eq!(file.reader().read_to_end(&mut Vec::new()).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }

    #[test]
    fn folders_are_no_files() {
        let folder = tempfile::tempdir().unwrap();
        assert!(PositionedFile::open(folder.path()).is_err());
    }
}
