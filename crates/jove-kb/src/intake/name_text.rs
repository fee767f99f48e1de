//! Names as they are kept: clean, and none that could only be a mistake.

use std::borrow::Cow;

/// The longest name, in bytes: what the linker can look for.
const BYTES_MAX: usize = 1024;

/// Why a text is no name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoName {
    /// It has neither a letter nor a digit: punctuation, emoji, invisible signs.
    NoLetter,
    /// It is longer than a name can be: a text in the wrong column.
    TooLong,
}

impl NoName {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::NoLetter => "neither a letter nor a digit",
            Self::TooLong => "more than 1024 bytes",
        }
    }
}

/// A name without what crawlers and spreadsheets leave around it: space at its ends, line breaks and runs of spaces, references
/// of HTML.
pub(crate) fn clean(text: &str) -> Result<Cow<'_, str>, NoName> {
    let mut name = Cow::Borrowed(text.trim_matches(is_around));
    if name.contains('&') && name.contains(';') {
        name = html_escape::decode_html_entities(&name).into_owned().into();
    }
    if name.chars().any(char::is_control) || name.contains("  ") || name.contains(['\u{2028}', '\u{2029}']) {
        let words = name.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
        name = words.collect::<Vec<_>>().join(" ").into();
    }
    if name.len() > BYTES_MAX {
        return Err(NoName::TooLong);
    }
    if name.chars().any(is_spoken) { Ok(name) } else { Err(NoName::NoLetter) }
}

/// Space and signs that nobody sees, at the ends of a name.
fn is_around(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{feff}' | '\u{200b}' | '\u{2060}' | '\u{ad}' | '\u{200e}' | '\u{200f}')
}

/// A letter or a digit; the fillers of Hangul are letters by Unicode, and blank.
fn is_spoken(c: char) -> bool {
    c.is_alphanumeric() && !matches!(c, '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cleaned() {
        for (text, expected) in [
            ("水稻", "水稻"),
            ("  River\n town  ", "River town"),
            ("River   town", "River town"),
            ("River\u{2028}town", "River town"),
            ("AT&amp;T", "AT&T"),
            ("AT&T; more", "AT&T; more"),
            ("&lt;b&gt; &#233;", "<b> é"),
            ("\u{200b}\u{feff}مصر\u{200f}", "مصر"),
            ("C\u{a0}D", "C\u{a0}D"),
            ("e\u{301}", "e\u{301}"),
            ("9", "9"),
            ("🙂 a", "🙂 a"),
            ("क्षत्रिय", "क्षत्रिय"),
        ] {
            assert_eq!(clean(text).as_deref(), Ok(expected), "{text:?}");
        }
    }

    #[test]
    fn texts_without_a_letter_or_too_long_are_no_names() {
        for text in [
            "", " ", "...", "……", "?!", "——", "《》", "\u{200b}", "\u{2060}", "\u{ad}", "\u{fe0f}", "\u{301}",
            "\u{3164}", "⠀", "🙂",
        ] {
            assert_eq!(clean(text), Err(NoName::NoLetter), "{text:?}");
        }
        assert_eq!(clean(&"种植".repeat(200)), Err(NoName::TooLong));
        assert!(clean(&"a".repeat(1024)).is_ok());
    }
}
