//! The bytes of a pickle, read from front to back.

use super::object::Fault;

pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// The number of bytes read so far.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// An error at the present place.
    pub(super) fn malformed<T>(&self, what: &str) -> Result<T, Fault> {
        Err(Fault::Malformed(format!("{what} at byte {} of the pickle", self.at)))
    }

    pub(super) fn slice(&mut self, length: usize) -> Result<&'a [u8], Fault> {
        let end = self.at.checked_add(length).filter(|end| *end <= self.bytes.len());
        let Some(end) = end else { return self.malformed("the data end") };
        let slice = &self.bytes[self.at..end];
        self.at = end;
        Ok(slice)
    }

    pub(super) fn take<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        Ok(self.slice(N)?.try_into().expect("the slice has N bytes"))
    }

    /// A text that ends in a line break.
    pub(super) fn line(&mut self) -> Result<String, Fault> {
        const BYTES_MAX: usize = 256;
        let rest = &self.bytes[self.at..];
        let Some(length) = rest.iter().take(BYTES_MAX).position(|byte| *byte == b'\n') else {
            return self.malformed("a line without end");
        };
        let line = String::from_utf8_lossy(&rest[..length]).into_owned();
        self.at += length + 1;
        Ok(line)
    }
}
