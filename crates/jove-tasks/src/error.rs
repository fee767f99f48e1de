//! Errors of this crate.

use std::io;
use std::path::{Path, PathBuf};

use jove_core::{Advise, InvalidSetting, Problem};

/// Why a task cannot be read, scored or submitted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file cannot be read.
    #[error("{}: cannot be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file cannot be written.
    #[error("{}: cannot be written", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Rows that are not what the task's format requires.
    #[error("{}{}", problem, others(*.more))]
    Rows {
        /// The first of them.
        problem: Problem,
        /// How many there are besides.
        more: usize,
    },
    /// A file as a whole is not what it should be.
    #[error("{}: expected {expected}, found {found}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What was expected.
        expected: String,
        /// What was found.
        found: String,
        /// What to do about it.
        advice: &'static str,
    },
    /// An invalid setting.
    #[error(transparent)]
    Setting(#[from] InvalidSetting),
}

fn others(more: usize) -> String {
    if more == 0 { String::new() } else { format!(" (and {more} more such rows)") }
}

impl Error {
    pub(crate) fn read(path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::Read { path, source }
    }

    pub(crate) fn file(
        path: &Path,
        expected: impl Into<String>,
        found: impl Into<String>,
        advice: &'static str,
    ) -> Self {
        Self::File { path: path.to_owned(), expected: expected.into(), found: found.into(), advice }
    }

    /// The first of some problems with the number of the others; fine where there is none.
    pub(crate) fn rows(problems: Vec<Problem>) -> Result<(), Self> {
        let more = problems.len().saturating_sub(1);
        problems.into_iter().next().map_or(Ok(()), |problem| Err(Self::Rows { problem, more }))
    }
}

impl Advise for Error {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Read { .. } => Some("check the path; relative paths start at the current directory".to_owned()),
            Self::Rows { .. } => {
                Some("docs/finetuning.md shows each format; `jove eval doctor` checks data".to_owned())
            }
            Self::File { advice, .. } => Some((*advice).to_owned()),
            Self::Write { .. } | Self::Setting(_) => None,
        }
    }
}
