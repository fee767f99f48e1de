//! Signs and letters that are written in several ways and mean the same.

use unicode_normalization::char::decompose_canonical;

/// Whether a sign is invisible and changes neither word nor shape: a soft hyphen, a zero-width space or non-joiner, a mark of
/// direction, a byte order mark. The zero-width joiner is none of them: it makes one emoji of several.
pub(crate) fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}' | '\u{200c}' | '\u{200e}' | '\u{200f}' | '\u{feff}' | '\u{61c}' | '\u{34f}')
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{2069}')
}

/// Hyphens, the Hebrew maqaf, and dashes that stand for them.
pub(crate) fn is_hyphen(c: char) -> bool {
    matches!(c, '-' | '\u{2010}'..='\u{2013}' | '\u{2212}' | '\u{5be}' | '\u{fe63}' | '\u{ff0d}')
}

/// White space, or a hyphen.
pub(crate) fn is_blank(c: char) -> bool {
    c.is_whitespace() || is_hyphen(c)
}

/// The usual form of an apostrophe or a middle dot; other characters stay.
pub(crate) fn punctuation(c: char) -> char {
    match c {
        '\u{2018}' | '\u{2019}' | '\u{201b}' | '\u{2bb}' | '\u{2bc}' | '\u{2bd}' | '\u{2032}' | '\u{60}' | '\u{b4}'
        | '\u{55a}' | '\u{5f3}' | '\u{ff07}' => '\'',
        '\u{2022}' | '\u{2027}' | '\u{2219}' | '\u{22c5}' | '\u{30fb}' | '\u{ff65}' | '\u{387}' => '·',
        other => other,
    }
}

/// Whether a sign is a vowel point or another optional mark of Arabic or Hebrew, or the Arabic tatweel.
pub(crate) fn is_point(c: char) -> bool {
    matches!(c, '\u{64b}'..='\u{65f}' | '\u{670}' | '\u{6d6}'..='\u{6ed}' | '\u{640}')
        || matches!(c, '\u{591}'..='\u{5bd}' | '\u{5bf}' | '\u{5c1}' | '\u{5c2}' | '\u{5c4}' | '\u{5c5}' | '\u{5c7}')
}

/// A Greek letter without its accents; other characters stay.
pub(crate) fn without_accent(c: char) -> char {
    if !matches!(c, '\u{370}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}') {
        return c;
    }
    let mut base = None;
    decompose_canonical(c, |part| base = base.or(Some(part)));
    base.unwrap_or(c)
}

/// The usual form of a letter that a language writes in several ways: Arabic alef with hamza or madda, Persian and Urdu yeh,
/// kaf and heh, Russian ё, Romanian letters with a cedilla.
pub(crate) fn letter(c: char) -> char {
    match c {
        'أ' | 'إ' | 'آ' | 'ٱ' => 'ا',
        'ى' | 'ی' => 'ي',
        'ک' => 'ك',
        'ہ' | 'ە' => 'ه',
        'ё' => 'е',
        'Ё' => 'Е',
        'ş' => 'ș',
        'Ş' => 'Ș',
        'ţ' => 'ț',
        'Ţ' => 'Ț',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_signs_stay() {
        for c in ['a', ' ', '中', '😀', '\u{200d}', '\u{301}', 'ש', 'é', 'я', 'ー'] {
            assert_eq!((punctuation(c), without_accent(c), letter(c)), (c, c, c));
            assert!(!is_invisible(c) && !is_point(c) && !is_hyphen(c), "{c:?}");
        }
    }

    #[test]
    fn variants_have_one_form() {
        assert_eq!((punctuation('’'), punctuation('・'), without_accent('ή'), letter('ё')), ('\'', '·', 'η', 'е'));
        assert!(is_invisible('\u{200e}') && is_point('\u{5b8}') && is_hyphen('\u{2011}') && is_blank('\u{a0}'));
    }
}
