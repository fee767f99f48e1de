//! Cues in the text around a mention that it is only a part of a longer name.

use crate::boundary::{is_free_script, is_han};
use crate::char_class::{Class, is_in};
use crate::lexicon::endings_from;

/// What makes of a Japanese name of a country the name of its people.
const JAPANESE_PERSON: char = '人';

/// How far ahead the ending of a longer name is looked for, in characters.
const AHEAD_MAX: usize = 14;

/// How far back the opening of a title is looked for, in bytes.
const BACK_BYTES_MAX: usize = 120;

/// Whether the name is followed, in the same phrase, by the ending of an organisation's name.
pub(crate) fn begins_longer_name(text: &str, end: usize, is_japanese: bool) -> bool {
    let rest = &text[end..];
    if rest.starts_with(|c| is_in(c, Class::Suffix)) || (is_japanese && rest.starts_with(JAPANESE_PERSON)) {
        return true;
    }
    for (at, c) in rest.char_indices().take(AHEAD_MAX) {
        if !(is_han(c) || c.is_alphanumeric()) || is_in(c, Class::Break) {
            return false;
        }
        if is_in(c, Class::EndingStart) && endings_from(c).any(|ending| rest[at..].starts_with(ending)) {
            return true;
        }
    }
    false
}

/// Whether a title or the kind of a place stands before the name, abbreviated without a vowel: `Mrs.`, `Mt.`, `Dr.`
pub(crate) fn follows_abbreviation(text: &str, start: usize) -> bool {
    let Some(before) = text[..start].strip_suffix(' ').and_then(|before| before.strip_suffix('.')) else {
        return false;
    };
    let word = &before[before.trim_end_matches(|c: char| c.is_ascii_alphabetic()).len()..];
    let consonants = word.bytes().skip(1).all(|byte| byte.is_ascii_lowercase() && !b"aeiou".contains(&byte));
    (2..=4).contains(&word.len()) && word.starts_with(|c: char| c.is_ascii_uppercase()) && consonants
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

/// Whether the name is one part of a name in several parts: joined by a dot to letters, by a hyphen where its script has
/// no spaces or a digit follows, or, in Chinese text, one Latin word of several. In scripts with spaces a hyphen joins
/// whole words.
pub(crate) fn is_one_of_parts(text: &str, start: usize, end: usize, is_chinese: bool) -> bool {
    let mut before = text[..start].chars().rev();
    let mut after = text[end..].chars();
    let (left, right) = ((before.next(), before.next()), (after.next(), after.next()));
    let free = text[start..end].contains(is_free_script);
    let joins = |pair: (Option<char>, Option<char>)| match pair {
        (Some('·' | '‧' | '•' | '=' | '・'), Some(next)) => next.is_alphanumeric(),
        (Some('-' | '－' | '‐' | '‑'), Some(next)) => {
            next.is_numeric() || (next.is_alphanumeric() && (free || is_free_script(next)))
        }
        _ => false,
    };
    let spaced =
        |pair: (Option<char>, Option<char>)| pair.0 == Some(' ') && pair.1.is_some_and(|c| c.is_ascii_alphabetic());
    let latin = is_chinese && text[start..end].is_ascii();
    joins(left) || joins(right) || (latin && (spaced(left) || spaced(right)))
}

/// Whether a sentence, or a quotation in it, begins with what stands at `start`.
pub(crate) fn opens_sentence(text: &str, start: usize) -> bool {
    let before = text[..start].trim_end_matches(|c: char| {
        c.is_whitespace()
            || matches!(c, '"' | '\'' | '“' | '„' | '«' | '‘' | '(' | '[' | '-' | '–' | '—' | '¿' | '¡' | '*')
    });
    before.is_empty()
        || before.ends_with(['.', '!', '?', '…', ':', ';', '。', '！', '？', '：', '”', '»'])
        || text[before.len()..start].contains(['\n', '"', '“', '„', '«'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_and_quotations_begin_anew() {
        for (text, expected) in [
            ("[May] I ask?", true),
            ("No. [May] I ask?", true),
            ("In [May] it rains", false),
            ("She said: \"[May] I?\"", true),
            ("– [May] I?", true),
            ("one\n[May] two", true),
            ("(in [May])", false),
            ("[😀]", true),
            ("¿[Será]?", true),
        ] {
            let start = text.find('[').unwrap();
            assert_eq!(opens_sentence(&text.replace(['[', ']'], ""), start), expected, "{text}");
        }
    }

    #[test]
    fn abbreviated_titles_are_seen() {
        for (text, expected) in [
            ("Mrs. [Hughes]", true),
            ("up Mt. [Lakehorn]", true),
            ("(Dr. [May])", true),
            ("I saw Tom. [May] came", false),
            ("at 5 p.m. [May] came", false),
            ("Mt [Lake]", false),
            ("中. [May]", false),
            (". [😀]", false),
            ("[May]", false),
        ] {
            let start = text.find('[').unwrap();
            assert_eq!(follows_abbreviation(&text.replace(['[', ']'], ""), start), expected, "{text}");
        }
    }

    #[test]
    fn parts_of_names_are_seen() {
        for (text, chinese, expected) in [
            ("[米歇尔]·奎诺特", true, true),
            ("凯·[梅]", true, true),
            ("[丁烷]-1,2", true, true),
            ("[western] blot", true, true),
            ("[western] blot", false, false),
            ("用 [Rust] 写", true, false),
            ("[Rivertown]-based", false, false),
            ("the [Rivertown]-Lakeville line", false, false),
            ("[Rivertown]-7", false, true),
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
            assert_eq!(begins_longer_name(&plain, end, false), longer, "{text}");
            assert_eq!(is_inside_title(&plain, start, end), title, "{text}");
        }
        assert!(
            begins_longer_name("イタリア人", "イタリア".len(), true)
                && !begins_longer_name("中国人", "中国".len(), false)
        );
    }
}
