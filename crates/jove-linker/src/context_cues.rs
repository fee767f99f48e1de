//! Cues in the text around a mention that it is only a part of a longer name.

use crate::boundary::is_han;
use crate::char_class::{Class, is_in};
use crate::lexicon::{ENDINGS, SUFFIXES};

/// How far ahead the ending of a longer name is looked for, in characters.
const AHEAD_MAX: usize = 14;

/// How far back the opening of a title is looked for, in bytes.
const BACK_BYTES_MAX: usize = 120;

/// Whether the name is followed, in the same phrase, by the ending of an organisation's name.
pub(crate) fn begins_longer_name(text: &str, end: usize) -> bool {
    let rest = &text[end..];
    if rest.starts_with(|c| SUFFIXES.contains(c)) {
        return true;
    }
    for (at, c) in rest.char_indices().take(AHEAD_MAX) {
        if !(is_han(c) || c.is_alphanumeric()) || is_in(c, Class::Break) {
            return false;
        }
        if is_in(c, Class::EndingStart) && ENDINGS.iter().any(|ending| rest[at..].starts_with(ending)) {
            return true;
        }
    }
    false
}

/// Whether the name is a piece of a title in `《》`, which is longer.
pub(crate) fn is_inside_title(text: &str, start: usize, end: usize) -> bool {
    let before = &text[text.floor_char_boundary(start.saturating_sub(BACK_BYTES_MAX))..start];
    let Some(opened) = before.rfind('《') else { return false };
    if before[opened..].contains(['》', '\n']) {
        return false;
    }
    let closed = text[end..].chars().take(BACK_BYTES_MAX / 3).find(|c| matches!(c, '《' | '》' | '\n'));
    let whole = before.ends_with('《') && text[end..].starts_with('》');
    closed == Some('》') && !whole
}

/// Whether the name is one part of a name in several parts: joined by a dot or a hyphen to letters, or, in Chinese text,
/// one Latin word of several.
pub(crate) fn is_one_of_parts(text: &str, start: usize, end: usize, is_chinese: bool) -> bool {
    let mut before = text[..start].chars().rev();
    let mut after = text[end..].chars();
    let (left, right) = ((before.next(), before.next()), (after.next(), after.next()));
    let joins = |pair: (Option<char>, Option<char>)| {
        matches!(pair.0, Some('·' | '‧' | '•' | '-' | '－' | '=')) && pair.1.is_some_and(char::is_alphanumeric)
    };
    let spaced =
        |pair: (Option<char>, Option<char>)| pair.0 == Some(' ') && pair.1.is_some_and(|c| c.is_ascii_alphabetic());
    let latin = is_chinese && text[start..end].is_ascii();
    joins(left) || joins(right) || (latin && (spaced(left) || spaced(right)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_names_are_seen() {
        for (text, chinese, expected) in [
            ("[米歇尔]·奎诺特", true, true),
            ("凯·[梅]", true, true),
            ("[丁烷]-1,2", true, true),
            ("[western] blot", true, true),
            ("[western] blot", false, false),
            ("用 [Rust] 写", true, false),
            ("[]", true, false),
            ("[😀]- e", false, false),
        ] {
            let (start, end) = (text.find('[').unwrap(), text.find(']').unwrap() - 1);
            let plain = text.replace(['[', ']'], "");
            assert_eq!(is_one_of_parts(&plain, start, end, chinese), expected, "{text}");
        }
    }

    #[test]
    fn longer_names_and_titles_are_seen() {
        for (text, longer, title) in [
            ("[上海]学林出版社", true, false),
            ("[上海]的出版社", false, false),
            ("[藤黄]属的", true, false),
            ("[上海]，出版社", false, false),
            ("《吉祥[中国]年》", false, true),
            ("《[中国]》", false, false),
            ("《甲》[中国]《乙》", false, false),
            ("[]", false, false),
            ("[😀]e\u{301}", false, false),
        ] {
            let (start, end) = (text.find('[').unwrap(), text.find(']').unwrap() - 1);
            let plain = text.replace(['[', ']'], "");
            assert_eq!(begins_longer_name(&plain, end), longer, "{text}");
            assert_eq!(is_inside_title(&plain, start, end), title, "{text}");
        }
    }
}
