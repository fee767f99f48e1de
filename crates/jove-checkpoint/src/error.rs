//! What can go wrong with a checkpoint.

use std::io;
use std::path::{Path, PathBuf};

use jove_core::{Advise, ModelConfigError};

use crate::NameReport;

/// The result of anything here.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a checkpoint could not be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The bytes are not what the format says.
    #[error("{}: not a sound {format} file: {reason}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// The format that was expected.
        format: &'static str,
        /// What is wrong, and where.
        reason: String,
    },
    /// The file holds something that this reader never touches, such as code in a pickle.
    #[error("{}: refused: {reason}", path.display())]
    Refused {
        /// The file.
        path: PathBuf,
        /// What was found.
        reason: String,
    },
    /// A configuration that no model here can have.
    #[error("{}: {reason}", path.display())]
    Config {
        /// The configuration file.
        path: PathBuf,
        /// What was expected and found.
        reason: String,
    },
    /// Sizes that no model can have.
    #[error(transparent)]
    Shape(#[from] ModelConfigError),
    /// A tensor that the file does not hold.
    #[error("{}: no tensor `{name}`", path.display())]
    NoTensor {
        /// The file or folder.
        path: PathBuf,
        /// The name that was asked for.
        name: String,
    },
    /// Data that are not as many as the shape says.
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
    /// A number type that is not read as weights.
    #[error("{}: tensor `{name}`: expected floating-point numbers, found {found}", path.display())]
    NumberType {
        /// The file.
        path: PathBuf,
        /// The tensor.
        name: String,
        /// Its number type.
        found: String,
    },
    /// NaN or infinite weights.
    #[error("{}: {count} of {total} values of tensor `{name}` are NaN or infinite", path.display())]
    NonFinite {
        /// The file or folder.
        path: PathBuf,
        /// The first tensor that holds such values.
        name: String,
        /// How many of its values are.
        count: usize,
        /// How many values it has.
        total: usize,
    },
    /// Bytes that changed after they were written.
    #[error("{}: tensor `{name}`: checksum is {found:08x}, the file says {expected:08x}", path.display())]
    Checksum {
        /// The file.
        path: PathBuf,
        /// The tensor.
        name: String,
        /// What the file says.
        expected: u32,
        /// What its bytes give.
        found: u32,
    },
    /// The tensors are not those of the configuration.
    #[error("{}: the tensors do not fit the configuration: {report}", path.display())]
    Mismatch {
        /// The file or folder.
        path: PathBuf,
        /// All differences.
        report: Box<NameReport>,
    },
    /// A folder that holds what this crate did not write, and so will not replace.
    #[error("{}: not replaced: the folder holds `{found}`, which is no part of a checkpoint", path.display())]
    Occupied {
        /// The folder.
        path: PathBuf,
        /// The first thing found.
        found: String,
    },
    /// A hub did not give a model.
    #[error("hub model {model}: {reason}")]
    Hub {
        /// Owner, name and revision.
        model: String,
        /// What went wrong, at which file.
        reason: String,
    },
    /// The user asked to stop; nothing was written.
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

    pub(crate) fn config(path: &Path, reason: impl AsRef<str>) -> Self {
        Self::Config { path: path.to_owned(), reason: shortened(reason.as_ref()) }
    }
}

/// Text that may hold somebody's data, made fit for one line of a message.
pub(crate) fn shortened(text: &str) -> String {
    const CHARS_MAX: usize = 300;
    let mut short: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(CHARS_MAX).collect();
    if text.chars().nth(CHARS_MAX).is_some() {
        short.push('…');
    }
    short
}

impl Advise for Error {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Io { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                "check the path; a checkpoint folder holds config.json beside its weights"
            }
            Self::Io { source, .. } if source.kind() == io::ErrorKind::StorageFull => {
                "free some space and run again; nothing half-written was left behind"
            }
            Self::Malformed { .. } | Self::Checksum { .. } => {
                "the file may be cut short or damaged; fetch or copy it again and compare its checksum"
            }
            Self::Refused { .. } => "only plain tensors are read; save the model as safetensors where you trust it",
            Self::NonFinite { .. } => "the training run that wrote it has diverged; go back to an earlier checkpoint",
            Self::Mismatch { .. } => {
                "the configuration may belong to another model; allow missing or unexpected tensors to go on all the same"
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_stay_on_one_short_line() {
        for text in ["", "a", "中文", "😀", "e\u{301}", "שלום\n\u{1b}[31m", &"长".repeat(5000)] {
            let short = shortened(text);
            assert!(short.chars().count() <= 301 && !short.chars().any(char::is_control), "{short:?}");
        }
    }
}
