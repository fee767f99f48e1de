//! The language of a short text, by its common words.

use std::collections::BTreeMap;

use jove_core::Lang;
use unicode_script::{Script, UnicodeScript};
use unicode_segmentation::UnicodeSegmentation;

use crate::common_words::is_common;
use crate::language::{default_language, writes};
use crate::normal::Normalization;

/// Words of a text that are looked at.
const WORDS_MAX: usize = 64;

/// The language of a text that another measure, such as the frequencies of its letters, takes for `guess` without being sure:
/// of the languages written in the text's script the one with the most common words in it. The language that most text in the
/// script is in starts with the worth of one word, and `guess` with half of it. A language without a list of common words is only
/// taken where it is the script's usual one, or the script has none.
pub fn likely_language(text: &str, guess: Lang) -> Lang {
    let Some(script) = main_script(text) else { return guess };
    let words: Vec<String> =
        text.unicode_words().take(WORDS_MAX).map(|word| Normalization::default().form(word)).collect();
    let usual = default_language(script);
    let written = |lang: &&str| writes(lang, script);
    let listed =
        stop_words::available_languages().iter().copied().filter(written).filter_map(|tag| Lang::new(tag).ok());
    let score = |lang: Lang| {
        let common = words.iter().filter(|word| is_common(lang.as_str(), word)).count();
        (2 * common + 2 * usize::from(lang == usual) + usize::from(lang == guess), lang == usual)
    };
    let best = listed.chain([usual]).max_by_key(|lang| score(*lang));
    best.filter(|lang| *lang != Lang::UND).unwrap_or(guess)
}

/// The script of most letters.
fn main_script(text: &str) -> Option<Script> {
    let mut counts: BTreeMap<&str, (usize, Script)> = BTreeMap::new();
    for script in text.chars().filter(|c| c.is_alphabetic()).map(|c| c.script()) {
        counts.entry(script.short_name()).or_insert((0, script)).0 += 1;
    }
    counts.into_values().max_by_key(|(count, _)| *count).map(|(_, script)| script)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_words_decide() {
        for (text, guess, expected) in [
            ("Tom is in the house and I am not.", "nl", "en"),
            ("Ich habe das nicht gesehen.", "en", "de"),
            ("Je ne sais pas pourquoi il est là.", "en", "fr"),
            ("Это не то, что я думал.", "bg", "ru"),
            ("Rivertown", "de", "en"),
            ("האי", "yi", "he"),
            ("𐌰𐌱", "got", "got"),
            ("", "de", "de"),
            ("😀 5", "zh", "zh"),
            ("e\u{301}", "fr", "en"),
        ] {
            assert_eq!(likely_language(text, Lang::new(guess).unwrap()).as_str(), expected, "{text}");
        }
    }
}
