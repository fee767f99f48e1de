//! Spans, compared with sets of positions.

use std::collections::BTreeSet;

use jove_core::{ByteSpan, TokenSpan};
use proptest::prelude::*;

fn positions(span: TokenSpan) -> BTreeSet<u32> {
    (span.start..span.end).collect()
}

proptest! {
    #[test]
    fn spans_are_sets_of_positions(a in 0..12_u32, b in 0..12_u32, c in 0..12_u32, d in 0..12_u32) {
        let (left, right) = (TokenSpan::new(a, b), TokenSpan::new(c, d));
        prop_assert_eq!(left.len(), positions(left).len());
        prop_assert_eq!(left.is_empty(), positions(left).is_empty());
        prop_assert_eq!(left.range().count(), left.len());
        if !left.is_empty() && !right.is_empty() {
            prop_assert_eq!(left.overlaps(right), !positions(left).is_disjoint(&positions(right)));
            prop_assert_eq!(left.contains(right), positions(left).is_superset(&positions(right)));
        }
        prop_assert_eq!(left.overlaps(right), right.overlaps(left));
    }

    #[test]
    fn byte_spans_slice_whole_characters(text in "(a|é|中|🙂|e\u{301}|ש){0,8}", start in 0..20_u32, end in 0..20_u32) {
        let cuts = |at: u32| text.is_char_boundary(at as usize);
        let sliced = ByteSpan::new(start, end).slice(&text);
        prop_assert_eq!(sliced.is_some(), start <= end && cuts(start) && cuts(end));
        if let Some(piece) = sliced {
            prop_assert_eq!(piece.len(), ByteSpan::new(start, end).len());
            prop_assert!(text[start as usize..].starts_with(piece));
        }
    }
}
