//! What scripts say of words and sentences: spaces between words, marks at the ends of sentences and clauses.

use unicode_script::{Script, UnicodeScript as _};

use crate::Lang;

/// Languages written without spaces between words, by primary subtag.
const UNSPACED_LANGS: &[&str] = &[
    "zh", "cmn", "yue", "wuu", "gan", "hak", "hsn", "nan", "cdo", "cjy", "mnp", "lzh", "ja", "th", "nod", "tts", "lo",
    "km", "my", "mnw", "shn", "rki", "ksw", "bo", "dz", "ii", "tdd", "khb", "nxq",
];

/// Whether a character belongs to a word of a script that puts spaces between words: a letter, a digit, or a mark on one.
/// Hangul does not count, since particles follow its names without a space.
pub fn is_spaced(character: char) -> bool {
    if character.is_ascii() {
        return character.is_ascii_alphanumeric();
    }
    match character.script() {
        // Marks on the letter before, and joiners inside words.
        Script::Inherited => true,
        script => character.is_alphanumeric() && !is_unspaced(script),
    }
}

/// Whether a character is of a script in which white space parts sentences and clauses, not words, and which has no mark for
/// the end of a sentence or is often written without it: Thai, Lao, Khmer, Burmese, Tibetan and their kin.
pub fn is_space_pausing(character: char) -> bool {
    let script = if character < '\u{e00}' { return false } else { character.script() };
    is_southeast_asian(script) || script == Script::Tibetan
}

fn is_unspaced(script: Script) -> bool {
    let east_asian = matches!(
        script,
        Script::Han
            | Script::Hiragana
            | Script::Katakana
            | Script::Bopomofo
            | Script::Hangul
            | Script::Yi
            | Script::Lisu
            | Script::Tangut
            | Script::Nushu
    );
    east_asian || is_southeast_asian(script) || script == Script::Tibetan
}

fn is_southeast_asian(script: Script) -> bool {
    matches!(
        script,
        Script::Thai
            | Script::Lao
            | Script::Khmer
            | Script::Myanmar
            | Script::Tai_Le
            | Script::New_Tai_Lue
            | Script::Tai_Tham
            | Script::Tai_Viet
            | Script::Javanese
            | Script::Balinese
    )
}

/// Whether all letters of a text are Latin; those that belong to no script in particular don't count.
pub fn is_latin(text: &str) -> bool {
    let latin = |letter: char| matches!(letter.script(), Script::Latin | Script::Common | Script::Inherited);
    text.chars().filter(|letter| letter.is_alphabetic()).all(latin)
}

/// Whether a language is written with spaces between words: by the script of its tag, such as `Latn` of `zh-Latn`, else by
/// the language itself.
pub fn writes_spaces(lang: Lang) -> bool {
    let script =
        lang.as_str().split('-').skip(1).find(|subtag| subtag.len() == 4 && !subtag.starts_with(char::is_numeric));
    match script.and_then(|subtag| Script::from_short_name(&capitalised(subtag))) {
        Some(script) => !is_unspaced(script) || script == Script::Hangul,
        // `Hans`, `Hant` and `Jpan` are tags of scripts, but no scripts of Unicode.
        None => !UNSPACED_LANGS.contains(&lang.primary()),
    }
}

fn capitalised(subtag: &str) -> String {
    let lower = subtag.to_ascii_lowercase();
    lower[..1].to_ascii_uppercase() + &lower[1..]
}

/// Whether a character ends a sentence wherever it stands, in any script; unlike `.`, which also stands inside numbers and
/// abbreviations.
pub fn ends_sentence(character: char) -> bool {
    matches!(
        character,
        '。' | '！'
            | '？'
            | '｡'
            | '؟'
            | '۔'
            | '।'
            | '॥'
            | '։'
            | '።'
            | '፧'
            | '፨'
            | '។'
            | '៕'
            | '။'
            | '།'
            | '༎'
            | '᠃'
            | '᠉'
            | '᭞'
            | '᭟'
            | '꧉'
            | '꯫'
            | '᱾'
            | '᱿'
            | '܀'
            | '܁'
            | '߹'
            | '‼'
            | '⁇'
            | '⁈'
            | '⁉'
    )
}

/// Whether a character ends a clause: a comma, a semicolon or the end of a sentence, in any script, or a line break.
pub fn ends_clause(character: char) -> bool {
    is_comma(character) || matches!(character, '.' | '!' | '?' | '\n') || ends_sentence(character)
}

/// Whether a character is a comma or a semicolon, in any script.
pub fn is_comma(character: char) -> bool {
    matches!(
        character,
        ',' | ';'
            | '，'
            | '；'
            | '、'
            | '､'
            | '،'
            | '؛'
            | '՝'
            | '፣'
            | '፤'
            | '፥'
            | '၊'
            | '߸'
            | '᠂'
            | '᠈'
            | '꧈'
            | '܂'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_parted_by_spaces_or_not() {
        for letter in "aZ9éạỆßжԱაאعदকதళമසᎠአ\u{301}\u{200d}".chars() {
            assert!(is_spaced(letter), "{letter:?}");
        }
        for letter in "中あアㄅ한ไລខကབ 。.-་🦀".chars() {
            assert!(!is_spaced(letter), "{letter:?}");
        }
        for (letter, pausing) in
            [('ก', true), ('ລ', true), ('ខ', true), ('က', true), ('བ', true), ('中', false), ('a', false)]
        {
            assert_eq!(is_space_pausing(letter), pausing, "{letter:?}");
        }
    }

    #[test]
    fn letters_are_latin_wherever_they_are_in_unicode() {
        for (text, latin) in [
            ("", true),
            ("a", true),
            ("Đại học Quốc gia Hà Nội", true),
            ("Ελλάδα", false),
            ("Москва", false),
            ("ﬁne ʻokina Å", true),
            ("e\u{301} 3 🦀 ½", true),
            ("中a", false),
            ("ﾊﾟ", false),
            ("ש", false),
        ] {
            assert_eq!(is_latin(text), latin, "{text:?}");
        }
    }

    #[test]
    fn languages_write_spaces_or_not_and_the_script_of_a_tag_decides() {
        for (tag, spaces) in [
            ("en", true),
            ("vi", true),
            ("ko", true),
            ("am", true),
            ("und", true),
            ("zh", false),
            ("zh-Hant", false),
            ("zh-Latn", true),
            ("yue-HK", false),
            ("ja", false),
            ("ja-latn", true),
            ("ko-Hang", true),
            ("th", false),
            ("bo", false),
            ("my", false),
            ("es-419", true),
        ] {
            assert_eq!(writes_spaces(Lang::new(tag).unwrap()), spaces, "{tag}");
        }
    }

    #[test]
    fn every_end_of_a_sentence_ends_a_clause() {
        for mark in "。！？؟۔।॥։።។៕။།".chars() {
            assert!(ends_sentence(mark) && ends_clause(mark) && !is_comma(mark), "{mark}");
        }
        for mark in ",;，、؛،፣၊".chars() {
            assert!(!ends_sentence(mark) && ends_clause(mark), "{mark}");
        }
        for other in "a1中 -'་".chars() {
            assert!(!ends_clause(other), "{other}");
        }
    }
}
