//! Files of lines, plain or compressed.

use std::cell::{Cell, RefCell};
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use jove_core::Problem;
use jove_files::{Refused, open_stream, skip_line};

use super::magic;

use crate::error::{Error, Result};
use crate::intake::{Intake, hex};

/// The longest line that is read, in bytes. The largest items of Wikidata take about 10 MB.
const LINE_BYTES_MAX: usize = 64 << 20;

/// Lines between two checks of `Progress::cancelled`.
const CHECK_EVERY: u64 = 1 << 12;

/// Counts and hashes the bytes that come off the disk.
struct Counting<R> {
    inner: R,
    count: Rc<Cell<u64>>,
    hash: Rc<RefCell<blake3::Hasher>>,
}

impl<R: Read> Read for Counting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.count.set(self.count.get() + read as u64);
        self.hash.borrow_mut().update(&buffer[..read]);
        Ok(read)
    }
}

/// A file being read line by line.
pub(crate) struct Lines {
    path: PathBuf,
    input: Box<dyn BufRead>,
    bytes: Rc<Cell<u64>>,
    reported: u64,
    line: u64,
    buffer: Vec<u8>,
}

impl Lines {
    /// Opens a file; its first bytes say how it is compressed.
    pub(crate) fn open(path: &Path, intake: &Intake<'_>) -> Result<Self> {
        let (input, bytes) = open(path, intake.hash())?;
        let progress = intake.progress;
        let total = std::fs::metadata(path).ok().map(|meta| meta.len());
        progress.begin(&format!("read {}", path.file_name().unwrap_or_default().to_string_lossy()), total, "bytes");
        Ok(Self { path: path.to_owned(), input, bytes, reported: 0, line: 0, buffer: Vec::new() })
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
        let problem = |expected, found: &str| Some(Problem::new(&self.path, Some(self.line), expected, found));
        if self.buffer.len() > LINE_BYTES_MAX {
            let start = String::from_utf8_lossy(&self.buffer[..80]);
            return problem("a line of at most 64 MiB", &start);
        }
        match std::str::from_utf8(&self.buffer) {
            Err(error) => {
                let rest = &self.buffer[error.valid_up_to()..];
                problem("UTF-8 text", &format!("the bytes {}", hex(&rest[..rest.len().min(8)])))
            }
            Ok(text) if !zeros && text.contains('\0') => problem("text without zero bytes", text),
            Ok(_) => None,
        }
    }

    /// An error of the system, or else of unpacking.
    fn unreadable(&self, source: io::Error) -> Error {
        match source.raw_os_error() {
            Some(_) => Error::io(&self.path)(source),
            None if Refused::of(&source).is_some() => Error::io(&self.path)(source),
            None => Error::Packed { path: self.path.clone(), line: self.line + 1, source },
        }
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

/// A file's content and how many of its bytes were read.
type Opened = (Box<dyn BufRead>, Rc<Cell<u64>>);

/// Opens a file that may be compressed, and a count of the bytes read from disk.
pub(super) fn open(path: &Path, hash: Rc<RefCell<blake3::Hasher>>) -> Result<Opened> {
    let file = open_stream(path).map_err(Error::io(path))?;
    let count = Rc::new(Cell::new(0));
    let mut raw = BufReader::with_capacity(1 << 17, Counting { inner: file, count: Rc::clone(&count), hash });
    let head = raw.fill_buf().map_err(Error::io(path))?;
    let mut input: Box<dyn BufRead> = if head.starts_with(&[0x1f, 0x8b]) {
        Box::new(BufReader::with_capacity(1 << 17, flate2::bufread::MultiGzDecoder::new(raw)))
    } else if head.starts_with(b"BZh") {
        Box::new(BufReader::with_capacity(1 << 17, bzip2::bufread::MultiBzDecoder::new(raw)))
    } else if head.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        let decoder = zstd::stream::read::Decoder::with_buffer(raw).map_err(Error::io(path))?;
        Box::new(BufReader::with_capacity(1 << 17, decoder))
    } else {
        Box::new(raw)
    };
    // A packed file that cannot be unpacked says so, with its line, when it is read.
    match input.fill_buf().ok().and_then(magic::binary) {
        Some(seems) => Err(Error::NoText { path: path.to_owned(), seems }),
        None => Ok((input, count)),
    }
}

/// A file being read as a stream.
pub(crate) struct Packed {
    bytes: Rc<Cell<u64>>,
    reported: Cell<u64>,
}

impl Packed {
    /// Opens a file; its first bytes say how it is compressed.
    pub(crate) fn open(path: &Path, intake: &Intake<'_>) -> Result<(Box<dyn BufRead>, Self)> {
        let (input, bytes) = open(path, intake.hash())?;
        let progress = intake.progress;
        let total = std::fs::metadata(path).ok().map(|meta| meta.len());
        progress.begin(&format!("read {}", path.file_name().unwrap_or_default().to_string_lossy()), total, "bytes");
        Ok((input, Self { bytes, reported: Cell::new(0) }))
    }

    /// Reports progress and checks for cancellation.
    pub(crate) fn report(&self, intake: &Intake<'_>) -> Result<()> {
        intake.progress.advance(self.bytes.get() - self.reported.replace(self.bytes.get()));
        if intake.progress.cancelled() { Err(Error::Interrupted) } else { Ok(()) }
    }
}
