//! Files of lines, plain or compressed.

use std::cell::Cell;
use std::io::{self, BufRead, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use encoding_rs::Encoding;
use jove_core::Problem;
use jove_files::{Refused, skip_line};

use super::unpack::{Opened, open};

use crate::error::{Error, Result};
use crate::intake::{Intake, hex};

/// The longest line that is read, in bytes. The largest items of Wikidata take about 10 MB.
const LINE_BYTES_MAX: usize = 64 << 20;

/// Lines between two checks of `Progress::cancelled`.
const CHECK_EVERY: u64 = 1 << 12;

/// A file being read line by line.
pub(crate) struct Lines {
    path: PathBuf,
    input: Box<dyn BufRead>,
    bytes: Rc<Cell<u64>>,
    reported: u64,
    line: u64,
    buffer: Vec<u8>,
    /// The encoding that was decoded, where it is not UTF-8.
    decoded: Option<&'static Encoding>,
}

impl Lines {
    /// Opens a file; its first bytes say how it is compressed.
    pub(crate) fn open(path: &Path, intake: &Intake<'_>) -> Result<Self> {
        let Opened { input, bytes, decoded } = open(path, intake.encoding, intake.hash())?;
        begin(path, intake);
        Ok(Self { path: path.to_owned(), input, bytes, reported: 0, line: 0, buffer: Vec::new(), decoded })
    }

    /// The next line that is text without zero bytes and of limited length; others are rejected on the way.
    pub(crate) fn next_text(&mut self, intake: &mut Intake<'_>) -> Result<Option<(u64, &str)>> {
        self.next(intake, false)
    }

    /// The next line that is text of limited length, zero bytes or not.
    pub(crate) fn next_line(&mut self, intake: &mut Intake<'_>) -> Result<Option<(u64, &str)>> {
        self.next(intake, true)
    }

    fn next(&mut self, intake: &mut Intake<'_>, zeros: bool) -> Result<Option<(u64, &str)>> {
        while self.advance(intake)? {
            let Some(problem) = self.wrong(zeros) else {
                let text = std::str::from_utf8(&self.buffer).expect("a line that is not wrong is text");
                return Ok(Some((self.line, text)));
            };
            intake.reject(problem, &self.buffer)?;
        }
        Ok(None)
    }

    /// What makes the current line no text.
    fn wrong(&self, zeros: bool) -> Option<Problem> {
        let problem = |expected: &str, found: &str| Some(Problem::new(&self.path, Some(self.line), expected, found));
        if self.buffer.len() > LINE_BYTES_MAX {
            let start = String::from_utf8_lossy(&self.buffer[..80]);
            return problem("a line of at most 64 MiB", &start);
        }
        match std::str::from_utf8(&self.buffer) {
            Err(error) => {
                let rest = &self.buffer[error.valid_up_to()..];
                problem("UTF-8 text", &format!("the bytes {}", hex(&rest[..rest.len().min(8)])))
            }
            Ok(text) if self.decoded.is_some() && text.contains('\u{fffd}') => {
                problem(&format!("text in {}", self.decoded.map_or("", Encoding::name)), text)
            }
            Ok(text) if !zeros && text.contains('\0') => problem("text without zero bytes", text),
            Ok(_) => None,
        }
    }

    /// An error of the system, or else of unpacking.
    fn unreadable(&self, source: io::Error) -> Error {
        unreadable(&self.path, self.line + 1, source)
    }

    /// Reads one more line into the buffer, at most a little more than the limit of it.
    fn advance(&mut self, intake: &mut Intake<'_>) -> Result<bool> {
        if self.line.is_multiple_of(CHECK_EVERY) {
            intake.progress.advance(self.bytes.get() - self.reported);
            self.reported = self.bytes.get();
            if intake.progress.cancelled() {
                return Err(Error::Interrupted);
            }
        }
        self.buffer.clear();
        let limit = LINE_BYTES_MAX as u64 + 1;
        let read = match self.input.by_ref().take(limit).read_until(b'\n', &mut self.buffer) {
            Ok(read) => read,
            Err(error) => return Err(self.unreadable(error)),
        };
        if read == 0 {
            intake.progress.advance(self.bytes.get() - self.reported);
            intake.progress.end();
            return Ok(false);
        }
        self.line += 1;
        intake.counts.rows += 1;
        if self.buffer.last() == Some(&b'\n') {
            self.buffer.pop();
            if self.buffer.last() == Some(&b'\r') {
                self.buffer.pop();
            }
        } else if self.buffer.len() > LINE_BYTES_MAX
            && let Err(error) = skip_line(&mut self.input)
        {
            return Err(self.unreadable(error));
        }
        if self.line == 1 && self.buffer.starts_with("\u{feff}".as_bytes()) {
            self.buffer.drain(..3);
        }
        Ok(true)
    }
}

/// An error of the system, or else of unpacking, with the line it came in.
pub(super) fn unreadable(path: &Path, line: u64, source: io::Error) -> Error {
    match source.raw_os_error() {
        Some(_) => Error::io(path)(source),
        None if Refused::of(&source).is_some() => Error::io(path)(source),
        None => Error::Packed { path: path.to_owned(), line, source },
    }
}

fn begin(path: &Path, intake: &Intake<'_>) {
    let total = std::fs::metadata(path).ok().map(|meta| meta.len());
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    intake.progress.begin(&format!("read {name}"), total, "bytes");
}

/// A file being read as a stream.
pub(crate) struct Packed {
    path: PathBuf,
    bytes: Rc<Cell<u64>>,
    reported: Cell<u64>,
}

impl Packed {
    /// Opens a file; its first bytes say how it is compressed.
    pub(crate) fn open(path: &Path, intake: &Intake<'_>) -> Result<(Box<dyn BufRead>, Self)> {
        let Opened { input, bytes, .. } = open(path, intake.encoding, intake.hash())?;
        begin(path, intake);
        Ok((input, Self { path: path.to_owned(), bytes, reported: Cell::new(0) }))
    }

    /// Reports progress and checks for cancellation.
    pub(crate) fn report(&self, intake: &Intake<'_>) -> Result<()> {
        intake.progress.advance(self.bytes.get() - self.reported.replace(self.bytes.get()));
        if intake.progress.cancelled() { Err(Error::Interrupted) } else { Ok(()) }
    }

    /// An error of the system, or else of unpacking, with the line it came in.
    pub(crate) fn unreadable(&self, source: io::Error, line: u64) -> Error {
        unreadable(&self.path, line, source)
    }
}
