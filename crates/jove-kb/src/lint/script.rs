//! Scripts, Chinese forms and damage.

use jove_core::Lang;

/// Characters that only simplified text has, and their traditional forms at the same places.
const SIMPLIFIED: &str = "国学东车马门语说时会对发经电长书见问开关无业这边过还进达运远选连区医团图难双观欢权节艺药术归当录单严丽乐习乡买卖争产亲亿仅从仓优伟传伤伦";
const TRADITIONAL: &str = "國學東車馬門語說時會對發經電長書見問開關無業這邊過還進達運遠選連區醫團圖難雙觀歡權節藝藥術歸當錄單嚴麗樂習鄉買賣爭產親億僅從倉優偉傳傷倫";

/// Whether a Chinese text holds characters that only simplified text has, and ones that only traditional text has.
pub(super) fn forms(text: &str) -> (bool, bool) {
    (text.chars().any(|c| SIMPLIFIED.contains(c)), text.chars().any(|c| TRADITIONAL.contains(c)))
}

/// Whether a text shows that it was decoded wrongly: replacement characters, control characters, or UTF-8 that was
/// taken for Latin-1.
pub(super) fn damaged(text: &str) -> bool {
    let odd = |c: char| c == '\u{fffd}' || (c.is_control() && !matches!(c, '\t' | '\n' | '\r'));
    text.chars().any(odd) || taken_for_latin1(text)
}

/// Whether the characters, taken as bytes, are UTF-8 of something beyond ASCII.
fn taken_for_latin1(text: &str) -> bool {
    let bytes: Option<Vec<u8>> = text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect();
    let Some(bytes) = bytes else { return false };
    !bytes.is_ascii() && std::str::from_utf8(&bytes).is_ok()
}

/// Whether a text is written in another script than its language: it has letters, and none of the language's.
pub(super) fn disagrees(lang: Lang, text: &str) -> bool {
    let is_letter: fn(char) -> bool = match lang.primary() {
        "zh" | "yue" => is_han,
        "ja" => |c| is_han(c) || matches!(c, '\u{3040}'..='\u{30ff}'),
        "ko" => |c| is_han(c) || matches!(c, '\u{ac00}'..='\u{d7af}'),
        "en" | "fr" | "de" | "es" | "it" | "pt" | "nl" | "sv" | "pl" | "vi" | "tr" | "id" => is_latin,
        "ru" | "uk" | "bg" => |c| matches!(c, '\u{400}'..='\u{52f}'),
        "ar" | "fa" | "ur" => |c| matches!(c, '\u{600}'..='\u{77f}' | '\u{fb50}'..='\u{feff}'),
        "he" => |c| matches!(c, '\u{590}'..='\u{5ff}'),
        "el" => |c| matches!(c, '\u{370}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}'),
        "th" => |c| matches!(c, '\u{e00}'..='\u{e7f}'),
        "hi" | "mr" | "ne" => |c| matches!(c, '\u{900}'..='\u{97f}'),
        _ => return false,
    };
    // Abbreviations such as `NATO` are at home in every language.
    let abbreviation = text.len() <= 6 && text.chars().all(|c| c.is_ascii_uppercase() || !c.is_alphabetic());
    !abbreviation && text.chars().any(char::is_alphabetic) && !text.chars().any(is_letter)
}

fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}' | '〇' | '々')
}

fn is_latin(c: char) -> bool {
    c.is_ascii_alphabetic() || matches!(c, '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_stand_in_pairs() {
        assert_eq!(SIMPLIFIED.chars().count(), TRADITIONAL.chars().count());
        assert!(SIMPLIFIED.chars().zip(TRADITIONAL.chars()).all(|(a, b)| a != b));
        for (text, expected) in [
            ("中国學生", (true, true)),
            ("中國學生", (false, true)),
            ("中国学生", (true, false)),
            ("人", (false, false)),
            ("", (false, false)),
            ("🙂 שלום e\u{301}", (false, false)),
        ] {
            assert_eq!(forms(text), expected, "{text}");
        }
    }

    #[test]
    fn damage_is_seen() {
        for (text, expected) in [
            ("", false),
            ("é", false),
            ("Ã©", true),
            ("ä¸\u{ad}å\u{9b}½", true),
            ("a\u{fffd}", true),
            ("a\u{7}", true),
            ("中国", false),
            ("e\u{301}🙂", false),
            ("שלום", false),
        ] {
            assert_eq!(damaged(text), expected, "{text}");
        }
    }

    #[test]
    fn languages_know_their_scripts() {
        let disagrees = |tag, text| disagrees(Lang::new(tag).unwrap(), text);
        assert!(disagrees("zh", "Beijing") && disagrees("en", "北京") && disagrees("he", "shalom"));
        for (tag, text) in [("zh", "T恤"), ("zh", "NATO"), ("en", "123"), ("en", "🙂"), ("ja", "東京"), ("xx", "北京")]
        {
            assert!(!disagrees(tag, text), "{tag} {text}");
        }
    }
}
