//! Small sets of characters, looked up in one step.

use std::sync::LazyLock;

use crate::lexicon::{BREAKS, ENDINGS, MEASURES, NUMERALS, SUFFIXES};

/// A set of characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// A digit or a Chinese numeral.
    Numeral = 1,
    /// What may follow a number.
    Measure = 2,
    /// A word that ends a noun phrase.
    Break = 4,
    /// The first character of an ending of organisations' names.
    EndingStart = 8,
    /// A suffix that makes another name of the one before it.
    Suffix = 16,
}

static TABLE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut table = vec![0; 1 << 16];
    let endings = ENDINGS.iter().filter_map(|ending| ending.chars().next());
    let sets = [
        (Class::Numeral, NUMERALS.chars().collect::<Vec<char>>()),
        (Class::Measure, MEASURES.chars().collect()),
        (Class::Break, BREAKS.chars().collect()),
        (Class::EndingStart, endings.collect()),
        (Class::Suffix, SUFFIXES.chars().collect()),
    ];
    for (class, chars) in sets {
        for c in chars {
            table[c as usize] |= class as u8;
        }
    }
    table
});

/// Whether a character is in a set; all sets lie in the Basic Multilingual Plane.
pub(crate) fn is_in(c: char, class: Class) -> bool {
    TABLE.get(c as usize).is_some_and(|classes| classes & class as u8 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_in_their_sets() {
        assert!(is_in('三', Class::Numeral) && is_in('日', Class::Measure) && is_in('的', Class::Break));
        assert!(is_in('属', Class::Suffix) && !is_in('属', Class::Break));
        assert!(is_in('大', Class::EndingStart) && is_in('十', Class::Numeral) && is_in('十', Class::Measure));
        for c in ['a', '\u{0}', '😀', 'ש', '\u{301}', '猫'] {
            for class in [Class::Numeral, Class::Measure, Class::Break, Class::EndingStart, Class::Suffix] {
                assert!(!is_in(c, class), "{c} {class:?}");
            }
        }
    }
}
