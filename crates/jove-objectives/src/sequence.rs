//! How translation pairs become one sequence.

use std::ops::Range;

use jove_core::{Layout, SpecialTokens};

/// Two texts as one sequence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PairSequence {
    /// Token ids, special ones included.
    pub tokens: Vec<u32>,
    /// Token types, one a token.
    pub segments: Vec<u32>,
    /// Where the first text's own tokens are.
    pub first: Range<usize>,
    /// Where the second text's own tokens are.
    pub second: Range<usize>,
}

/// Joins two texts: `[CLS] a [SEP] b [SEP]` with token types 0 and 1 for BERT, `<s> a </s></s> b </s>` for XLM-R.
///
/// The sequence of translation language modelling (Cross-lingual Language Model Pretraining, arXiv 1901.07291); as in
/// InfoXLM, positions go on through the second text.
pub fn pair_sequence(layout: Layout, specials: &SpecialTokens, first: &[u32], second: &[u32]) -> PairSequence {
    let (between, second_segment) = match layout {
        Layout::Bert => (1, 1),
        Layout::XlmRoberta => (2, 0),
    };
    let mut tokens = Vec::with_capacity(first.len() + second.len() + 4);
    tokens.push(specials.first.0);
    tokens.extend_from_slice(first);
    tokens.extend(std::iter::repeat_n(specials.separator.0, between));
    let start = tokens.len();
    tokens.extend_from_slice(second);
    tokens.push(specials.separator.0);
    // BERT counts the separator after the first text to the first text.
    let segments = (0..tokens.len()).map(|position| if position < start { 0 } else { second_segment }).collect();
    PairSequence { tokens, segments, first: 1..1 + first.len(), second: start..start + second.len() }
}

#[cfg(test)]
mod tests {
    use jove_core::TokenId;
    use proptest::prelude::*;

    use super::*;

    fn specials() -> SpecialTokens {
        let [pad, first, separator, unknown, mask] = [0, 1, 2, 3, 4].map(TokenId);
        SpecialTokens { first, separator, pad, unknown, mask, vocab_size: 100 }
    }

    #[test]
    fn both_layouts() {
        let bert = pair_sequence(Layout::Bert, &specials(), &[10, 11], &[12]);
        assert_eq!(bert.tokens, [1, 10, 11, 2, 12, 2]);
        assert_eq!(bert.segments, [0, 0, 0, 0, 1, 1]);
        let xlmr = pair_sequence(Layout::XlmRoberta, &specials(), &[10, 11], &[12]);
        assert_eq!(xlmr.tokens, [1, 10, 11, 2, 2, 12, 2]);
        assert_eq!(xlmr.segments, [0; 7]);
    }

    proptest! {
        #[test]
        fn ranges_find_the_texts_again(
            first in prop::collection::vec(5u32..100, 0..9), second in prop::collection::vec(5u32..100, 0..9),
        ) {
            for layout in [Layout::Bert, Layout::XlmRoberta] {
                let pair = pair_sequence(layout, &specials(), &first, &second);
                prop_assert_eq!(&pair.tokens[pair.first], &first[..]);
                prop_assert_eq!(&pair.tokens[pair.second], &second[..]);
                prop_assert_eq!(pair.tokens.len(), pair.segments.len());
            }
        }
    }
}
