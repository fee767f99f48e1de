//! Errors of this crate.

use std::io;
use std::path::{Path, PathBuf};

use jove_core::{Advise, ModelConfigError};

use crate::content::Content;
use crate::message::shortened;
use crate::report::NameReport;

/// The result of the functions of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a checkpoint could not be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file could not be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The error of the system.
        source: io::Error,
    },
    /// A file does not follow its format.
    #[error("{}: not a valid {format} file: {reason}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// The format expected.
        format: &'static str,
        /// What is wrong, and where.
        reason: String,
    },
    /// A file holds something that is never read, such as code in a pickle.
    #[error("{}: rejected: {reason}", path.display())]
    Refused {
        /// The file.
        path: PathBuf,
        /// What was found.
        reason: String,
    },
    /// A model or a file of another kind than those that are read.
    #[error("{}: {reason}", path.display())]
    Unsupported {
        /// The file or folder.
        path: PathBuf,
        /// What was expected and found.
        reason: String,
        /// The nearest way to what is read.
        hint: String,
    },
    /// A configuration that is invalid.
    #[error("{}: {reason}", path.display())]
    Config {
        /// The configuration file.
        path: PathBuf,
        /// What was expected and found.
        reason: String,
    },
    /// Invalid sizes of a model.
    #[error(transparent)]
    Shape(#[from] ModelConfigError),
    /// A tensor that is not in the file.
    #[error("{}: no tensor `{name}`", path.display())]
    NoTensor {
        /// The file or folder.
        path: PathBuf,
        /// The name requested.
        name: String,
    },
    /// A number of values that differs from the shape.
    #[error("tensor `{name}`: shape {shape:?} holds {expected} values, found {found}")]
    Length {
        /// The tensor.
        name: String,
        /// Its shape.
        shape: Vec<usize>,
        /// Values that the shape holds.
        expected: usize,
        /// Values found.
        found: usize,
    },
    /// A number type other than floating point.
    #[error("{}: tensor `{name}`: expected floating-point numbers, found {found}", path.display())]
    NumberType {
        /// The file.
        path: PathBuf,
        /// The tensor.
        name: String,
        /// Its number type.
        found: String,
    },
    /// Weights that are NaN or infinite.
    #[error("{}: {count} of {total} values of tensor `{name}` are NaN or infinite", path.display())]
    NonFinite {
        /// The file or folder.
        path: PathBuf,
        /// The first tensor that holds such values.
        name: String,
        /// How many of its values are NaN or infinite.
        count: usize,
        /// The number of its values.
        total: usize,
    },
    /// A checksum that does not match.
    #[error("{}: tensor `{name}`: checksum is {found:08x}, the file says {expected:08x}", path.display())]
    Checksum {
        /// The file.
        path: PathBuf,
        /// The tensor.
        name: String,
        /// The checksum in the file.
        expected: u32,
        /// The checksum of the bytes.
        found: u32,
    },
    /// Tensors that differ from the configuration.
    #[error("{}: the tensors do not fit the configuration: {report}", path.display())]
    Mismatch {
        /// The file or folder.
        path: PathBuf,
        /// All differences.
        report: Box<NameReport>,
    },
    /// A folder that is not replaced, as it holds files that are not part of a checkpoint.
    #[error("{}: not replaced: the folder holds `{found}`, which is no part of a checkpoint", path.display())]
    Occupied {
        /// The folder.
        path: PathBuf,
        /// The first thing found.
        found: String,
    },
    /// A model could not be downloaded from a hub.
    #[error("hub model {model}: {reason}")]
    Hub {
        /// Owner, name and revision.
        model: String,
        /// What failed, and at which file.
        reason: String,
    },
    /// The user interrupted the work; nothing was written.
    #[error("interrupted; nothing was written")]
    Interrupted,
}

impl Error {
    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { path: path.to_owned(), source }
    }

    pub(crate) fn malformed(path: &Path, format: &'static str, reason: impl AsRef<str>) -> Self {
        Self::Malformed { path: path.to_owned(), format, reason: shortened(reason.as_ref()) }
    }

    pub(crate) fn unsupported(path: &Path, reason: impl AsRef<str>, hint: impl Into<String>) -> Self {
        Self::Unsupported { path: path.to_owned(), reason: shortened(reason.as_ref()), hint: hint.into() }
    }

    /// Something else in the place of `expected`.
    pub(crate) fn foreign(path: &Path, expected: &str, found: &Content) -> Self {
        Self::unsupported(path, format!("expected {expected}, found {}", found.what), found.hint)
    }

    pub(crate) fn config(path: &Path, reason: impl AsRef<str>) -> Self {
        Self::Config { path: path.to_owned(), reason: shortened(reason.as_ref()) }
    }
}

impl Advise for Error {
    fn hint(&self) -> Option<String> {
        if let Self::Mismatch { report, .. } = self
            && let Some(rows) = report.other_vocabulary()
        {
            return Some(format!(
                "the word table has {rows} rows; if it was padded, set vocab_size to {rows} in the configuration"
            ));
        }
        let hint = match self {
            Self::Io { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                "check the path; a checkpoint folder holds config.json and its weights"
            }
            Self::Io { source, .. } if source.kind() == io::ErrorKind::StorageFull => {
                "free some space and run again; no partial file was left"
            }
            Self::Malformed { .. } | Self::Checksum { .. } => {
                "the file may be truncated or damaged; download or copy it again and compare its checksum"
            }
            Self::Refused { .. } => "only plain tensors are read; if you trust the file, save the model as safetensors",
            Self::NonFinite { .. } => "the training run that wrote it has diverged; use an earlier checkpoint",
            Self::Unsupported { hint, .. } => hint,
            Self::Mismatch { report, .. } if report.lacks_head_alone() => {
                "the checkpoint holds an encoder without a masked-language-model head; to take it alone, allow missing tensors"
            }
            Self::Mismatch { .. } => {
                "the configuration may belong to another model; to continue, allow missing or unexpected tensors"
            }
            Self::Occupied { .. } => "choose a new folder, or empty this one",
            Self::Hub { .. } => {
                "check the name and the network; a model that is not public needs a token, and offline only the cache is read"
            }
            _ => return None,
        };
        Some(hint.to_owned())
    }
}
