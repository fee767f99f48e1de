//! Errors of objectives.

use std::path::PathBuf;

use jove_core::Advise;
use jove_model::Error as ModelError;

/// Why an objective cannot be computed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A list has the wrong length.
    #[error("{what}: expected {expected}, found {found}")]
    Length {
        /// What was counted.
        what: &'static str,
        /// How many there should be.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// An index is outside its matrix.
    #[error("{what}: expected rows below {rows}, found {found}")]
    Row {
        /// Which index.
        what: &'static str,
        /// Rows of the matrix.
        rows: usize,
        /// The index.
        found: usize,
    },
    /// A loss over no item.
    #[error("{0}: expected at least one item, found none")]
    Empty(&'static str),
    /// The device is not available.
    #[error("train.device: expected a device at hand, found none: {reason}")]
    NoDevice {
        /// What the driver says.
        reason: String,
    },
    /// A checkpoint has a parameter that belongs to no head of this program.
    #[error("{}: expected parameters of known heads (jove.link, jove.relation, jove.pointer), found {parameter}", file.display())]
    UnknownHead {
        /// The file of the heads.
        file: PathBuf,
        /// The parameter.
        parameter: String,
    },
    /// A checkpoint's tensors cannot be read or written.
    #[error(transparent)]
    Checkpoint(#[from] jove_checkpoint::Error),
    /// An operator of the model rejected its arguments, or its device failed.
    #[error(transparent)]
    Model(#[from] ModelError),
}

impl Advise for Error {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Model(error) => error.hint(),
            Self::Checkpoint(error) => error.hint(),
            Self::NoDevice { .. } => Some("set train.device to cpu, or see docs/cuda.md".to_owned()),
            Self::UnknownHead { .. } => Some(
                "the checkpoint may be of a newer version of jove; without the file the encoder still opens".to_owned(),
            ),
            _ => None,
        }
    }
}

/// A failure that dfdx reports.
pub(crate) fn device_failed(error: impl std::fmt::Debug) -> Error {
    ModelError::Device(format!("{error:?}")).into()
}

/// Compares a count with the one that it has to equal.
pub(crate) fn check_length(what: &'static str, expected: usize, found: usize) -> Result<(), Error> {
    if expected == found { Ok(()) } else { Err(Error::Length { what, expected, found }) }
}
