//! From texts to sequences of tokens.

use jove_core::{ByteSpan, TokenId};
use jove_corpus::{Encoding, Tokenizer};
use jove_model::Backend;
use jove_objectives::pair_sequence;
use jove_trainer::TaskSequence;

use crate::error::Error;

/// Makes sequences of texts as a model was trained to read them.
#[derive(Clone, Debug)]
pub(crate) struct TextEncoder {
    pub(crate) tokenizer: Tokenizer,
    /// The longest sequence, special tokens included.
    pub(crate) max_length: usize,
    /// The largest token type that the model knows.
    segment_max: u32,
}

/// A text or a pair as a sequence.
#[derive(Clone, Debug)]
pub(crate) struct EncodedText {
    pub(crate) sequence: TaskSequence,
    /// For each token of the sequence the bytes of the first text that it covers; empty for special ones and the second text.
    pub(crate) spans: Vec<ByteSpan>,
    /// Tokens before anything was left out, special ones included.
    pub(crate) length: usize,
}

impl TextEncoder {
    pub(crate) fn new(tokenizer: Tokenizer, max_length: usize, token_types: usize) -> Self {
        Self { tokenizer, max_length, segment_max: token_types.saturating_sub(1) as u32 }
    }

    /// `[CLS] a [SEP]`, or `[CLS] a [SEP] b [SEP]` (`<s> a </s></s> b </s>` for XLM-R's pieces). Of what is too long the end is
    /// left out; of a pair, that of the longer text.
    pub(crate) fn encode(&self, first: &str, second: Option<&str>) -> Result<EncodedText, Error> {
        let Encoding { tokens, offsets } = self.tokenizer.encode_text(first)?;
        let specials = self.tokenizer.specials();
        let ids = |tokens: &[TokenId]| tokens.iter().map(|token| token.0).collect::<Vec<u32>>();
        let Some(second) = second else {
            let kept = tokens.len().min(self.max_length.saturating_sub(2));
            let inside = tokens[..kept].iter().copied();
            let all: Vec<TokenId> = [specials.first].into_iter().chain(inside).chain([specials.separator]).collect();
            let sequence = TaskSequence { segments: vec![0; all.len()], tokens: all };
            return Ok(spanned(sequence, 1, &offsets[..kept], tokens.len() + 2));
        };
        let other = self.tokenizer.encode_text(second)?.tokens;
        let pair = |first: &[TokenId], second: &[TokenId]| {
            pair_sequence(self.tokenizer.layout(), &specials, &ids(first), &ids(second))
        };
        let marks = pair(&[], &[]).tokens.len();
        let [kept, kept_other] = shares([tokens.len(), other.len()], self.max_length.saturating_sub(marks));
        let joined = pair(&tokens[..kept], &other[..kept_other]);
        let sequence = TaskSequence {
            tokens: joined.tokens.into_iter().map(TokenId).collect(),
            segments: joined.segments.into_iter().map(|segment| segment.min(self.segment_max)).collect(),
        };
        Ok(spanned(sequence, joined.first.start, &offsets[..kept], tokens.len() + other.len() + marks))
    }
}

/// A sequence whose tokens from `start` on are those of the first text.
fn spanned(sequence: TaskSequence, start: usize, offsets: &[ByteSpan], length: usize) -> EncodedText {
    let mut spans = vec![ByteSpan::new(0, 0); sequence.tokens.len()];
    spans[start..start + offsets.len()].copy_from_slice(offsets);
    EncodedText { sequence, spans, length }
}

/// How many tokens of either text are kept where both have `room`: the longer one gives way.
fn shares([first, second]: [usize; 2], room: usize) -> [usize; 2] {
    let half = room / 2;
    match (first <= half, second <= half) {
        _ if first + second <= room => [first, second],
        (true, _) => [first, room - first],
        (_, true) => [room - second, second],
        _ => [room - half, half],
    }
}

/// The values of a matrix, row by row.
pub(crate) fn to_rows<D: Backend>(x: &jove_model::Matrix<D>, count: usize) -> Vec<f32> {
    let mut out = vec![0.0; count];
    D::copy_into(x, &mut out);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longer_text_gives_way() {
        let check = |lengths, room, expected| assert_eq!(shares(lengths, room), expected, "{lengths:?} in {room}");
        check([3, 4], 7, [3, 4]);
        check([10, 2], 8, [6, 2]);
        check([2, 10], 8, [2, 6]);
        check([10, 9], 9, [5, 4]);
        check([0, 9], 4, [0, 4]);
        check([5, 5], 0, [0, 0]);
    }
}
