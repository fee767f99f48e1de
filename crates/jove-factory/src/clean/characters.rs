//! What a character is, looked up in a table.

use std::sync::LazyLock;

use jove_core::script;
use unicode_normalization::char::is_combining_mark;

/// A letter, or a mark on one.
pub(crate) const LETTER: u8 = 1;
/// A decimal digit.
pub(crate) const DIGIT: u8 = 2;
/// White space.
pub(crate) const SPACE: u8 = 4;
/// A letter of a script without spaces between words, Hangul excepted.
pub(crate) const UNSPACED: u8 = 8;
/// What is removed: controls and characters without width that no script needs.
pub(crate) const REMOVED: u8 = 16;
/// A replacement character, a private one, or none at all.
pub(crate) const BROKEN: u8 = 32;
/// The end of a sentence.
pub(crate) const SENTENCE_END: u8 = 64;
/// A letter that has another case, or a character that canonical composition may change: what fast paths leave out.
pub(crate) const CHANGING: u8 = 128;

static TABLE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let class = |code: u32| char::from_u32(code).map_or(BROKEN, classify);
    (0..0x1_0000).map(class).collect()
});

/// The classes of a character.
#[inline]
pub(crate) fn class(character: char) -> u8 {
    TABLE.get(character as usize).copied().unwrap_or_else(|| classify(character))
}

/// The table itself, for loops.
pub(crate) fn table() -> &'static [u8] {
    &TABLE
}

/// The classes of a character, by the table where it is in it.
#[inline]
pub(crate) fn class_in(table: &[u8], character: char) -> u8 {
    table.get(character as usize).copied().unwrap_or_else(|| classify(character))
}

fn classify(character: char) -> u8 {
    let is_mark = is_combining_mark(character);
    let is_letter = character.is_alphabetic() || is_mark;
    let spaced = script::is_spaced(character) || matches!(character, '가'..='힣' | 'ᄀ'..='ᇿ' | '\u{3130}'..='\u{318f}');
    let is_removed = (character.is_control() && !character.is_whitespace())
        || matches!(character, '\u{feff}' | '\u{200b}' | '\u{2060}' | '\u{ad}' | '\u{200e}' | '\u{200f}');
    let is_broken =
        matches!(character, '\u{fffd}' | '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..) || is_noncharacter(character);
    let ends = matches!(character, '.' | '!' | '?') || script::ends_sentence(character);
    let is_changing = is_mark || character.to_lowercase().ne(std::iter::once(character)) || may_compose(character);
    [
        (is_letter, LETTER),
        (character.is_numeric() && !is_letter, DIGIT),
        (character.is_whitespace(), SPACE),
        (is_letter && !is_mark && !spaced, UNSPACED),
        (is_removed, REMOVED),
        (is_broken, BROKEN),
        (ends, SENTENCE_END),
        (is_changing, CHANGING),
    ]
    .iter()
    .filter(|(is, _)| *is)
    .fold(0, |all, (_, bit)| all | bit)
}

fn is_noncharacter(character: char) -> bool {
    let code = character as u32;
    code & 0xfffe == 0xfffe || (0xfdd0..=0xfdef).contains(&code)
}

fn may_compose(character: char) -> bool {
    use unicode_normalization::{IsNormalized, UnicodeNormalization as _, is_nfc_quick};
    is_nfc_quick(std::iter::once(character)) != IsNormalized::Yes
        || std::iter::once(character).nfc().ne(std::iter::once(character))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_of_all_scripts_have_their_classes() {
        for (character, has, hasnt) in [
            ('a', LETTER, UNSPACED | CHANGING | DIGIT),
            ('A', LETTER | CHANGING, UNSPACED),
            ('7', DIGIT, LETTER),
            ('中', LETTER | UNSPACED, CHANGING | SPACE),
            ('の', LETTER | UNSPACED, SPACE),
            ('한', LETTER, UNSPACED),
            ('ไ', LETTER | UNSPACED, SPACE),
            ('ש', LETTER, UNSPACED),
            ('\u{301}', LETTER | CHANGING, UNSPACED),
            ('\u{3000}', SPACE, LETTER),
            ('\n', SPACE, REMOVED),
            ('\u{7}', REMOVED, SPACE),
            ('\u{200d}', 0, REMOVED),
            ('\u{fffd}', BROKEN, LETTER),
            ('\u{fdd0}', BROKEN, LETTER),
            ('。', SENTENCE_END, LETTER),
            ('?', SENTENCE_END, LETTER),
            ('🦀', 0, LETTER | BROKEN),
            ('𠀀', LETTER | UNSPACED, BROKEN),
            ('\u{212b}', CHANGING, 0),
        ] {
            let found = class(character);
            assert_eq!((found & has, found & hasnt), (has, 0), "{character:?} {found:08b}");
            assert_eq!(class_in(table(), character), found);
        }
    }
}
