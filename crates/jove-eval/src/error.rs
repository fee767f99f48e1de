//! What can go wrong in a probe.

use jove_core::Advise;

/// Why a probe cannot be run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An item that does not fit together.
    #[error("item {index} of the {probe}: expected {expected}, found {found}")]
    Item {
        /// The probe.
        probe: &'static str,
        /// The item, counted from 0.
        index: usize,
        /// What it should hold.
        expected: &'static str,
        /// What it holds.
        found: String,
    },
    /// The model refused its part, or its device failed.
    #[error(transparent)]
    Model(#[from] jove_model::Error),
    /// The link head refused its part.
    #[error(transparent)]
    Objective(#[from] jove_objectives::Error),
    /// The trained model cannot be used.
    #[error(transparent)]
    Trainer(#[from] jove_trainer::Error),
    /// The knowledge base cannot be read.
    #[error(transparent)]
    Kb(#[from] jove_kb::Error),
    /// A text cannot be cut into tokens.
    #[error(transparent)]
    Corpus(#[from] jove_corpus::Error),
    /// Masks cannot be drawn.
    #[error(transparent)]
    Mask(#[from] jove_masking::Error),
    /// The user asked to stop.
    #[error("interrupted")]
    Interrupted,
}

impl Advise for Error {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Model(error) => error.hint(),
            Self::Trainer(error) => error.hint(),
            Self::Kb(error) => error.hint(),
            Self::Corpus(error) => error.hint(),
            Self::Mask(error) => error.hint(),
            Self::Item { .. } => Some("were the items made with this model's tokenizer?".to_owned()),
            Self::Objective(_) | Self::Interrupted => None,
        }
    }
}
