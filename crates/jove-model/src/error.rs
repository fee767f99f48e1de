//! What can go wrong in the encoder.

use jove_core::{Advise, ModelConfigError};

/// Errors of the model.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The sizes of the model do not fit together.
    #[error(transparent)]
    Config(#[from] ModelConfigError),
    /// A sequence that the model cannot read.
    #[error("sequence {index}: expected {expected}, found {found}")]
    Sequence {
        /// The sequence's place in the batch, from 0.
        index: usize,
        /// What the model takes.
        expected: String,
        /// What was given.
        found: String,
    },
    /// Arguments of an operator that do not fit together.
    #[error("{op}: expected {expected}, found {found}")]
    Shape {
        /// The operator.
        op: &'static str,
        /// What it takes.
        expected: String,
        /// What was given.
        found: String,
    },
    /// A parameter has no value in what is being loaded.
    #[error("parameter {name}: expected {expected} numbers, found none of that name")]
    MissingParameter {
        /// The parameter's Hugging Face name.
        name: String,
        /// How many numbers it holds.
        expected: usize,
    },
    /// A value of the wrong size.
    #[error("parameter {name}: expected {expected} numbers, found {found}")]
    ParameterSize {
        /// The parameter's Hugging Face name.
        name: String,
        /// How many numbers it holds.
        expected: usize,
        /// How many were given.
        found: usize,
    },
    /// The device failed: out of memory, or a driver's error.
    #[error("device: {0}")]
    Device(String),
}

impl Error {
    pub(crate) fn shape(op: &'static str, expected: impl Into<String>, found: impl Into<String>) -> Self {
        Self::Shape { op, expected: expected.into(), found: found.into() }
    }
}

impl Advise for Error {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Config(_) => Some("the sizes are in the run file under [model], or in config.json".to_owned()),
            Self::Sequence { .. } => {
                Some("was the text encoded with another tokenizer or a greater length?".to_owned())
            }
            Self::MissingParameter { .. } | Self::ParameterSize { .. } => {
                Some("do the weights belong to this config.json?".to_owned())
            }
            Self::Device(_) => Some("if memory ran out, try fewer tokens in a batch, or recompute = true".to_owned()),
            Self::Shape { .. } => None,
        }
    }
}

/// Turns an error of dfdx, whose type depends on the device, into ours.
pub(crate) fn device(error: impl std::fmt::Debug) -> Error {
    Error::Device(format!("{error:?}"))
}
