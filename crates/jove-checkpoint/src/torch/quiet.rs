//! A writer for archives on disks that may be full.

use std::cell::RefCell;
use std::io::{self, Seek, SeekFrom, Write};

/// A writer that keeps its first failure for its owner, and takes everything after it without writing. An archive's writer
/// finishes the archive when it is dropped, and prints where that fails; over this one it doesn't fail.
pub(super) struct Quiet<'a, W> {
    inner: W,
    position: u64,
    failure: &'a RefCell<Option<io::Error>>,
}

impl<'a, W> Quiet<'a, W> {
    pub(super) fn new(inner: W, failure: &'a RefCell<Option<io::Error>>) -> Self {
        Self { inner, position: 0, failure }
    }

    /// What `action` gives, or `otherwise` from the first failure on.
    fn attempt<T>(&mut self, otherwise: T, action: impl FnOnce(&mut W) -> io::Result<T>) -> io::Result<T> {
        if self.failure.borrow().is_some() {
            return Ok(otherwise);
        }
        match action(&mut self.inner) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => {
                *self.failure.borrow_mut() = Some(error);
                Ok(otherwise)
            }
            result => result,
        }
    }
}

impl<W: Write> Write for Quiet<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.attempt(bytes.len(), |inner| inner.write(bytes))?;
        self.position += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.attempt((), Write::flush)
    }
}

impl<W: Seek> Seek for Quiet<'_, W> {
    fn seek(&mut self, place: SeekFrom) -> io::Result<u64> {
        let otherwise = match place {
            SeekFrom::Start(position) => position,
            SeekFrom::Current(distance) | SeekFrom::End(distance) => self.position.saturating_add_signed(distance),
        };
        self.position = self.attempt(otherwise, |inner| inner.seek(place))?;
        Ok(self.position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A disk of a few bytes.
    struct Full(usize);

    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let count = bytes.len().min(self.0);
            self.0 -= count;
            if count == 0 { Err(io::ErrorKind::StorageFull.into()) } else { Ok(count) }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn the_first_failure_is_kept_and_the_rest_is_taken() {
        let failure = RefCell::new(None);
        let mut writer = Quiet::new(Full(3), &failure);
        writer.write_all(b"ab").unwrap();
        assert!(failure.borrow().is_none());
        writer.write_all(b"cdef").unwrap();
        writer.write_all(b"gh").unwrap();
        writer.flush().unwrap();
        assert_eq!(failure.borrow().as_ref().unwrap().kind(), io::ErrorKind::StorageFull);
        assert_eq!(writer.position, 8);
    }
}
