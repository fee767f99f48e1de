//! Why masks cannot be planned.

use jove_core::{Advise, InvalidSetting};

/// Why masks cannot be planned.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An invalid setting, named relative to [`MaskConfig`](crate::MaskConfig).
    #[error(transparent)]
    Setting(#[from] InvalidSetting),
    /// A vocabulary of special pieces alone has no random token to draw.
    #[error("masking: expected a vocabulary of more than its 5 special pieces, found {vocab_size} pieces")]
    NoVocabulary {
        /// Pieces in the vocabulary.
        vocab_size: u32,
    },
}

impl Advise for Error {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Setting(_) => "leave the setting out to use its default",
            Self::NoVocabulary { .. } => "check that the vocabulary file is the right one",
        };
        Some(hint.to_owned())
    }
}
