//! Writing what a user asked for.

use std::fs::File;
use std::io::{self, IsTerminal as _, Write};
use std::ops::{Deref, DerefMut};
use std::path::Path;

use crate::destination::Destination;
use crate::kind::Kind;
use crate::replacement::Replacement;
use crate::terminal::Escaping;

/// An output that is being written. A regular file appears under its name only with [`Output::finish`], and stays as it
/// was where the output is dropped before; a stream gets every byte at once.
#[derive(Debug)]
pub struct Output {
    to: To,
}

#[derive(Debug)]
enum To {
    Replacement(Replacement),
    Stream(File),
    Terminal(Escaping<File>),
}

impl Output {
    /// Opens what `path` leads to: a new file, a regular file of this `kind`, which is replaced in the end with its
    /// permissions kept, a pipe or a device, or standard output (`-`). What goes to a terminal has its control
    /// characters escaped.
    ///
    /// # Errors
    /// Where a folder, a socket or a file of another kind is there ([`crate::Refused`]), or it cannot be opened.
    pub fn create(path: &Path, kind: Kind) -> io::Result<Self> {
        let to = match Destination::find(path, kind)? {
            Destination::Regular(path) => To::Replacement(Replacement::create(&path)?),
            Destination::Stream(file) if file.is_terminal() => To::Terminal(Escaping::new(file)),
            Destination::Stream(file) => To::Stream(file),
        };
        Ok(Self { to })
    }

    /// Writes all of a file in one go.
    ///
    /// # Errors
    /// As [`Output::create`] and [`Output::finish`].
    pub fn write(path: &Path, kind: Kind, bytes: &[u8]) -> io::Result<()> {
        let mut output = Self::create(path, kind)?;
        output.write_all(bytes)?;
        output.finish()
    }

    /// Makes the bytes written so far the content of the file, on disk.
    ///
    /// # Errors
    /// Where they cannot be written.
    pub fn finish(self) -> io::Result<()> {
        match self.to {
            To::Replacement(replacement) => replacement.commit(),
            To::Stream(mut file) => file.flush(),
            To::Terminal(mut escaping) => escaping.finish(),
        }
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.to {
            To::Replacement(replacement) => replacement.file.write(bytes),
            To::Stream(file) => file.write(bytes),
            To::Terminal(escaping) => escaping.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.to {
            To::Replacement(replacement) => replacement.file.flush(),
            To::Stream(file) => file.flush(),
            To::Terminal(escaping) => escaping.flush(),
        }
    }
}

/// The open file, for those who seek in it.
impl Deref for Output {
    type Target = File;

    fn deref(&self) -> &File {
        match &self.to {
            To::Replacement(replacement) => &replacement.file,
            To::Stream(file) => file,
            To::Terminal(escaping) => escaping.inner(),
        }
    }
}

impl DerefMut for Output {
    fn deref_mut(&mut self) -> &mut File {
        match &mut self.to {
            To::Replacement(replacement) => &mut replacement.file,
            To::Stream(file) => file,
            To::Terminal(escaping) => escaping.inner_mut(),
        }
    }
}
