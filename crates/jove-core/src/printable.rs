//! Text that may be shown on a terminal.

use std::borrow::Cow;

/// The text without anything that a terminal takes for an order: control characters but for line ends and tabs, and the
/// marks that change the direction of what follows (U+202A to U+202E, U+2066 to U+2069), are written as `\u{1b}`.
/// Text in any script, emoji and combining marks stay as they are.
///
/// ```
/// use jove_core::printable;
///
/// assert_eq!(printable("洛拉岛\u{1b}[2J\tשלום"), "洛拉岛\\u{1b}[2J\tשלום");
/// ```
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_order) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_order(c) { shown.extend(c.escape_unicode()) } else { shown.push(c) }
    }
    Cow::Owned(shown)
}

/// The same inside a JSON text, where such characters stand in strings alone and are written as `\u001b`.
///
/// ```
/// assert_eq!(jove_core::printable_json("[\"\u{9b}2J\"]"), "[\"\\u009b2J\"]");
/// ```
pub fn printable_json(json: &str) -> Cow<'_, str> {
    if !json.chars().any(is_order) {
        return Cow::Borrowed(json);
    }
    let mut shown = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        if is_order(c) { shown.push_str(&format!("\\u{:04x}", u32::from(c))) } else { shown.push(c) }
    }
    Cow::Owned(shown)
}

fn is_order(c: char) -> bool {
    let direction = matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    direction || (c.is_control() && c != '\n' && c != '\t')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_obeys_is_escaped_and_all_else_stays() {
        for text in ["", "a", "中文 e\u{301} 👩‍🚀 שלום \u{200f}", "two\nlines\tand a tab"] {
            assert!(matches!(printable(text), Cow::Borrowed(same) if same == text), "{text}");
        }
        let orders = (0..0xa0).chain(0x202a..=0x202e).chain(0x2066..=0x2069).filter_map(char::from_u32);
        for order in orders.filter(|c| (c.is_control() || *c > '\u{2000}') && !"\n\t".contains(*c)) {
            let text = format!("中{order}文");
            assert_eq!(printable(&text), format!("中\\u{{{:x}}}文", u32::from(order)));
        }
    }

    #[test]
    fn json_says_the_same_afterwards() {
        let json = "{\"a\":\"\u{7f}\u{202e}中\"}";
        assert_eq!(printable_json(json), "{\"a\":\"\\u007f\\u202e中\"}");
        assert_eq!(printable_json("{\"a\":\n1}"), "{\"a\":\n1}");
    }
}
