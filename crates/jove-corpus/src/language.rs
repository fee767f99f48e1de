//! Which language a text is in.

use jove_core::Lang;
use unicode_script::{Script, UnicodeScript as _};

/// Guesses the language of a text: by script where a script has one language, else by the frequencies of letters
/// (`whatlang`). `None` where nothing speaks for a language, as in numbers.
pub fn identify(text: &str) -> Option<Lang> {
    guess(text).map(|(lang, _)| lang)
}

/// The language of a text, where it is beyond doubt: by script, or by letters that fit no other one nearly as well.
pub(crate) fn surely(text: &str) -> Option<Lang> {
    guess(text).filter(|(_, sure)| *sure).map(|(lang, _)| lang)
}

fn guess(text: &str) -> Option<(Lang, bool)> {
    let letters = count_scripts(text);
    let total = letters.total();
    if total == 0 {
        return None;
    }
    if letters.kana * 10 >= total {
        return Some((tag("ja"), true));
    }
    if letters.hangul * 2 >= total {
        return Some((tag("ko"), true));
    }
    if letters.han * 10 >= total * 3 {
        return Some((Lang::ZH, true));
    }
    let info = whatlang::detect(text)?;
    let lang = Lang::new(short(info.lang())).ok()?;
    Some((lang, info.is_reliable()))
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

/// The two-letter tag of a language that `whatlang` knows by three; three where there are no two.
fn short(lang: whatlang::Lang) -> &'static str {
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
    let code = lang.code();
    SHORT.iter().find(|(long, _)| *long == code).map_or(code, |(_, short)| short)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_are_told_apart() {
        let cases = [
            ("北京是中华人民共和国的首都。", Some("zh")),
            ("東京タワーは東京にあります。", Some("ja")),
            ("서울은 대한민국의 수도이다.", Some("ko")),
            ("The capital of France is Paris, and many people live there.", Some("en")),
            ("Столица России — Москва, и там живёт много людей.", Some("ru")),
            ("هذه هي عاصمة البلاد ويعيش فيها كثير من الناس", Some("ar")),
            ("123 — 456 🦀", None),
            ("", None),
        ];
        for (text, lang) in cases {
            assert_eq!(identify(text).map(|lang| lang.as_str().to_owned()).as_deref(), lang, "{text}");
        }
    }

    #[test]
    fn every_known_language_has_a_tag() {
        for lang in whatlang::Lang::all() {
            assert!(Lang::new(short(*lang)).is_ok(), "{lang:?}");
        }
    }
}
