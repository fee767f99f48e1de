//! Why masks cannot be planned.

use jove_core::Advise;

/// Why masks cannot be planned.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A number is outside its range.
    #[error("mask.{field}: expected {expected}, found {found}")]
    OutOfRange {
        /// The field, as the run file spells it.
        field: &'static str,
        /// The range.
        expected: &'static str,
        /// What the run file says.
        found: f64,
    },
    /// All five weights are 0.
    #[error("mask.weights: expected at least one weight above 0, found none")]
    NoWeight,
    /// POS words have a weight, but no tag is chosen.
    #[error("mask.pos-tags: expected at least one tag, since mask.weights.pos is {weight}, found none")]
    NoTags {
        /// The weight of POS words.
        weight: f64,
    },
    /// A vocabulary of special pieces alone has no random token to draw.
    #[error("mask: expected a vocabulary of more than its 5 special pieces, found {vocab_size} pieces")]
    NoVocabulary {
        /// Pieces in the vocabulary.
        vocab_size: u32,
    },
}

impl Advise for Error {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::OutOfRange { .. } => "leave the field out to take its default",
            Self::NoWeight => "set `token = 1.0` under [mask.weights] for plain BERT masking",
            Self::NoTags { .. } => "set `pos-tags = [\"NOUN\", \"VERB\"]`, or the weight to 0",
            Self::NoVocabulary { .. } => "check that the vocabulary file is the right one",
        };
        Some(hint.to_owned())
    }
}
