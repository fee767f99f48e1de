//! What the words and mentions of a text must satisfy.

use jove_core::ByteSpan;

use crate::error::{Error, Result};

/// Checks that spans are sorted, not empty, without overlap, inside the text and on character boundaries; `what` names
/// them in the error.
pub(crate) fn check_spans(what: &'static str, spans: impl Iterator<Item = ByteSpan>, text: &str) -> Result<()> {
    let mut floor = 0;
    for (index, span) in spans.enumerate() {
        if span.start < floor || span.is_empty() || span.slice(text).is_none() {
            let ByteSpan { start, end } = span;
            return Err(Error::Span { what, index, start, end, text_bytes: text.len() });
        }
        floor = span.end;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, spans: &[(u32, u32)], failing: Option<usize>) {
        let found = check_spans("word", spans.iter().map(|&(start, end)| ByteSpan::new(start, end)), text);
        let found = found.err().map(|error| match error {
            Error::Span { index, text_bytes, .. } if text_bytes == text.len() => index,
            other => panic!("{other}"),
        });
        assert_eq!(found, failing, "{spans:?} of {text:?}");
    }

    #[test]
    fn the_first_invalid_span_is_named() {
        check("", &[], None);
        check("", &[(0, 0)], Some(0));
        check("a", &[(0, 1)], None);
        check("a", &[(0, 1), (1, 2)], Some(1));
        check("中文", &[(0, 3), (3, 6)], None);
        check("中文", &[(0, 2)], Some(0));
        check("中文", &[(0, 9)], Some(0));
        check("中文", &[(3, 6), (0, 3)], Some(1));
        check("中文", &[(0, 6), (3, 6)], Some(1));
        check("🦀e\u{301}", &[(0, 4), (4, 7)], None);
        check("🦀e\u{301}", &[(0, 4), (5, 6)], Some(1));
        check("שלום", &[(0, 2), (2, 8)], None);
        check("שלום", &[(1, 8)], Some(0));
    }

    proptest! {
        #[test]
        fn whole_characters_in_order_are_always_valid(text in "\\PC{0,20}") {
            let spans = text.char_indices().map(|(at, c)| ByteSpan::new(at as u32, (at + c.len_utf8()) as u32));
            prop_assert!(check_spans("word", spans, &text).is_ok());
        }
    }
}
