//! Chinese numbers, dates and amounts that look like names.

use crate::char_class::{Class, is_in};

/// Whether a name at `text[start..end]` is punctuation, or more likely a piece of a number, a date or an amount: `日本` in `10日本片`,
/// `十年` in `二十年`, `99` in `1.99`.
pub(crate) fn in_quantity(text: &str, start: usize, end: usize) -> bool {
    let before = text[..start].chars().next_back();
    let (first, last) = (text[start..end].chars().next(), text[start..end].chars().next_back());
    let after = text[end..].chars().next();
    let counted = |c: char| is_numeral(c) || is_in(c, Class::Measure);
    let starts_inside = before.is_some_and(is_numeral) && first.is_some_and(counted);
    let ends_inside =
        last.is_some_and(is_numeral) && after.is_some_and(|c| is_numeral(c) || matches!(c, '年' | '月' | '日' | '号'));
    let name = &text[start..end];
    let unsigned = name.trim_start_matches(['-', '+', '\u{2212}', '±', '~']);
    let number = unsigned.chars().all(|c| is_numeral(c) || c == '.') || name.chars().all(is_punctuation);
    (start < end && number) || starts_inside || ends_inside || splits_decimal(text, start, end)
}

/// Whether a decimal point next to the name goes on with digits.
fn splits_decimal(text: &str, start: usize, end: usize) -> bool {
    let mut left = text[..start].chars().rev();
    let inside = &text[start..end];
    let point_before = left.next() == Some('.') && left.next().is_some_and(|c| c.is_ascii_digit());
    let mut right = text[end..].chars();
    let point_after = right.next() == Some('.') && right.next().is_some_and(|c| c.is_ascii_digit());
    let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
    (point_before && digit(inside.chars().next())) || (point_after && digit(inside.chars().next_back()))
}

/// Punctuation and signs of numbers; symbols and emoji may be names.
fn is_punctuation(c: char) -> bool {
    c.is_ascii_punctuation()
        || matches!(c, '\u{2010}'..='\u{205e}' | '\u{3001}'..='\u{303f}' | '，' | '．' | '！' | '？' | '：' | '；')
}

fn is_numeral(c: char) -> bool {
    is_in(c, Class::Numeral)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_dates_are_no_names() {
        for (text, expected) in [
            ("10[日本]片", true),
            ("二[十年]后", true),
            ("1.[99]元", true),
            ("[一九九八]年", true),
            ("在[日本]", false),
            ("[十年]", false),
            ("[20]种", true),
            ("[]", false),
            ("1、[日本]", false),
            ("[😀]", false),
            ("他说[…]好", true),
            ("What[?!]", true),
            ("[-5]", true),
            ("[1999-05-06]", false),
            ("[C++]", false),
        ] {
            let (start, end) = (text.find('[').unwrap(), text.find(']').unwrap() - 1);
            assert_eq!(in_quantity(&text.replace(['[', ']'], ""), start, end), expected, "{text}");
        }
    }
}
