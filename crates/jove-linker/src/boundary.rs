//! Where a name may begin and end inside running text.

use unicode_normalization::char::is_combining_mark;
use unicode_script::{Script, UnicodeScript};

use crate::lexicon::KOREAN_PARTICLES;

/// How the characters of a script stand together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Joining {
    /// Letters and digits of scripts with spaces: a name never begins or ends between two of them.
    Spaced,
    /// Katakana with its length and voicing marks: foreign words, one run each.
    Katakana,
    /// Hangul: a name begins at a word's start, but a particle may follow it.
    Hangul,
    /// Han, Hiragana, Thai and the like: no spaces, so characters alone show no word boundary.
    Free,
    /// White space, punctuation, symbols.
    Apart,
}

/// Whether `text[start..end]`, which is not empty, may be a name.
pub(crate) fn stands_alone(text: &str, start: usize, end: usize) -> bool {
    begins_alone(text, start) && ends_alone(text, end)
}

/// Whether a name may begin at `start`.
pub(crate) fn begins_alone(text: &str, start: usize) -> bool {
    let (Some(before), Some(first)) = (text[..start].chars().next_back(), text[start..].chars().next()) else {
        return true;
    };
    !glued(before, first)
        && {
            let (left, right) = (joining(before), joining(first));
            left == Joining::Apart || left == Joining::Free || left != right
        }
        && !leads(before)
}

/// Whether a name may end at `end`.
pub(crate) fn ends_alone(text: &str, end: usize) -> bool {
    let (Some(last), Some(after)) = (text[..end].chars().next_back(), text[end..].chars().next()) else {
        return true;
    };
    if glued(last, after) || leads(last) {
        return false;
    }
    match (joining(last), joining(after)) {
        (Joining::Hangul, Joining::Hangul) => particle_follows(&text[end..]),
        (left, right) => left == Joining::Apart || left == Joining::Free || left != right,
    }
}

/// Whether a character belongs to the one before it: a combining mark, a joiner, a variation selector, a skin tone, a
/// halfwidth voicing mark, or a vowel that Thai and Lao write after or above its consonant.
fn glued(before: char, c: char) -> bool {
    if (c.is_ascii() || is_han(c)) && before != '\u{200d}' {
        return false;
    }
    before == '\u{200d}'
        || is_combining_mark(c)
        || matches!(c, 'ﾞ' | 'ﾟ')
        || matches!(c, '\u{200d}' | '\u{fe00}'..='\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}' | '\u{e0020}'..='\u{e007f}')
        || matches!(c, '\u{e30}'..='\u{e3a}' | '\u{e45}'..='\u{e4e}' | '\u{eb0}'..='\u{ebc}' | '\u{ec8}'..='\u{ecd}')
}

/// Vowels that Thai and Lao write before the consonant they follow in speech.
fn leads(c: char) -> bool {
    matches!(c, '\u{e40}'..='\u{e44}' | '\u{ec0}'..='\u{ec4}')
}

/// Whether a character is common Han; faster than a script lookup.
pub(crate) fn is_han(c: char) -> bool {
    ('\u{4e00}'..='\u{9fff}').contains(&c)
}

/// Whether a word goes on from one character to the next, in a script with spaces.
pub(crate) fn is_spaced(c: char) -> bool {
    joining(c) == Joining::Spaced || is_combining_mark(c)
}

fn joining(c: char) -> Joining {
    if c.is_ascii() {
        return if c.is_ascii_alphanumeric() { Joining::Spaced } else { Joining::Apart };
    }
    if is_han(c) {
        return Joining::Free;
    }
    if matches!(c, '，' | '。' | '、' | '：' | '；' | '！' | '？' | '（' | '）' | '《' | '》' | '“' | '”')
    {
        return Joining::Apart;
    }
    if matches!(c, 'ー' | 'ｰ' | 'ﾞ' | 'ﾟ' | '\u{3099}' | '\u{309a}') {
        return Joining::Katakana;
    }
    if !c.is_alphanumeric() && !is_combining_mark(c) {
        return Joining::Apart;
    }
    match c.script() {
        Script::Han
        | Script::Hiragana
        | Script::Bopomofo
        | Script::Yi
        | Script::Thai
        | Script::Lao
        | Script::Khmer
        | Script::Myanmar => Joining::Free,
        Script::Katakana => Joining::Katakana,
        Script::Hangul => Joining::Hangul,
        _ => Joining::Spaced,
    }
}

/// Whether a character is of a script written without spaces between words.
pub(crate) fn is_free_script(c: char) -> bool {
    matches!(joining(c), Joining::Free | Joining::Katakana | Joining::Hangul)
}

fn particle_follows(rest: &str) -> bool {
    KOREAN_PARTICLES.split_whitespace().filter_map(|particle| rest.strip_prefix(particle)).any(|after| {
        let next = after.chars().next();
        next.is_none_or(|c| joining(c) != Joining::Hangul)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `text` marks the name by brackets.
    fn check(text: &str, expected: bool) {
        let start = text.find('[').unwrap();
        let end = text.find(']').unwrap() - 1;
        let plain = text.replace(['[', ']'], "");
        assert_eq!(stands_alone(&plain, start, end), expected, "{text}");
    }

    #[test]
    fn names_stand_alone() {
        for text in [
            "[中]",
            "x [cat] y",
            "用[Rust]写",
            "在[北京]大学",
            "[서울]은 크다",
            "[서울]에서",
            "[서울]입니다.",
            "[서울]에서의 ",
            "(א[ב]".replace('א', "").as_str(),
            "[アメリカ]の",
            "[C++]!",
            "3 [kg]",
            "[😀]😀",
            "[ไทย]แลนด์",
            "[ক]",
            "a-[b]-c",
        ] {
            check(text, true);
        }
    }

    #[test]
    fn parts_of_words_do_not() {
        for text in [
            "con[cat]",
            "[cat]s",
            "[서울]사람",
            "옛[서울]",
            "[アメリカ]ン",
            "[e]\u{301}",
            "[👩]\u{200d}🔬",
            "👩\u{200d}[🔬]",
            "[👍]🏽",
            "19[98]",
            "H2[O]",
            "เ[ก]",
            "[ก]า",
            "א[ב]",
            "[क]ि",
            "[привет]ы",
        ] {
            check(text, false);
        }
    }
}
