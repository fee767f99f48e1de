//! Language tags.

use jove_core::Lang;
use proptest::prelude::*;

fn check(tag: &str, text: &str, primary: &str) {
    let lang = Lang::new(tag).unwrap();
    assert_eq!((lang.as_str(), lang.primary()), (text, primary), "{tag}");
    assert_eq!(lang.to_string(), text);
    assert_eq!(text.parse(), Ok(lang), "the text of a tag is the tag");
    assert_eq!(Lang::try_from(String::from(lang)), Ok(lang));
}

#[test]
fn tags_have_one_spelling() {
    check("zh", "zh", "zh");
    check("ZH", "zh", "zh");
    check("zh_Hant", "zh-Hant", "zh");
    check("PT-br", "pt-BR", "pt");
    check("ZH-hant-tw", "zh-Hant-TW", "zh");
    check("be-tarask", "be-tarask", "be");
    check("es-419", "es-419", "es");
    check("und", "und", "und");
    check("x", "x", "x");
    check("123456789012345", "123456789012345", "123456789012345");
    assert_eq!([Lang::ZH, Lang::EN, Lang::UND].map(|lang| lang.to_string()), ["zh", "en", "und"]);
}

#[test]
fn refusals_quote_the_text_and_shorten_it() {
    for tag in ["", "中", "e\u{301}", "🙂", "שלום", "zh\0", "-zh", "_zh", "z h", "1234567890123456"] {
        let message = Lang::new(tag).unwrap_err().to_string();
        let expected = format!("`{tag}` is not a language tag: expected 1 to 15 ASCII letters");
        assert!(message.starts_with(&expected), "{message}");
    }
    let message = Lang::new(&"长".repeat(500)).unwrap_err().to_string();
    assert!(message.starts_with(&format!("`{}`", "长".repeat(40))), "{message}");
}

proptest! {
    #[test]
    fn every_tag_that_parses_parses_back(text in "[a-zA-Z0-9_-]{0,17}|\\PC{0,6}") {
        if let Ok(lang) = Lang::new(&text) {
            prop_assert_eq!(lang.as_str().len(), text.len());
            prop_assert_eq!(Lang::new(lang.as_str()), Ok(lang));
            prop_assert!(lang.as_str().starts_with(lang.primary()));
            prop_assert!(!lang.primary().contains(['-', '_']));
        } else {
            let fits = (1..=15).contains(&text.len());
            let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
            prop_assert!(!fits || !plain || text.starts_with(['-', '_']));
        }
    }
}
