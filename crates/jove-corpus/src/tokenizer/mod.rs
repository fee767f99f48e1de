//! Text to pieces and back, in BERT's and XLM-R's layouts.

mod align;
mod charsmap;
mod load;
mod merges;
mod parts;
mod save;
mod sentencepiece;
mod train;
mod unigram;
mod words;

use std::path::{Path, PathBuf};

use jove_core::{AnnotatedText, ByteSpan, Layout, SpecialTokens, TokenId, TokenizedText};
use tokenizers::models::ModelWrapper;

pub use align::Alignment;
pub(crate) use align::check as check_spans;
pub use train::{TrainOptions, TrainerKind};

use crate::{Error, Result};

/// A piece vocabulary with its rules: BERT WordPiece or XLM-R Unigram.
///
/// It may be shared between threads. It never rewrites text: pieces carry the bytes of the original that they stand
/// for. Special pieces come only from the layout: a text that spells `[MASK]` or `<s>` does not produce them.
#[derive(Clone, Debug)]
pub struct Tokenizer {
    inner: tokenizers::Tokenizer,
    layout: Layout,
    specials: SpecialTokens,
    /// The piece that is nothing but a word's start.
    bare_space: Option<u32>,
    /// The SentencePiece file it was loaded from, kept for saving.
    sentencepiece: Option<Vec<u8>>,
}

/// Pieces of one text without special ones, each with the bytes it stands for.
///
/// Offsets are sorted by start, lie on character boundaries and cover everything but white space and characters that
/// the normaliser drops, such as controls. Two neighbours share a character where the normaliser makes several of one
/// (`㎏` becomes `kg`). XLM-R's bare `▁` stands for no byte: its span is empty, where its word starts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Encoding {
    /// The pieces.
    pub tokens: Vec<TokenId>,
    /// For each piece, its bytes in the original text.
    pub offsets: Vec<ByteSpan>,
}

impl Encoding {
    /// The text cut at the pieces, one slice each. What lies before a piece, such as white space, goes with it; what
    /// follows the last piece goes with that. So the slices make up the text, wherever there is a piece at all.
    pub fn slices<'a>(&self, text: &'a str) -> Vec<&'a str> {
        let mut next = 0;
        let mut slices = Vec::with_capacity(self.offsets.len());
        for (index, span) in self.offsets.iter().enumerate() {
            let start = next;
            let is_last = index + 1 == self.offsets.len();
            next = if is_last { text.len() } else { next.max(span.end as usize) };
            slices.push(text.get(start..next).unwrap_or_default());
        }
        slices
    }
}

impl Tokenizer {
    /// Takes over a tokenizer of the `tokenizers` crate and finds its special pieces; `origin` is for messages.
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
        let refused = |error: tokenizers::Error| Error::malformed(origin, "a tokenizer", error);
        inner.with_truncation(None).map_err(refused)?;
        inner.with_padding(None);
        let bare_space = inner.token_to_id(parts::SPACE);
        Ok(Self { inner, layout, specials, bare_space, sentencepiece: None })
    }

    /// The special pieces and the vocabulary's size.
    pub fn specials(&self) -> SpecialTokens {
        self.specials
    }

    /// Which family it follows.
    pub fn layout(&self) -> Layout {
        self.layout
    }

    /// The spelling of a piece, such as `##ing` or `▁the`.
    pub fn piece(&self, token: TokenId) -> Option<String> {
        self.inner.id_to_token(token.0)
    }

    /// The piece of a spelling.
    pub fn token(&self, piece: &str) -> Option<TokenId> {
        self.inner.token_to_id(piece).map(TokenId)
    }

    /// Cuts a text into pieces, without special ones.
    ///
    /// # Errors
    /// When the text is longer than 4 GiB, or the loaded rules refuse it.
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

    /// Cuts an annotated text into pieces and carries its words and mentions over, without cutting the text twice.
    ///
    /// A word or mention takes every piece that shares a byte with it, so a mention is widened where a piece begins
    /// before it or ends after it: masking it then hides it whole. A piece that two of them share goes to the first;
    /// the other one keeps its own pieces, and is left out where it has none. [`Tokenizer::encode_counted`] says how
    /// often that happens. A bare `▁` goes with what starts at its place.
    ///
    /// # Errors
    /// When a span does not fit the text, or as in [`Tokenizer::encode_text`].
    pub fn encode(&self, text: &AnnotatedText) -> Result<TokenizedText> {
        self.encode_counted(text).map(|(tokenized, _)| tokenized)
    }

    /// [`Tokenizer::encode`], with the counts of what could not be carried over exactly.
    ///
    /// # Errors
    /// As in [`Tokenizer::encode`].
    pub fn encode_counted(&self, text: &AnnotatedText) -> Result<(TokenizedText, Alignment)> {
        let encoding = self.encode_text(&text.text)?;
        align::align(text, encoding)
    }

    /// The text of pieces, as the vocabulary spells it. Special pieces are shown. BERT's rules lose case and spacing
    /// and show the unknown as `[UNK]`, so for the original use the offsets, not this.
    ///
    /// # Errors
    /// When the loaded rules refuse a piece.
    pub fn decode(&self, tokens: &[TokenId]) -> Result<String> {
        let ids: Vec<u32> = tokens.iter().map(|token| token.0).collect();
        self.inner.decode(&ids, false).map_err(|error| Error::Tokenize(error.to_string()))
    }

    /// A special piece that was spelled out in the text counts as unknown.
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

/// The largest id and one; ids must be dense enough for a table of rows.
fn vocab_size(inner: &tokenizers::Tokenizer, origin: &Path) -> Result<u32> {
    let pieces = inner.get_vocab(true);
    let rows = pieces.values().max().map_or(0, |&id| u64::from(id) + 1);
    // Doubled lines of a vocab.txt leave holes; a sparse vocabulary of millions is no vocabulary.
    if rows > 2 * pieces.len() as u64 + 1024 {
        let found = format!("{} pieces with ids up to {}", pieces.len(), rows - 1);
        return Err(Error::malformed(origin, "pieces numbered from 0 without large holes", found));
    }
    Ok(rows as u32)
}

#[cfg(test)]
mod tests;
