//! From the tags of the Peking University set to universal ones.

use jove_core::Pos;

use super::english;

/// The universal tag of a tag in the Peking University set (with the extensions of ICTCLAS and jieba) or in the universal
/// set itself; `None` for a tag of neither.
pub fn universal_pos(tag: &str) -> Option<Pos> {
    if let Ok(pos) = tag.parse() {
        return Some(pos);
    }
    Some(match tag {
        "a" | "ag" | "an" | "al" | "z" | "zg" | "b" | "bl" => Pos::Adj,
        "ad" | "d" | "dg" | "df" | "dl" => Pos::Adv,
        "c" | "cc" => Pos::Cconj,
        "e" | "o" => Pos::Intj,
        "y" | "yg" | "u" | "ud" | "ug" | "uj" | "ul" | "uv" | "uz" | "ude" | "uzhe" | "h" | "k" => Pos::Part,
        "f" | "p" | "pba" | "pbei" => Pos::Adp,
        "m" | "mg" | "mq" => Pos::Num,
        "n" | "ng" | "nl" | "g" | "i" | "j" | "l" | "s" | "t" | "tg" | "q" | "qt" | "qv" | "vn" | "nw" => Pos::Noun,
        "nr" | "nrf" | "nrfg" | "nrt" | "nrj" | "ns" | "nsf" | "nt" | "nx" | "nz" => Pos::Propn,
        "r" | "rg" | "rr" | "rz" | "ry" => Pos::Pron,
        "v" | "vd" | "vg" | "vi" | "vl" | "vq" | "vf" | "vx" | "vshi" | "vyou" => Pos::Verb,
        "w" => Pos::Punct,
        "eng" | "x" | "un" | "xx" => Pos::X,
        _ => return None,
    })
}

/// Words that the universal tags call auxiliaries in Chinese: copulas, modals, marks of aspect and the passive.
const AUXILIARIES: [&str; 24] = [
    "是", "为", "会", "能", "能够", "可", "可以", "可能", "要", "应", "应该", "应当", "该", "须", "必须", "需", "肯",
    "敢", "愿", "愿意", "了", "着", "过", "被",
];

/// The universal tag of a Chinese word as jieba tagged it.
pub(crate) fn of_chinese(word: &str, tag: &str) -> Pos {
    match tag {
        "v" | "vshi" | "p" | "ul" | "uz" | "ug" | "d" | "c" if AUXILIARIES.contains(&word) => Pos::Aux,
        // Units of time, such as the year in a date, are tagged as numbers.
        "m" if word.chars().all(|c| "年月日时分秒号".contains(c)) => Pos::Noun,
        "x" => of_symbol(word),
        "eng" if english::is_closed_class(word) => english::part_of_speech(word, false),
        _ => universal_pos(tag).unwrap_or(Pos::X),
    }
}

/// The tag of what no dictionary knows: punctuation, symbols, numbers, else `X`.
pub(crate) fn of_symbol(word: &str) -> Pos {
    let Some(first) = word.chars().next() else { return Pos::X };
    if word.chars().any(char::is_alphabetic) {
        Pos::X
    } else if word.chars().any(char::is_numeric) {
        Pos::Num
    } else if is_symbol(first) {
        Pos::Sym
    } else if first.is_ascii_punctuation() || is_punctuation(first) {
        Pos::Punct
    } else {
        Pos::Sym
    }
}

/// Punctuation beyond ASCII, Chinese and Japanese above all.
fn is_punctuation(c: char) -> bool {
    matches!(c, '\u{a1}'..='\u{bf}' | '\u{2010}'..='\u{205e}' | '\u{3001}'..='\u{303f}' | '・')
        || matches!(c, '\u{fe10}'..='\u{fe6b}' | '\u{ff01}'..='\u{ff65}')
}

fn is_symbol(c: char) -> bool {
    matches!(
        c,
        '$' | '+' | '<' | '=' | '>' | '^' | '`' | '|' | '~' | '%' | '£' | '¥' | '€' | '°' | '±' | '×' | '÷' | '％'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_of_both_sets_are_known() {
        for (tag, pos) in
            [("nr", Pos::Propn), ("v", Pos::Verb), ("PROPN", Pos::Propn), ("uj", Pos::Part), ("e", Pos::Intj)]
        {
            assert_eq!(universal_pos(tag), Some(pos), "{tag}");
        }
        for tag in ["", "zzz", "名词", "Noun"] {
            assert_eq!(universal_pos(tag), None, "{tag}");
        }
    }

    #[test]
    fn words_may_say_more_than_their_tags() {
        for (word, tag, pos) in [
            ("是", "v", Pos::Aux),
            ("了", "ul", Pos::Aux),
            ("被", "p", Pos::Aux),
            ("为", "n", Pos::Noun),
            ("年", "m", Pos::Noun),
            ("三年", "m", Pos::Num),
            ("走", "v", Pos::Verb),
            ("of", "eng", Pos::Adp),
            ("e\u{301}", "eng", Pos::X),
            ("😀", "x", Pos::Sym),
        ] {
            assert_eq!(of_chinese(word, tag), pos, "{word}/{tag}");
        }
    }

    #[test]
    fn symbols_punctuation_and_numbers_differ() {
        for (word, pos) in [
            ("，", Pos::Punct),
            ("。", Pos::Punct),
            ("%", Pos::Sym),
            ("3.5", Pos::Num),
            ("😀", Pos::Sym),
            ("ü", Pos::X),
            ("", Pos::X),
            ("“", Pos::Punct),
        ] {
            assert_eq!(of_symbol(word), pos, "{word}");
        }
    }
}
