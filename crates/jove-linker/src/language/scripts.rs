//! Scripts that languages are written in, where it is not Latin alone, and the language that most text in a script is in
//! (CLDR, `likelySubtags` and `languageData`).

use std::collections::HashMap;
use std::sync::LazyLock;

use jove_core::Lang;
use unicode_script::Script;

/// Languages by the script they are mostly written in, the one that most text is in first.
const LANGUAGES: [(Script, &str); 36] = [
    (Script::Latin, "en"),
    (Script::Han, "zh ja ko"),
    (Script::Bopomofo, "zh"),
    (Script::Hiragana, "ja"),
    (Script::Katakana, "ja"),
    (Script::Hangul, "ko"),
    (
        Script::Cyrillic,
        "ru uk be bg mk sr ky tg mn tt ba cv ce kk uz az os sah kv udm myv mdf ab av mhr mrj tyv xal kbd ady lez lbe inh \
         krc kum bxr alt rue cu",
    ),
    (Script::Arabic, "ar fa ur ps sd ug ckb mzn ks glk azb kk az ku pa uz ha skr bal brh bgn lrc shi pnb"),
    (Script::Hebrew, "he yi lad"),
    (Script::Greek, "el grc pnt"),
    (Script::Armenian, "hy hyw"),
    (Script::Georgian, "ka xmf"),
    (Script::Devanagari, "hi mr ne mai bho kok sa brx doi xnr awa new dty mag sd ks sat"),
    (Script::Bengali, "bn as mni bpy"),
    (Script::Gurmukhi, "pa"),
    (Script::Gujarati, "gu"),
    (Script::Oriya, "or kxv"),
    (Script::Tamil, "ta"),
    (Script::Telugu, "te"),
    (Script::Kannada, "kn tcy"),
    (Script::Malayalam, "ml"),
    (Script::Sinhala, "si"),
    (Script::Thai, "th"),
    (Script::Lao, "lo"),
    (Script::Khmer, "km"),
    (Script::Myanmar, "my shn mnw"),
    (Script::Ethiopic, "am ti gez"),
    (Script::Tibetan, "bo dz"),
    (Script::Cherokee, "chr"),
    (Script::Canadian_Aboriginal, "iu cr"),
    (Script::Nko, "nqo"),
    (Script::Vai, "vai"),
    (Script::Syriac, "syr"),
    (Script::Thaana, "dv"),
    (Script::Tifinagh, "zgh tzm ber"),
    (Script::Mongolian, "mn"),
];

/// Languages of the table that are written in Latin letters too.
const LATIN_TOO: &str = "sr uz az ku kk ha shi kxv lad ber tzm tt iu cr sat";

/// How a language is written.
#[derive(Default)]
struct Writing {
    scripts: Vec<Script>,
    /// The language that most text in its first script is in, itself where it is that of any script.
    usual: &'static str,
}

/// The table by language.
static WRITINGS: LazyLock<HashMap<&str, Writing>> = LazyLock::new(|| {
    let mut writings: HashMap<&str, Writing> = HashMap::new();
    for (script, languages) in LANGUAGES {
        let first = languages.split(' ').next().unwrap_or_default();
        for lang in languages.split(' ') {
            let writing = writings.entry(lang).or_default();
            writing.scripts.push(script);
            if writing.usual.is_empty() || lang == first {
                writing.usual = first;
            }
        }
    }
    for lang in LATIN_TOO.split(' ') {
        writings.entry(lang).or_default().scripts.push(Script::Latin);
    }
    writings
});

/// Whether a language, by its canonical primary subtag, is written in a script.
pub(crate) fn writes(lang: &str, script: Script) -> bool {
    WRITINGS.get(lang).map_or(script == Script::Latin, |writing| writing.scripts.contains(&script))
}

/// The language that most text in the script of a language is in; English for Latin letters.
pub(crate) fn usual(lang: &str) -> &'static str {
    WRITINGS.get(lang).map_or("en", |writing| writing.usual)
}

/// The language that most text in a script is in; `und` for a script without one.
pub(crate) fn default_language(script: Script) -> Lang {
    let languages = LANGUAGES.iter().find(|(listed, _)| *listed == script).map(|(_, languages)| *languages);
    let first = languages.and_then(|languages| languages.split(' ').next());
    first.and_then(|tag| Lang::new(tag).ok()).unwrap_or(Lang::UND)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_write_their_scripts() {
        for (lang, script, expected) in [
            ("de", Script::Latin, true),
            ("ru", Script::Latin, false),
            ("ru", Script::Cyrillic, true),
            ("sr", Script::Latin, true),
            ("sr", Script::Cyrillic, true),
            ("ja", Script::Han, true),
            ("zh", Script::Hiragana, false),
            ("und", Script::Latin, true),
            ("de", Script::Cyrillic, false),
        ] {
            assert_eq!(writes(lang, script), expected, "{lang} {script:?}");
        }
    }

    #[test]
    fn scripts_have_a_language() {
        for (script, expected) in
            [(Script::Latin, "en"), (Script::Han, "zh"), (Script::Hangul, "ko"), (Script::Gothic, "und")]
        {
            assert_eq!(default_language(script).as_str(), expected, "{script:?}");
        }
        assert_eq!(["uk", "fa", "ja", "de", "xx"].map(usual), ["ru", "ar", "ja", "en", "en"]);
    }
}
