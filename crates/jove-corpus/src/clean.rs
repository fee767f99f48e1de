//! Cleaning texts, and deciding which ones to skip.

use jove_core::{InvalidSetting, script};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How texts are cleaned, and which ones are skipped.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct CleanOptions {
    /// The minimum length of a text, in characters; shorter ones are skipped.
    pub chars_min: usize,
    /// The maximum length of a text, in characters; longer ones are split at sentence ends.
    pub chars_max: usize,
    /// The maximum share of characters that are neither letters nor white space nor punctuation of prose; texts with a
    /// larger share are skipped as code or tables. From 0 to 1.
    pub symbols_max: f64,
    /// Whether duplicates are skipped; case, punctuation and white space are ignored in the comparison.
    pub duplicates: bool,
    /// The Jaccard similarity of character 5-grams (estimated by MinHash) with an earlier text from which a text is
    /// skipped as a near-duplicate. From 0 to 1; 1 disables the check. Only texts of 80 characters or more are compared,
    /// since short texts are similar without being copies.
    pub near_duplicates: f64,
}

impl Default for CleanOptions {
    fn default() -> Self {
        Self { chars_min: 4, chars_max: 2000, symbols_max: 0.5, duplicates: true, near_duplicates: 0.85 }
    }
}

impl CleanOptions {
    /// Checks the ranges of all fields.
    ///
    /// # Errors
    /// The first invalid field.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        let (least, most) = (self.chars_min, self.chars_max);
        InvalidSetting::check(most >= least.max(16), "chars-max", "16 or more, and at least chars-min", most)?;
        for (field, value) in [("symbols-max", self.symbols_max), ("near-duplicates", self.near_duplicates)] {
            InvalidSetting::check((0.0..=1.0).contains(&value), field, "a number from 0 to 1", value)?;
        }
        Ok(())
    }
}

/// Why a text was skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dropped {
    TooShort,
    Symbols,
}

/// Cleans one text: removes control and zero-width characters, turns white space into single spaces, and splits what
/// is too long at sentence ends.
pub(crate) fn clean(text: &str, options: &CleanOptions) -> Result<Vec<String>, Dropped> {
    let text = normalize(text);
    let chars = text.chars().count();
    if chars < options.chars_min {
        return Err(Dropped::TooShort);
    }
    let symbols = text.chars().filter(|&character| is_symbol(character)).count();
    if symbols as f64 > options.symbols_max * chars as f64 {
        return Err(Dropped::Symbols);
    }
    if chars <= options.chars_max {
        return Ok(vec![text]);
    }
    let mut parts = split(&text, options.chars_max);
    parts.retain(|part| part.chars().count() >= options.chars_min);
    Ok(parts)
}

/// Turns white space into single spaces and removes control characters, byte-order marks, zero-width spaces and soft
/// hyphens. Joiners stay: emoji and Indic scripts need them.
pub(crate) fn normalize(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_whitespace() {
            if !out.is_empty() && !out.ends_with(' ') {
                out.push(' ');
            }
        } else if !(character.is_control() || matches!(character, '\u{feff}' | '\u{200b}' | '\u{2060}' | '\u{ad}')) {
            out.push(character);
        }
    }
    if out.ends_with(' ') {
        out.pop();
    }
    out
}

fn is_symbol(character: char) -> bool {
    const PROSE: &str = ",.;:!?'\"()-–—…、。，；：！？“”‘’（）《》「」『』·،؟।";
    // Combining marks belong to letters.
    let mark = unicode_normalization::char::is_combining_mark(character);
    !(character.is_alphabetic() || mark || character.is_whitespace() || PROSE.contains(character))
}

/// Splits a text into parts of at most `most` characters, after the end of a sentence where one is near.
fn split(text: &str, most: usize) -> Vec<String> {
    let characters: Vec<char> = text.chars().collect();
    let mut parts = Vec::new();
    let mut start = 0;
    while start < characters.len() {
        let limit = (start + most).min(characters.len());
        let end = if limit == characters.len() { limit } else { last_end(&characters, start, limit) };
        let part: String = characters[start..end].iter().collect();
        parts.push(part.trim().to_owned());
        start = end;
    }
    parts
}

/// The place after the last sentence in the range, or after the last space, or the limit.
fn last_end(characters: &[char], start: usize, limit: usize) -> usize {
    let ends = |at: &usize| ends_sentence(characters[*at], characters.get(at + 1).copied());
    let found = (start..limit).rev().find(ends).or_else(|| (start..limit).rev().find(|&at| characters[at] == ' '));
    found.map_or(limit, |at| at + 1)
}

/// Whether a sentence ends with `character` when `next` follows.
pub(crate) fn ends_sentence(character: char, next: Option<char>) -> bool {
    match character {
        '.' | '!' | '?' => next.is_none_or(char::is_whitespace),
        _ => script::ends_sentence(character),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, expected: Result<Vec<&str>, Dropped>) {
        let options = CleanOptions { chars_min: 2, chars_max: 16, ..CleanOptions::default() };
        assert_eq!(
            clean(text, &options),
            expected.map(|parts| parts.into_iter().map(str::to_owned).collect()),
            "{text:?}"
        );
    }

    #[test]
    fn white_space_and_controls_are_normalized() {
        check("", Err(Dropped::TooShort));
        check("中", Err(Dropped::TooShort));
        check("  a \t b\u{3000}c\u{200b}\u{7} ", Ok(vec!["a b c"]));
        check("👩‍👩‍👧 me e\u{301}re!", Ok(vec!["👩‍👩‍👧 me e\u{301}re!"]));
        check("שלום עולם", Ok(vec!["שלום עולם"]));
        check("{}[]<>== a", Err(Dropped::Symbols));
    }

    #[test]
    fn only_what_has_no_width_is_removed() {
        for (text, expected) in [
            ("", ""),
            ("\u{feff}中", "中"),
            ("a\u{ad}b\u{2060}c", "abc"),
            ("क\u{94d}\u{200d}ष", "क\u{94d}\u{200d}ष"),
            ("می\u{200c}خواهم", "می\u{200c}خواهم"),
            ("👩\u{200d}👩\u{200d}👧", "👩\u{200d}👩\u{200d}👧"),
            ("\u{202e}שלום", "\u{202e}שלום"),
            ("\u{85}\u{2028}a\u{a0}b", "a b"),
        ] {
            assert_eq!(normalize(text), expected, "{text:?}");
        }
    }

    #[test]
    fn combining_marks_count_as_letters_and_emoji_as_symbols() {
        check("e\u{301}e\u{301}", Ok(vec!["e\u{301}e\u{301}"]));
        check("🦀🦀🦀a", Err(Dropped::Symbols));
        check("🦀🦀ab", Ok(vec!["🦀🦀ab"]));
        check("1984年", Err(Dropped::Symbols));
    }

    #[test]
    fn the_first_invalid_setting_is_named() {
        let base = CleanOptions::default();
        assert!(base.validate().is_ok());
        for (options, expected) in [
            (
                CleanOptions { chars_max: 15, ..base.clone() },
                "chars-max: expected 16 or more, and at least chars-min, found 15",
            ),
            (
                CleanOptions { chars_min: 3000, ..base.clone() },
                "chars-max: expected 16 or more, and at least chars-min, found 2000",
            ),
            (
                CleanOptions { symbols_max: -0.1, ..base.clone() },
                "symbols-max: expected a number from 0 to 1, found -0.1",
            ),
            (
                CleanOptions { near_duplicates: f64::NAN, ..base },
                "near-duplicates: expected a number from 0 to 1, found NaN",
            ),
        ] {
            assert_eq!(options.validate().unwrap_err().to_string(), expected);
        }
    }

    #[test]
    fn long_texts_are_split_after_sentences() {
        check("今天天气很好。我们去公园吧。好的。明天再说", Ok(vec!["今天天气很好。我们去公园吧。", "好的。明天再说"]));
        check("One two three. Four five six.", Ok(vec!["One two three.", "Four five six."]));
        check("abcdefghijklmnopqrst", Ok(vec!["abcdefghijklmnop", "qrst"]));
    }

    proptest! {
        #[test]
        fn cleaning_twice_changes_nothing(text in "(\\PC|[ \t\u{3000}\u{200b}\u{7}。.!]){0,60}") {
            let once = normalize(&text);
            prop_assert_eq!(normalize(&once), once.as_str());
            prop_assert!(!once.contains("  ") && once.trim() == once);
        }

        #[test]
        fn parts_are_short_and_lose_only_spaces(text in "\\PC{0,80}") {
            let options = CleanOptions { chars_min: 0, chars_max: 16, symbols_max: 1.0, ..CleanOptions::default() };
            let parts = clean(&text, &options).unwrap();
            let solid = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            prop_assert!(parts.iter().all(|part| part.chars().count() <= 16));
            prop_assert_eq!(solid(&parts.concat()), solid(&normalize(&text)));
        }
    }
}
