//! The tokens of a text with their places in it.

use jove_core::{ByteSpan, TokenId};

/// The tokens of a text, without special ones, each with the bytes that it covers.
///
/// Offsets are sorted by start, lie on character boundaries and cover everything but white space and characters that
/// the normaliser drops, such as controls, or composes, such as combining marks. Neighbours overlap where the normaliser expands a character (`㎏` becomes
/// `kg`). XLM-R's bare `▁` covers no byte: its span is empty and starts where its word does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Encoding {
    /// The token ids.
    pub tokens: Vec<TokenId>,
    /// For each token, its bytes in the original text.
    pub offsets: Vec<ByteSpan>,
}

impl Encoding {
    /// Splits the text into one slice for each token. Bytes before a token, such as white space, belong to its slice, and
    /// bytes after the last token to the last slice, so that the slices concatenate to the text unless it has no token.
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
