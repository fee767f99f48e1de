//! Cuts a long text to a random crop.

use jove_core::{Rng, TokenSpan, TokenizedText};
use rand::RngExt as _;

/// Cuts `text` to at most `length` tokens, from a start drawn by `rng`. Words and mentions that the cut would part are
/// left out; a text that fits stays as it is and draws nothing.
pub(crate) fn cut(mut text: TokenizedText, length: usize, rng: &mut Rng) -> TokenizedText {
    if text.tokens.len() <= length {
        return text;
    }
    let start = rng.random_range(0..=text.tokens.len() - length) as u32;
    let kept = TokenSpan::new(start, start + length as u32);
    let shift =
        |span: TokenSpan| kept.contains(span).then(|| TokenSpan::new(span.start - kept.start, span.end - kept.start));
    text.tokens = text.tokens[kept.range()].to_vec();
    text.words = text.words.iter().filter_map(|&(span, pos)| Some((shift(span)?, pos))).collect();
    text.mentions = text.mentions.iter().filter_map(|&(span, entity)| Some((shift(span)?, entity))).collect();
    text
}

#[cfg(test)]
mod tests {
    use jove_core::{EntityId, Lang, Pos, Purpose, Seed, TokenId};
    use proptest::prelude::*;

    use super::*;

    fn text(tokens: u32) -> TokenizedText {
        let spans = (0..tokens / 3).map(|i| TokenSpan::new(3 * i, 3 * i + 2));
        TokenizedText {
            lang: Lang::ZH,
            tokens: (0..tokens).map(TokenId).collect(),
            words: spans.clone().map(|span| (span, Pos::Noun)).collect(),
            mentions: spans.map(|span| (span, EntityId(span.start))).collect(),
        }
    }

    proptest! {
        #[test]
        fn spans_still_cover_the_same_tokens(tokens in 0u32..60, length in 1usize..30, epoch in 0u64..50) {
            let cut = cut(text(tokens), length, &mut Seed(1).rng(Purpose::Mask, epoch, 0));
            prop_assert_eq!(cut.tokens.len(), length.min(tokens as usize));
            for (span, entity) in cut.mentions {
                prop_assert_eq!(cut.tokens[span.range()][0], TokenId(entity.0));
                prop_assert_eq!(span.len(), 2);
            }
        }
    }
}
