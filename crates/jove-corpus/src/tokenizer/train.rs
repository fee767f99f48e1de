//! Training a vocabulary from text.

use std::path::Path;

use tokenizers::models::ModelWrapper;
use tokenizers::models::unigram::Unigram;
use tokenizers::models::wordpiece::WordPiece;

use super::names::SpecialNames;
use super::options::{TrainOptions, TrainerKind};
use super::words::{self, WordCount};
use super::{Parts, Tokenizer, merges, parts, unigram};
use crate::error::{Error, Result};

impl Tokenizer {
    /// Trains a vocabulary of at most `vocab_size` pieces with the default options.
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

    /// Trains a vocabulary. The same texts in any order give the same vocabulary, bit for bit, on any number of
    /// threads, as long as they fit `bytes_max`.
    ///
    /// # Errors
    /// When an option is invalid ([`Error::Setting`]), or the texts hold no word ([`Error::Train`]).
    pub fn train_with<T: AsRef<str> + Send>(
        options: &TrainOptions,
        texts: impl IntoIterator<Item = T>,
    ) -> Result<Self> {
        options.validate()?;
        let origin = Path::new("trained vocabulary");
        let names = SpecialNames::of(options.kind.layout());
        let build = |model: ModelWrapper| match options.kind {
            TrainerKind::WordPiece => {
                let normalizer = parts::trained_bert(options.lowercase, options.strip_accents)?;
                parts::bert(model, normalizer, &names, origin)
            }
            TrainerKind::Unigram => {
                parts::xlm_roberta(model, Some(parts::trained_unigram()), parts::spaced_words(), &names, origin)
            }
        };
        let rules = match options.kind {
            TrainerKind::WordPiece => build(WordPiece::default().into())?,
            TrainerKind::Unigram => build(Unigram::default().into())?,
        };
        let words = words::count(&rules, texts, options.bytes_max)?;
        if words.is_empty() {
            let (expected, found) = ("texts with at least one word".to_owned(), "none".to_owned());
            return Err(Error::Train { expected, found });
        }
        let inner = build(match options.kind {
            TrainerKind::WordPiece => word_piece(&words, options, &names, origin)?,
            TrainerKind::Unigram => unigram::train(&words, options)?,
        })?;
        Self::new(inner, Parts::new(names), origin)
    }
}

fn word_piece(
    words: &[WordCount],
    options: &TrainOptions,
    names: &SpecialNames,
    origin: &Path,
) -> Result<ModelWrapper> {
    let alphabet = words::alphabet(words, options.character_coverage, options.characters_max() / 2);
    let pieces = merges::train(words, &alphabet, &names.all(), options);
    parts::word_piece(pieces.into_iter().zip(0..), names, origin)
}
