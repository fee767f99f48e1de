//! Tokenizers in the layouts of BERT and XLM-R.

mod align;
mod class;
mod encoding;
mod limits;
mod load;
mod merges;
mod names;
mod options;
mod parts;
mod save;
mod saved;
mod sentencepiece;
mod train;
mod unigram;
mod words;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use jove_core::{AnnotatedText, ByteSpan, Layout, SpecialTokens, TokenId, TokenizedText};
use tokenizers::models::ModelWrapper;

pub(crate) use align::Alignment;
pub use encoding::Encoding;
pub use options::{TrainOptions, TrainerKind};

use self::names::SpecialNames;
use crate::error::{Error, Result};

/// A subword vocabulary with its rules: BERT WordPiece or XLM-R Unigram.
///
/// It may be shared between threads. Text is never rewritten: each token carries the bytes of the original that it
/// covers. The five special tokens come only from the layout: a text that spells `[MASK]` or `<s>` does not produce them.
/// Other special tokens that a tokenizer adds, such as the marks of entities, are found in text as a whole.
///
/// # Resource usage
/// A WordPiece vocabulary of 21,128 pieces takes about 5 MB in memory, a Unigram one of 250,002 about 200 MB. Encoding
/// allocates about 500 bytes for each token, most of them temporarily, and takes time in proportion to the text. Training reads at most
/// [`TrainOptions::bytes_max`] bytes of text; it holds every distinct word with its count and, for Unigram, every
/// substring of up to 16 characters that occurs twice.
#[derive(Clone, Debug)]
pub struct Tokenizer {
    inner: tokenizers::Tokenizer,
    layout: Layout,
    names: SpecialNames,
    specials: SpecialTokens,
    /// Special tokens besides the five of the layout. Inside, they are not marked as special, since those are never found in text.
    whole: BTreeSet<String>,
    /// Control pieces of a SentencePiece model, which no text produces.
    controls: BTreeSet<u32>,
    /// The piece `▁` alone, which marks the start of a word.
    bare_space: Option<u32>,
    /// The SentencePiece file that it was loaded from, or that lay beside its file.
    sentencepiece: Option<Vec<u8>>,
}

/// What a file says of a tokenizer besides its rules and pieces.
struct Parts {
    names: SpecialNames,
    whole: BTreeSet<String>,
    controls: BTreeSet<u32>,
    sentencepiece: Option<Vec<u8>>,
}

impl Parts {
    fn new(names: SpecialNames) -> Self {
        Self { names, whole: BTreeSet::new(), controls: BTreeSet::new(), sentencepiece: None }
    }
}

impl Tokenizer {
    /// Wraps a tokenizer of the `tokenizers` crate and finds its special tokens; `origin` is for messages.
    fn new(mut inner: tokenizers::Tokenizer, parts: Parts, origin: &Path) -> Result<Self> {
        let layout = match inner.get_model() {
            ModelWrapper::WordPiece(_) => Layout::Bert,
            ModelWrapper::Unigram(_) => Layout::XlmRoberta,
            ModelWrapper::BPE(_) => return Err(Error::byte_level(origin, "a BPE model")),
            ModelWrapper::WordLevel(_) => {
                return Err(Error::malformed(origin, "a WordPiece or Unigram model", "WordLevel"));
            }
        };
        inner.set_encode_special_tokens(true);
        let rejected = |error: tokenizers::Error| Error::malformed(origin, "a tokenizer", error);
        inner.with_truncation(None).map_err(rejected)?;
        inner.with_padding(None);
        let bare_space = inner.token_to_id(parts::SPACE);
        let Parts { names, whole, controls, sentencepiece } = parts;
        let specials = find_specials(&inner, &names, origin)?;
        Ok(Self { inner, layout, names, specials, whole, controls, bare_space, sentencepiece })
    }

    /// The same with its specials counted again, after tokens were added.
    fn renumbered(mut self, origin: &Path) -> Result<Self> {
        self.specials = find_specials(&self.inner, &self.names, origin)?;
        Ok(self)
    }

    /// Makes sure that the special tokens at the ends of a text are those that training puts there.
    fn with_ends(mut self, origin: &Path) -> Result<Self> {
        let ends = self.inner.encode("", true).map_err(|error| Error::malformed(origin, "a post-processor", error))?;
        let expected = [self.specials.first.0, self.specials.separator.0];
        if ends.get_ids().is_empty() {
            let ends = parts::ends(&self.inner, &self.names, origin)?;
            self.inner.with_post_processor(ends);
        } else if ends.get_ids() != expected {
            let expected = format!(
                "a post-processor that puts {} before a text and {} after it",
                self.names.first, self.names.separator
            );
            return Err(Error::malformed(origin, expected, ends.get_tokens().join(" ")));
        }
        Ok(self)
    }

    /// The ids of the special tokens, and the size of the vocabulary.
    pub fn specials(&self) -> SpecialTokens {
        self.specials
    }

    /// The model family whose layout it follows.
    pub fn layout(&self) -> Layout {
        self.layout
    }

    /// The spelling of a token, such as `##ing` or `▁the`; `None` for an id outside the vocabulary.
    pub fn piece(&self, token: TokenId) -> Option<String> {
        // The crate shows an added token as the normaliser leaves it.
        let added = self.inner.get_added_vocabulary().get_added_tokens_decoder().get(&token.0);
        added.map(|added| added.content.clone()).or_else(|| self.inner.id_to_token(token.0))
    }

    /// The token of a spelling; `None` where the vocabulary has none.
    pub fn token(&self, piece: &str) -> Option<TokenId> {
        self.inner.token_to_id(piece).map(TokenId)
    }

    /// Tokenizes a text, without adding special tokens.
    ///
    /// # Errors
    /// When the text is longer than 4 GiB, or the rules of the tokenizer reject it.
    pub fn encode_text(&self, text: &str) -> Result<Encoding> {
        if u32::try_from(text.len()).is_err() {
            return Err(Error::Tokenize(format!("expected less than 4 GiB of text, found {} bytes", text.len())));
        }
        let encoded = self.inner.encode(text, false).map_err(|error| Error::Tokenize(error.to_string()))?;
        let mut encoding = Encoding::default();
        let mut floor = 0;
        for (&id, &(start, end)) in encoded.get_ids().iter().zip(encoded.get_offsets()) {
            let start = (start as u32).max(floor);
            let mut span = ByteSpan::new(start, (end as u32).max(start));
            if Some(id) == self.bare_space && span.slice(text) != Some(parts::SPACE) {
                span.end = span.start;
            }
            floor = start;
            encoding.tokens.push(self.without_special(TokenId(id)));
            encoding.offsets.push(span);
        }
        Ok(encoding)
    }

    /// Tokenizes an annotated text and maps its words and mentions to token spans.
    ///
    /// A word or mention takes every token that shares a byte with it, so a mention is widened where a token starts
    /// before it or ends after it: masking it then hides it completely. A token that two of them share goes to the first;
    /// the second keeps its remaining tokens, and is dropped where it has none. A bare `▁` belongs to the word or
    /// mention that starts at its place.
    ///
    /// # Errors
    /// When words or mentions are not sorted spans of the text ([`Error::Span`]), or as in [`Tokenizer::encode_text`].
    pub fn encode(&self, text: &AnnotatedText) -> Result<TokenizedText> {
        self.encode_counted(text).map(|(tokenized, _)| tokenized)
    }

    /// [`Tokenizer::encode`], with the number of words and mentions that were widened or dropped.
    ///
    /// # Errors
    /// As in [`Tokenizer::encode`].
    pub(crate) fn encode_counted(&self, text: &AnnotatedText) -> Result<(TokenizedText, Alignment)> {
        let encoding = self.encode_text(&text.text)?;
        align::align(text, encoding)
    }

    /// The text of tokens, as the vocabulary spells it, special tokens included. BERT's rules lose case and spacing and
    /// show unknown characters as `[UNK]`; use the offsets to recover the original.
    ///
    /// # Errors
    /// When the rules of the tokenizer reject a token.
    pub fn decode(&self, tokens: &[TokenId]) -> Result<String> {
        let ids: Vec<u32> = tokens.iter().map(|token| token.0).collect();
        self.inner.decode(&ids, false).map_err(|error| Error::Tokenize(error.to_string()))
    }

    /// A special token that is spelled in the text becomes unknown.
    fn without_special(&self, token: TokenId) -> TokenId {
        let special = self.specials.contains(token) || self.controls.contains(&token.0);
        if special { self.specials.unknown } else { token }
    }
}

fn find_specials(inner: &tokenizers::Tokenizer, names: &SpecialNames, origin: &Path) -> Result<SpecialTokens> {
    let vocab_size = vocab_size(inner, origin)?;
    let find = |piece: &str| {
        let missing = || Error::MissingSpecial {
            path: PathBuf::from(origin),
            piece: piece.to_owned(),
            vocab_size: vocab_size as usize,
        };
        inner.token_to_id(piece).map(TokenId).ok_or_else(missing)
    };
    Ok(SpecialTokens {
        first: find(&names.first)?,
        separator: find(&names.separator)?,
        pad: find(&names.pad)?,
        unknown: find(&names.unknown)?,
        mask: find(&names.mask)?,
        vocab_size,
    })
}

/// The largest id plus one; ids must be dense enough for an embedding table.
fn vocab_size(inner: &tokenizers::Tokenizer, origin: &Path) -> Result<u32> {
    let pieces = inner.get_vocab(true);
    let rows = pieces.values().max().map_or(0, |&id| u64::from(id) + 1);
    // Repeated lines of a vocab.txt leave gaps; ids far beyond the number of pieces are an error in the file.
    if rows > 2 * pieces.len() as u64 + 1024 {
        let found = format!("{} pieces with ids up to {}", pieces.len(), rows - 1);
        return Err(Error::malformed(origin, "pieces numbered from 0 without large gaps", found));
    }
    Ok(rows as u32)
}

#[cfg(test)]
mod tests;
