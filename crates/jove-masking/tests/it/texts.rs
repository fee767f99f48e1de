//! Random tokenised texts.

use jove_core::{EntityId, Lang, Pos, SpecialTokens, TokenId, TokenSpan, TokenizedText};
use proptest::prelude::*;

pub(crate) const SPECIALS: SpecialTokens = SpecialTokens {
    first: TokenId(101),
    separator: TokenId(102),
    pad: TokenId(0),
    unknown: TokenId(100),
    mask: TokenId(103),
    vocab_size: 300,
};

/// A text from token ids, word lengths and (start, length) of mentions; what does not fit is left out.
pub(crate) fn text(tokens: &[u32], words: &[u32], mentions: &[(u32, u32)]) -> TokenizedText {
    let count = tokens.len() as u32;
    let mut spans = Vec::new();
    let mut start = 0;
    for (index, length) in words.iter().enumerate() {
        // Every fifth gap stays outside all words, as white space pieces do.
        start += u32::from(index % 5 == 4);
        let span = TokenSpan::new(start, start + length);
        if span.end > count {
            break;
        }
        spans.push((span, Pos::ALL[index % 17]));
        start = span.end;
    }
    let mut linked: Vec<(TokenSpan, EntityId)> = Vec::new();
    for (start, length) in mentions {
        let span = TokenSpan::new(*start, start + length);
        if span.end <= count && linked.last().is_none_or(|(last, _)| last.end <= span.start) {
            linked.push((span, EntityId(*start)));
        }
    }
    TokenizedText {
        lang: Lang::ZH,
        tokens: tokens.iter().copied().map(TokenId).collect(),
        words: spans,
        mentions: linked,
    }
}

pub(crate) fn any_text() -> impl Strategy<Value = TokenizedText> {
    (
        prop::collection::vec(prop_oneof![9 => 0..300u32, 1 => Just(100)], 0..80),
        prop::collection::vec(0..4u32, 0..40),
        prop::collection::vec((0..80u32, 1..6u32), 0..6),
    )
        .prop_map(|(tokens, words, mut mentions)| {
            mentions.sort_unstable();
            text(&tokens, &words, &mentions)
        })
}
