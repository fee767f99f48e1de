//! Learning a vocabulary from text.

use std::path::Path;

use jove_core::{InvalidSetting, Layout};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokenizers::models::ModelWrapper;
use tokenizers::models::unigram::Unigram;
use tokenizers::models::wordpiece::WordPiece;

use super::words::{self, WordCount};
use super::{Tokenizer, merges, parts, unigram};
use crate::{Error, Result};

/// The kind of vocabulary to learn, and with it the layout.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TrainerKind {
    /// BERT's WordPiece, learnt by joining the most frequent pair; Han characters stand alone.
    #[default]
    WordPiece,
    /// XLM-R's Unigram ("Subword Regularization", arXiv 1804.10959), learnt by expectation maximisation.
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

/// How a vocabulary is learnt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct TrainOptions {
    /// The kind of vocabulary: `word-piece` (BERT) or `unigram` (XLM-R). Default: `word-piece`.
    pub kind: TrainerKind,
    /// The most pieces to learn, special ones included; little text yields fewer. Default: 8000.
    pub vocab_size: u32,
    /// How often a pair of pieces must occur to be joined (WordPiece only). Default: 2.
    pub min_frequency: u64,
    /// The fraction of characters, by occurrence, that get a piece of their own; the rest become unknown. Characters
    /// never take more than three quarters of the vocabulary. Above 0, up to 1. Default: 0.9995.
    pub character_coverage: f64,
    /// Whether letters are lowered and accents stripped (WordPiece only). Default: true.
    pub lowercase: bool,
    /// How many bytes of text to learn from, taken from the start; give the texts shuffled where there are more.
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
            bytes_max: 32 << 20,
        }
    }
}

impl TrainOptions {
    /// Checks that a vocabulary can be learnt so.
    ///
    /// # Errors
    /// Names the first field that cannot hold.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        let (size, coverage, bytes) = (self.vocab_size, self.character_coverage, self.bytes_max);
        let sizes = 16..=2_000_000;
        InvalidSetting::check(sizes.contains(&size), "vocab-size", "an integer from 16 to 2000000", size)?;
        let covers = coverage > 0.0 && coverage <= 1.0;
        InvalidSetting::check(covers, "character-coverage", "a number above 0, at most 1", coverage)?;
        InvalidSetting::check(bytes > 0, "bytes-max", "an integer, 1 or more", bytes)
    }
}

impl Tokenizer {
    /// Learns a vocabulary of at most `vocab_size` pieces with the default options.
    ///
    /// # Errors
    /// As in [`Tokenizer::train_with`].
    pub fn train<T: AsRef<str> + Send>(
        kind: TrainerKind,
        texts: impl IntoIterator<Item = T>,
        vocab_size: u32,
    ) -> Result<Self> {
        Self::train_with(&TrainOptions { kind, vocab_size, ..TrainOptions::default() }, texts)
    }

    /// Learns a vocabulary. The same texts in any order give the same vocabulary, bit for bit, on any number of
    /// threads, as long as they fit `bytes_max`.
    ///
    /// # Errors
    /// When an option cannot hold, when the texts hold no word, or when the vocabulary is too small for them.
    pub fn train_with<T: AsRef<str> + Send>(
        options: &TrainOptions,
        texts: impl IntoIterator<Item = T>,
    ) -> Result<Self> {
        options.validate()?;
        let origin = Path::new("learnt vocabulary");
        let rules = match options.kind {
            TrainerKind::WordPiece => parts::bert(WordPiece::default().into(), options.lowercase, origin)?,
            TrainerKind::Unigram => parts::xlm_roberta(Unigram::default().into(), None, origin)?,
        };
        let words = words::count(&rules, texts, options.bytes_max)?;
        if words.is_empty() {
            let (expected, found) = ("texts with at least one word".to_owned(), "none".to_owned());
            return Err(Error::Train { expected, found });
        }
        let inner = match options.kind {
            TrainerKind::WordPiece => parts::bert(word_piece(&words, options, origin)?, options.lowercase, origin)?,
            TrainerKind::Unigram => parts::xlm_roberta(unigram::learn(&words, options)?, None, origin)?,
        };
        Self::new(inner, origin)
    }
}

fn word_piece(words: &[WordCount], options: &TrainOptions, origin: &Path) -> Result<ModelWrapper> {
    let names = parts::special_names(Layout::Bert);
    let specials = [names.pad, names.unknown, names.first, names.separator, names.mask];
    let alphabet = words::alphabet(words, options.character_coverage, characters_max(options) / 2);
    let pieces = merges::learn(words, &alphabet, &specials, options);
    parts::word_piece(pieces.into_iter().zip(0..), origin)
}

/// How many characters may have a piece of their own.
pub(super) fn characters_max(options: &TrainOptions) -> usize {
    options.vocab_size as usize * 3 / 4
}
