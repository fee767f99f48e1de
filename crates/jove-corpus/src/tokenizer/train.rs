//! Training a vocabulary from text.

use std::path::Path;

use jove_core::Layout;
use tokenizers::models::ModelWrapper;
use tokenizers::models::unigram::Unigram;
use tokenizers::models::wordpiece::WordPiece;

use super::options::{TrainOptions, TrainerKind};
use super::words::{self, WordCount};
use super::{Tokenizer, merges, parts, unigram};
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
            TrainerKind::Unigram => parts::xlm_roberta(unigram::train(&words, options)?, None, origin)?,
        };
        Self::new(inner, origin)
    }
}

fn word_piece(words: &[WordCount], options: &TrainOptions, origin: &Path) -> Result<ModelWrapper> {
    let names = parts::special_names(Layout::Bert);
    let specials = [names.pad, names.unknown, names.first, names.separator, names.mask];
    let alphabet = words::alphabet(words, options.character_coverage, options.characters_max() / 2);
    let pieces = merges::train(words, &alphabet, &specials, options);
    parts::word_piece(pieces.into_iter().zip(0..), origin)
}
