//! Tokenizers in the layouts of BERT and XLM-R.

mod align;
mod charsmap;
mod encoding;
mod limits;
mod load;
mod merges;
mod options;
mod parts;
mod save;
mod sentencepiece;
mod train;
mod unigram;
mod words;

use std::path::{Path, PathBuf};

use jove_core::{AnnotatedText, ByteSpan, Layout, SpecialTokens, TokenId, TokenizedText};
use tokenizers::models::ModelWrapper;

pub(crate) use align::Alignment;
pub use encoding::Encoding;
pub use options::{TrainOptions, TrainerKind};

use crate::error::{Error, Result};

/// A subword vocabulary with its rules: BERT WordPiece or XLM-R Unigram.
///
/// It may be shared between threads. Text is never rewritten: each token carries the bytes of the original that it
/// covers. Special tokens come only from the layout: a text that spells `[MASK]` or `<s>` does not produce them.
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
    specials: SpecialTokens,
    /// The piece `▁` alone, which marks the start of a word.
    bare_space: Option<u32>,
    /// The SentencePiece file that it was loaded from, kept for saving.
    sentencepiece: Option<Vec<u8>>,
}

impl Tokenizer {
    /// Wraps a tokenizer of the `tokenizers` crate and finds its special tokens; `origin` is for messages.
    fn new(mut inner: tokenizers::Tokenizer, origin: &Path) -> Result<Self> {
        let layout = match inner.get_model() {
            ModelWrapper::WordPiece(_) => Layout::Bert,
            ModelWrapper::Unigram(_) => Layout::XlmRoberta,
            ModelWrapper::BPE(_) => return Err(Error::malformed(origin, "a WordPiece or Unigram model", "BPE")),
            ModelWrapper::WordLevel(_) => {
                return Err(Error::malformed(origin, "a WordPiece or Unigram model", "WordLevel"));
            }
        };
        let specials = find_specials(&inner, layout, origin)?;
        inner.set_encode_special_tokens(true);
        let rejected = |error: tokenizers::Error| Error::malformed(origin, "a tokenizer", error);
        inner.with_truncation(None).map_err(rejected)?;
        inner.with_padding(None);
        let bare_space = inner.token_to_id(parts::SPACE);
        Ok(Self { inner, layout, specials, bare_space, sentencepiece: None })
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
        self.inner.id_to_token(token.0)
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
        if self.specials.contains(token) { self.specials.unknown } else { token }
    }
}

fn find_specials(inner: &tokenizers::Tokenizer, layout: Layout, origin: &Path) -> Result<SpecialTokens> {
    let vocab_size = vocab_size(inner, origin)?;
    let find = |piece: &'static str| {
        let missing = Error::MissingSpecial { path: PathBuf::from(origin), piece, vocab_size: vocab_size as usize };
        inner.token_to_id(piece).map(TokenId).ok_or(missing)
    };
    let names = parts::special_names(layout);
    Ok(SpecialTokens {
        first: find(names.first)?,
        separator: find(names.separator)?,
        pad: find(names.pad)?,
        unknown: find(names.unknown)?,
        mask: find(names.mask)?,
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
