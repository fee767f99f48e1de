//! Identifying the language of a text.

use jove_core::Lang;
use unicode_script::{Script, UnicodeScript as _};

/// Identifies the language of a text: by script where the script has one language, else by the frequencies of letters
/// (`whatlang`). `None` for texts without letters.
pub(crate) fn identify(text: &str) -> Option<Lang> {
    detect(text).map(|(lang, ..)| lang)
}

/// The language of a text, where the identification is reliable: by script, or by letters that fit no other language
/// nearly as well.
pub(crate) fn identify_reliably(text: &str) -> Option<Lang> {
    detect(text).filter(|(_, reliable, _)| *reliable).map(|(lang, ..)| lang)
}

/// The language of a text, and whether that is reliable: by script, or by letters that fit no other language nearly as well.
/// `None` for a text without letters.
pub fn detect_language(text: &str) -> Option<(Lang, bool)> {
    detect(text).map(|(lang, reliable, _)| (lang, reliable))
}

/// The language of a text as [`crate::read_texts`] identifies it, with a confidence from 0 to 1; 1 where the script decides.
/// `None` for texts without letters.
pub fn identify_language(text: &str) -> Option<(Lang, f64)> {
    detect(text).map(|(lang, _, confidence)| (lang, confidence))
}

/// The language, whether it is reliable, and the confidence.
fn detect(text: &str) -> Option<(Lang, bool, f64)> {
    let letters = count_scripts(text);
    let total = letters.total();
    if total == 0 {
        return None;
    }
    if letters.kana * 10 >= total {
        return Some((tag("ja"), true, 1.0));
    }
    if letters.hangul * 2 >= total {
        return Some((tag("ko"), true, 1.0));
    }
    if letters.han * 10 >= total * 3 {
        return Some((Lang::ZH, true, 1.0));
    }
    let info = whatlang::detect(text)?;
    let lang = Lang::new(short(info.lang())).ok()?;
    Some((lang, info.is_reliable(), info.confidence()))
}

#[derive(Default)]
struct Letters {
    han: usize,
    kana: usize,
    hangul: usize,
    other: usize,
}

impl Letters {
    fn total(&self) -> usize {
        self.han + self.kana + self.hangul + self.other
    }
}

fn count_scripts(text: &str) -> Letters {
    let mut letters = Letters::default();
    for character in text.chars().filter(|character| character.is_alphabetic()) {
        match character.script() {
            Script::Han => letters.han += 1,
            Script::Hiragana | Script::Katakana => letters.kana += 1,
            Script::Hangul => letters.hangul += 1,
            _ => letters.other += 1,
        }
    }
    letters
}

fn tag(tag: &'static str) -> Lang {
    Lang::new(tag).expect("a literal tag")
}

/// Three-letter codes of `whatlang` with the two-letter tags of the same languages.
const SHORT: [(&str, &str); 68] = [
    ("epo", "eo"),
    ("eng", "en"),
    ("rus", "ru"),
    ("cmn", "zh"),
    ("spa", "es"),
    ("por", "pt"),
    ("ita", "it"),
    ("ben", "bn"),
    ("fra", "fr"),
    ("deu", "de"),
    ("ukr", "uk"),
    ("kat", "ka"),
    ("ara", "ar"),
    ("hin", "hi"),
    ("jpn", "ja"),
    ("heb", "he"),
    ("yid", "yi"),
    ("pol", "pl"),
    ("amh", "am"),
    ("jav", "jv"),
    ("kor", "ko"),
    ("nob", "nb"),
    ("dan", "da"),
    ("swe", "sv"),
    ("fin", "fi"),
    ("tur", "tr"),
    ("nld", "nl"),
    ("hun", "hu"),
    ("ces", "cs"),
    ("ell", "el"),
    ("bul", "bg"),
    ("bel", "be"),
    ("mar", "mr"),
    ("kan", "kn"),
    ("ron", "ro"),
    ("slv", "sl"),
    ("hrv", "hr"),
    ("srp", "sr"),
    ("mkd", "mk"),
    ("lit", "lt"),
    ("lav", "lv"),
    ("est", "et"),
    ("tam", "ta"),
    ("vie", "vi"),
    ("urd", "ur"),
    ("tha", "th"),
    ("guj", "gu"),
    ("uzb", "uz"),
    ("pan", "pa"),
    ("aze", "az"),
    ("ind", "id"),
    ("tel", "te"),
    ("pes", "fa"),
    ("mal", "ml"),
    ("ori", "or"),
    ("mya", "my"),
    ("nep", "ne"),
    ("sin", "si"),
    ("khm", "km"),
    ("tuk", "tk"),
    ("aka", "ak"),
    ("zul", "zu"),
    ("sna", "sn"),
    ("afr", "af"),
    ("lat", "la"),
    ("slk", "sk"),
    ("cat", "ca"),
    ("tgl", "tl"),
];

/// The two-letter tag of a language, where it has one; `whatlang` knows three-letter codes.
fn short(lang: whatlang::Lang) -> &'static str {
    let code = lang.code();
    SHORT.iter().find(|(long, _)| *long == code).map_or(code, |(_, short)| short)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_and_letters_decide_the_language() {
        let cases = [
            ("北京是中华人民共和国的首都。", Some("zh")),
            ("東京タワーは東京にあります。", Some("ja")),
            ("서울은 대한민국의 수도이다.", Some("ko")),
            ("The capital of France is Paris, and many people live there.", Some("en")),
            ("Столица России — Москва, и там живёт много людей.", Some("ru")),
            ("هذه هي عاصمة البلاد ويعيش فيها كثير من الناس", Some("ar")),
            ("זוהי עיר הבירה של המדינה ורבים גרים בה", Some("he")),
            ("中", Some("zh")),
            ("カ", Some("ja")),
            ("123 — 456 🦀", None),
            ("👩\u{200d}👧", None),
            ("\u{301}", None),
            ("", None),
        ];
        for (text, lang) in cases {
            assert_eq!(identify(text).map(|lang| lang.as_str().to_owned()).as_deref(), lang, "{text}");
        }
    }

    #[test]
    fn mixed_texts_follow_the_script_that_decides() {
        for (text, lang) in [
            ("我用 Rust 写程序，它很快。", "zh"),
            ("この文は日本語と English を含む。", "ja"),
            ("우리는 AI 를 배운다", "ko"),
            ("漢字だけでなく仮名も", "ja"),
        ] {
            assert_eq!(identify_reliably(text).map(|lang| lang.as_str().to_owned()).as_deref(), Some(lang), "{text}");
        }
    }

    #[test]
    fn short_latin_words_are_not_reliable() {
        for text in ["ok", "no", "a", "e\u{301}"] {
            assert_eq!(identify_reliably(text), None, "{text}");
        }
    }

    #[test]
    fn every_known_language_has_a_tag() {
        for lang in whatlang::Lang::all() {
            assert!(Lang::new(short(*lang)).is_ok(), "{lang:?}");
        }
    }
}
