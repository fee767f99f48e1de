//! Errors.

use std::io;
use std::path::{Path, PathBuf};

use jove_core::Advise;

/// Why nothing could be proposed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file could not be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The error of the system.
        source: io::Error,
    },
    /// What was given holds nothing to begin with.
    #[error("{}: expected {expected}, found {found}", path.display())]
    Nothing {
        /// The file or folder.
        path: PathBuf,
        /// What it should hold.
        expected: &'static str,
        /// What it holds.
        found: String,
        /// What to do.
        hint: String,
    },
    /// A name that can't name an experiment.
    #[error("the name: expected 1 to 64 letters, digits, `+`, `-` and `_`, found `{0}`")]
    Name(String),
    /// An experiment of this name is there already.
    #[error("{}: is there already", .0.display())]
    Exists(PathBuf),
    /// A graph that can't be read.
    #[error(transparent)]
    Kb(#[from] jove_kb::Error),
    /// Text that can't be read.
    #[error(transparent)]
    Corpus(#[from] jove_corpus::Error),
}

/// Of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        move |source| Self::Io { path: path.to_owned(), source }
    }
}

impl Advise for Error {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Io { .. } | Self::Name(_) => None,
            Self::Nothing { hint, .. } => Some(hint.clone()),
            Self::Exists(_) => Some("give another name; what is there is never replaced".to_owned()),
            Self::Kb(error) => error.hint(),
            Self::Corpus(error) => error.hint(),
        }
    }
}
