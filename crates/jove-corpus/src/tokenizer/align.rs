//! From byte spans of words and mentions to token spans.

use jove_core::{AnnotatedText, ByteSpan, TokenSpan, TokenizedText};

use super::encoding::Encoding;
use crate::error::Result;
use crate::spans::check_spans;

/// How many words and mentions do not match token boundaries, or have no token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Alignment {
    /// Words whose first or last token also covers text around them.
    pub words_widened: u64,
    /// Words without a token of their own, which are dropped.
    pub words_lost: u64,
    /// Mentions whose first or last token also covers text around them.
    pub mentions_widened: u64,
    /// Mentions without a token of their own, which are dropped.
    pub mentions_lost: u64,
}

/// The token spans of the words and mentions of a text, given its tokens.
pub(super) fn align(text: &AnnotatedText, encoding: Encoding) -> Result<(TokenizedText, Alignment)> {
    check_spans("word", text.words.iter().map(|word| word.span), &text.text)?;
    check_spans("mention", text.mentions.iter().map(|mention| mention.span), &text.text)?;
    let mut counts = Alignment::default();
    let (mut words, mut mentions) = (Vec::with_capacity(text.words.len()), Vec::with_capacity(text.mentions.len()));
    let mut cursor = TokenCursor::new(&encoding.offsets);
    for word in &text.words {
        match cursor.take(word.span) {
            Some((span, widened)) => {
                counts.words_widened += u64::from(widened);
                words.push((span, word.pos));
            }
            None => counts.words_lost += 1,
        }
    }
    let mut cursor = TokenCursor::new(&encoding.offsets);
    for mention in &text.mentions {
        match cursor.take(mention.span) {
            Some((span, widened)) => {
                counts.mentions_widened += u64::from(widened);
                mentions.push((span, mention.entity));
            }
            None => counts.mentions_lost += 1,
        }
    }
    Ok((TokenizedText { lang: text.lang, tokens: encoding.tokens, words, mentions }, counts))
}

/// Finds the tokens of sorted spans in one pass.
struct TokenCursor<'a> {
    offsets: &'a [ByteSpan],
    next: usize,
}

impl<'a> TokenCursor<'a> {
    fn new(offsets: &'a [ByteSpan]) -> Self {
        Self { offsets, next: 0 }
    }

    /// The tokens that share a byte with `span` and are not taken by an earlier one, and whether a token that overlaps
    /// `span` reaches beyond it.
    fn take(&mut self, span: ByteSpan) -> Option<(TokenSpan, bool)> {
        while self.offsets.get(self.next).is_some_and(|&piece| ends_before(piece, span)) {
            self.next += 1;
        }
        let start = self.next;
        while self.offsets.get(self.next).is_some_and(|piece| piece.start < span.end) {
            self.next += 1;
        }
        let pieces = &self.offsets[start..self.next];
        let (first, last) = (pieces.first()?, pieces.iter().max_by_key(|piece| piece.end)?);
        let widened = first.start < span.start || last.end > span.end;
        Some((TokenSpan::new(start as u32, self.next as u32), widened))
    }
}

fn ends_before(piece: ByteSpan, span: ByteSpan) -> bool {
    if piece.is_empty() { piece.start < span.start } else { piece.end <= span.start }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spans(offsets: &[(u32, u32)], wanted: &[(u32, u32)]) -> Vec<Option<(u32, u32, bool)>> {
        let offsets: Vec<ByteSpan> = offsets.iter().map(|&(start, end)| ByteSpan::new(start, end)).collect();
        let mut cursor = TokenCursor::new(&offsets);
        let mut found = Vec::new();
        for &(start, end) in wanted {
            let taken = cursor.take(ByteSpan::new(start, end));
            found.push(taken.map(|(span, widened)| (span.start, span.end, widened)));
        }
        found
    }

    #[test]
    fn exact_pieces_are_taken() {
        assert_eq!(spans(&[(0, 3), (3, 6), (6, 9)], &[(3, 9)]), [Some((1, 3, false))]);
        assert_eq!(spans(&[], &[(0, 1)]), [None]);
    }

    #[test]
    fn a_piece_that_reaches_beyond_widens() {
        assert_eq!(spans(&[(0, 6), (6, 9)], &[(3, 9)]), [Some((0, 2, true))]);
        assert_eq!(spans(&[(0, 3), (3, 9)], &[(0, 6)]), [Some((0, 2, true))]);
    }

    #[test]
    fn a_shared_piece_goes_to_the_first() {
        let shared = [(0, 6), (6, 9)];
        assert_eq!(spans(&shared, &[(0, 3), (3, 9)]), [Some((0, 1, true)), Some((1, 2, false))]);
        assert_eq!(spans(&shared, &[(0, 3), (3, 6)]), [Some((0, 1, true)), None]);
    }

    #[test]
    fn a_bare_word_start_goes_with_its_word() {
        let offsets = [(0, 2), (3, 3), (3, 6)];
        assert_eq!(spans(&offsets, &[(0, 2), (3, 6)]), [Some((0, 1, false)), Some((1, 3, false))]);
    }

    #[test]
    fn characters_made_into_several_pieces_stay_together() {
        assert_eq!(spans(&[(0, 3), (0, 3), (3, 4)], &[(0, 3), (3, 4)]), [Some((0, 2, false)), Some((2, 3, false))]);
    }
}
