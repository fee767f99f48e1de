//! Bad rows: counted, kept, and too many of them stop the build.

use std::path::{Path, PathBuf};

use jove_core::Problem;
use jove_files::{Kind, LateOutput};
use serde::Serialize;

use crate::error::{Error, Result};

/// The longest row that is kept whole, in bytes; of longer ones, this much.
const ROW_BYTES_MAX: usize = 1 << 20;

/// Problems that a report repeats.
const SHOWN_MAX: usize = 20;

/// One line of a reject file.
#[derive(Serialize)]
struct Rejected<'a> {
    #[serde(flatten)]
    problem: &'a Problem,
    /// The row, when it is text.
    #[serde(skip_serializing_if = "Option::is_none")]
    row: Option<&'a str>,
    /// The row's bytes in hexadecimal, when it is no text.
    #[serde(skip_serializing_if = "Option::is_none")]
    row_hex: Option<String>,
    /// Whether the row was longer than what is kept.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    cut: bool,
}

/// Bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(u32::from(value), 16).expect("half a byte is below 16");
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// Takes bad rows of one build. The file is made with the first bad row and stays when the build fails: it is what
/// the user needs then.
pub(crate) struct Rejects {
    out: LateOutput,
    max: u64,
    count: u64,
    shown: Vec<Problem>,
}

impl Rejects {
    /// Forgets the reject file of an earlier build.
    pub(crate) fn new(path: &Path, max: u64) -> Result<Self> {
        let out = LateOutput::new(path, Kind::REJECTS).map_err(Error::io(path))?;
        Ok(Self { out, max, count: 0, shown: Vec::new() })
    }

    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    pub(crate) fn shown(&self) -> &[Problem] {
        &self.shown
    }

    /// Where the rows are, when there are any.
    pub(crate) fn path(&self) -> Option<PathBuf> {
        (self.count > 0).then(|| self.out.path().to_owned())
    }

    /// Counts and keeps a bad row.
    pub(crate) fn add(&mut self, problem: Problem, row: &[u8]) -> Result<()> {
        let kept = &row[..row.len().min(ROW_BYTES_MAX)];
        let text = match std::str::from_utf8(kept) {
            Ok(text) => Some(text),
            // A cut may fall inside a character.
            Err(error) if kept.len() < row.len() && error.error_len().is_none() => {
                std::str::from_utf8(&kept[..error.valid_up_to()]).ok()
            }
            Err(_) => None,
        };
        let rejected = Rejected {
            problem: &problem,
            row: text,
            row_hex: text.is_none().then(|| hex(kept)),
            cut: kept.len() < row.len(),
        };
        let line = serde_json::to_vec(&rejected).map_err(std::io::Error::from).map_err(Error::io(self.out.path()))?;
        self.out.write_line(&line).map_err(|error| Error::io(self.out.path())(error))?;
        self.count += 1;
        if self.count > self.max {
            self.flush()?;
            return Err(Error::TooManyBad {
                bad: self.count,
                max: self.max,
                last: Box::new(problem),
                reject_file: Some(self.out.path().to_owned()),
            });
        }
        if self.shown.len() < SHOWN_MAX {
            self.shown.push(problem);
        }
        Ok(())
    }

    /// Writes what is buffered.
    pub(crate) fn flush(&mut self) -> Result<()> {
        self.out.flush().map_err(|error| Error::io(self.out.path())(error))
    }
}
