//! Errors of this crate.

use std::io;
use std::path::{Path, PathBuf};

use jove_core::{Advise, InvalidSetting};

/// The result of the functions of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file could not be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The error of the system.
        source: io::Error,
    },
    /// A file does not follow its format.
    #[error("{}: expected {expected}, found {found}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What the format requires.
        expected: String,
        /// What was found.
        found: String,
    },
    /// A file of documents could not be read or written.
    #[error(transparent)]
    Corpus(#[from] jove_corpus::Error),
    /// An invalid setting.
    #[error(transparent)]
    Setting(#[from] InvalidSetting),
    /// An input changed while it was read.
    #[error("{}: the file changed while it was read", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// Another process builds into the same folder.
    #[error("{}: expected a folder that no other build writes to, found one at work", path.display())]
    Busy {
        /// The folder.
        path: PathBuf,
    },
    /// Documents were lost or doubled.
    #[error("{stage}: expected {read} documents in all, found {kept} kept and {removed} removed")]
    Uneven {
        /// The stage.
        stage: String,
        /// Documents that went in.
        read: u64,
        /// Documents that came out.
        kept: u64,
        /// Documents that were removed for a reason.
        removed: u64,
    },
    /// Nothing was kept.
    #[error("{}: expected some documents, found none that are kept", path.display())]
    Empty {
        /// The folder of the corpus.
        path: PathBuf,
    },
    /// The user interrupted the work.
    #[error("interrupted")]
    Interrupted,
}

impl Error {
    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        move |source| Self::Io { path: path.to_owned(), source }
    }

    pub(crate) fn malformed(path: &Path, expected: impl Into<String>, found: impl std::fmt::Display) -> Self {
        let found = found.to_string().chars().take(200).collect();
        Self::Malformed { path: path.to_owned(), expected: expected.into(), found }
    }
}

impl Advise for Error {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Io { source, .. } => match source.kind() {
                io::ErrorKind::NotFound => "Check the path; it is taken relative to `data.root`.",
                io::ErrorKind::StorageFull => "Free some space and build again; finished parts are kept.",
                _ => return None,
            },
            Self::Corpus(error) => return error.hint(),
            Self::Malformed { .. } => "The file may be truncated or of another format.",
            Self::Changed { .. } => "Build again once nothing writes to the file any more.",
            Self::Busy { .. } => "Wait for it, or choose another `name` or `output`.",
            Self::Uneven { .. } => "This is an error of the program; please report it.",
            Self::Empty { .. } => "See rejects.jsonl and corpus.html in that folder for what was removed and why.",
            Self::Setting(_) | Self::Interrupted => return None,
        };
        Some(hint.to_owned())
    }
}
