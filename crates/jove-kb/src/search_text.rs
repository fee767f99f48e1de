//! Text as the full-text index sees it.

/// Parts the names of one entity in the index, so that no phrase spans two of them.
pub(crate) const BREAK: &str = " \u{e000} ";

/// Whether a character is a word by itself: Han, kana, Hangul, Thai, Lao, Khmer and Burmese, which are written
/// without spaces.
fn stands_alone(c: char) -> bool {
    matches!(u32::from(c),
        0x0e00..=0x0eff | 0x1000..=0x109f | 0x1780..=0x17ff | 0x3040..=0x30ff | 0x3400..=0x4dbf | 0x4e00..=0x9fff
        | 0xac00..=0xd7af | 0xf900..=0xfaff | 0x20000..=0x3ffff)
}

/// Appends `text` with spaces around each character of a script without spaces, so that the index can find any part
/// of it as a phrase.
pub(crate) fn push_spaced(out: &mut String, text: &str) {
    for c in text.chars() {
        if stands_alone(c) {
            out.push(' ');
            out.push(c);
            out.push(' ');
        } else {
            out.push(c);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_scripts_without_spaces_are_parted() {
        let spaced = |text| {
            let mut out = String::new();
            push_spaced(&mut out, text);
            out
        };
        for (text, expected) in
            [("", ""), ("a", "a"), ("中国", " 中  国 "), ("é🙂", "é🙂"), ("שלום x", "שלום x"), ("T恤", "T 恤 ")]
        {
            assert_eq!(spaced(text), expected);
        }
    }
}
