//! How a vocabulary is trained.

use jove_core::{InvalidSetting, Layout};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The kind of vocabulary to train, which decides the layout.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TrainerKind {
    /// BERT's WordPiece, trained by merging the most frequent pair; every Han character is a word of its own.
    #[default]
    WordPiece,
    /// XLM-R's Unigram ("Subword Regularization", arXiv 1804.10959), trained by expectation maximisation.
    Unigram,
}

impl TrainerKind {
    /// The layout whose rules and special pieces the vocabulary follows.
    pub const fn layout(self) -> Layout {
        match self {
            Self::WordPiece => Layout::Bert,
            Self::Unigram => Layout::XlmRoberta,
        }
    }
}

/// How a vocabulary is trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct TrainOptions {
    /// The kind of vocabulary: `word-piece` (BERT) or `unigram` (XLM-R). Default: `word-piece`.
    pub kind: TrainerKind,
    /// The maximum number of pieces, special ones included; little text yields fewer. From 16 to 2000000. Default: 8000.
    pub vocab_size: u32,
    /// The minimum count of a pair of pieces to be merged (WordPiece only). Default: 2.
    pub min_frequency: u64,
    /// The fraction of characters, by occurrence, that get a piece of their own; the others become unknown. Characters
    /// take at most three quarters of the vocabulary. Above 0, up to 1. Default: 0.9995.
    pub character_coverage: f64,
    /// Whether letters are lower-cased (WordPiece only). Default: true.
    pub lowercase: bool,
    /// Whether accents of Latin, Greek and Cyrillic letters are removed (WordPiece only); marks of other scripts, which make か
    /// a が, never are. Default: false.
    pub strip_accents: bool,
    /// The maximum amount of text to train on, in bytes, taken from the start; shuffle the texts where there are more.
    /// Default: 33554432 (32 MiB).
    pub bytes_max: u64,
}

impl Default for TrainOptions {
    fn default() -> Self {
        Self {
            kind: TrainerKind::WordPiece,
            vocab_size: 8000,
            min_frequency: 2,
            character_coverage: 0.9995,
            lowercase: true,
            strip_accents: false,
            bytes_max: 32 << 20,
        }
    }
}

impl TrainOptions {
    /// Checks the ranges of all fields.
    ///
    /// # Errors
    /// The first invalid field.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        let (size, coverage, bytes) = (self.vocab_size, self.character_coverage, self.bytes_max);
        let sizes = 16..=2_000_000;
        InvalidSetting::check(sizes.contains(&size), "vocab-size", "an integer from 16 to 2000000", size)?;
        let covers = coverage > 0.0 && coverage <= 1.0;
        InvalidSetting::check(covers, "character-coverage", "a number above 0, at most 1", coverage)?;
        InvalidSetting::check(bytes > 0, "bytes-max", "an integer, 1 or more", bytes)
    }

    /// How many characters may have a piece of their own.
    pub(super) fn characters_max(&self) -> usize {
        self.vocab_size as usize * 3 / 4
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_invalid_option_is_named() {
        let base = TrainOptions::default();
        assert!(base.validate().is_ok());
        for (options, expected) in [
            (
                TrainOptions { vocab_size: 15, ..base.clone() },
                "vocab-size: expected an integer from 16 to 2000000, found 15",
            ),
            (
                TrainOptions { character_coverage: 0.0, ..base.clone() },
                "character-coverage: expected a number above 0, at most 1, found 0",
            ),
            (
                TrainOptions { character_coverage: f64::NAN, ..base.clone() },
                "character-coverage: expected a number above 0, at most 1, found NaN",
            ),
            (TrainOptions { bytes_max: 0, ..base }, "bytes-max: expected an integer, 1 or more, found 0"),
        ] {
            assert_eq!(options.validate().unwrap_err().to_string(), expected);
        }
    }
}
