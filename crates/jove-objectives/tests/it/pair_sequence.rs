//! Two texts in one sequence.

use jove_core::{Layout, SpecialTokens, TokenId};
use jove_objectives::pair_sequence;
use proptest::prelude::*;

fn specials() -> SpecialTokens {
    let [pad, first, separator, unknown, mask] = [0, 1, 2, 3, 4].map(TokenId);
    SpecialTokens { first, separator, pad, unknown, mask, vocab_size: 100 }
}

#[test]
fn each_layout_has_its_separators_and_token_types() {
    for (layout, first, second, tokens, segments) in [
        (Layout::Bert, &[10, 11][..], &[12][..], &[1, 10, 11, 2, 12, 2][..], &[0, 0, 0, 0, 1, 1][..]),
        (Layout::XlmRoberta, &[10, 11], &[12], &[1, 10, 11, 2, 2, 12, 2], &[0; 7]),
        (Layout::Bert, &[], &[], &[1, 2, 2], &[0, 0, 1]),
        (Layout::XlmRoberta, &[], &[12], &[1, 2, 2, 12, 2], &[0; 5]),
        (Layout::Bert, &[10], &[], &[1, 10, 2, 2], &[0, 0, 0, 1]),
    ] {
        let pair = pair_sequence(layout, &specials(), first, second);
        assert_eq!((&pair.tokens[..], &pair.segments[..]), (tokens, segments), "{layout:?} {first:?} {second:?}");
    }
}

proptest! {
    #[test]
    fn ranges_find_the_texts_again(
        first in prop::collection::vec(5u32..100, 0..9), second in prop::collection::vec(5u32..100, 0..9),
    ) {
        for layout in [Layout::Bert, Layout::XlmRoberta] {
            let pair = pair_sequence(layout, &specials(), &first, &second);
            prop_assert_eq!(&pair.tokens[pair.first.clone()], &first[..]);
            prop_assert_eq!(&pair.tokens[pair.second.clone()], &second[..]);
            prop_assert_eq!(pair.tokens.len(), pair.segments.len());
            let special = |at: &usize| !pair.first.contains(at) && !pair.second.contains(at);
            prop_assert!((0..pair.tokens.len()).filter(special).all(|at| pair.tokens[at] < 5));
        }
    }
}
