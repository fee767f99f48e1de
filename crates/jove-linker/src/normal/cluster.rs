//! The smallest pieces of text that NFKC rewrites on their own.

use std::iter::once;

use unicode_normalization::char::canonical_combining_class;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfkc_quick};

use super::variants;

/// How many bytes from the start are characters that NFKC leaves alone, whatever follows: ASCII, and Han from U+4000 to
/// U+9FFF. Several blanks in a row are left out where `spaces` makes one of them.
pub(crate) fn plain_run(text: &str, spaces: bool) -> usize {
    let bytes = text.as_bytes();
    let (mut end, mut last) = (0, 0);
    let mut blank = false;
    while let Some(byte) = bytes.get(end) {
        let length = match byte {
            0..0x80 => 1,
            0xe4..=0xe9 => 3,
            _ => break,
        };
        let is_blank = spaces && matches!(byte, b' ' | b'-' | b'\t'..=b'\r');
        if blank && is_blank {
            return end - last;
        }
        (blank, last) = (is_blank, length);
        end += length;
    }
    match text[end..].chars().next() {
        // The next character may combine with the last one, which then is no longer alone.
        Some(next) if end > 0 && (!begins_cluster(next) || (blank && variants::is_blank(next))) => end - last,
        _ => end,
    }
}

/// Bytes of the blanks that the text begins with.
pub(crate) fn blank_run(text: &str) -> usize {
    text.find(|c| !variants::is_blank(c)).unwrap_or(text.len())
}

/// Bytes of the first cluster: a character and all that may combine with it.
pub(crate) fn length(text: &str) -> usize {
    let later = text.char_indices().skip(1).find(|(_, c)| begins_cluster(*c));
    later.map_or(text.len(), |(start, _)| start)
}

/// Bytes of the first character; 0 for an empty text.
pub(crate) fn char_length(text: &str) -> usize {
    text.chars().next().map_or(0, char::len_utf8)
}

/// Whether nothing before `c` can combine with it (UAX #15, section 9.1: a stable code point's boundary).
fn begins_cluster(c: char) -> bool {
    if c < '\u{300}' || matches!(c, '\u{3001}'..='\u{3029}' | '\u{4e00}'..='\u{9fff}' | '\u{ff01}'..='\u{ff5e}') {
        return true;
    }
    let first = once(c).nfkd().next().unwrap_or(c);
    canonical_combining_class(first) == 0 && is_nfkc_quick(once(first)) == IsNormalized::Yes
}

/// The cluster in NFKC, or as it is.
pub(crate) fn compose(cluster: &str, compatible: bool) -> impl Iterator<Item = char> {
    let known = if compatible { known_form(cluster) } else { None };
    let (changed, same) = match (known, compatible) {
        (Some(_), _) => ("", ""),
        (None, true) => (cluster, ""),
        (None, false) => ("", cluster),
    };
    known.into_iter().chain(changed.nfkc()).chain(same.chars())
}

/// NFKC of one CJK mark or fullwidth ASCII character alone, without the tables: there is one in every few words of Chinese.
fn known_form(cluster: &str) -> Option<char> {
    let mut chars = cluster.chars();
    let (Some(c), None) = (chars.next(), chars.next()) else { return None };
    match c {
        '\u{3001}'..='\u{3029}' => Some(c),
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0),
        _ => None,
    }
}

/// Lower case; `ß` becomes `ss` and a final sigma an ordinary one, as in full case folding. Turkish dotted and dotless i
/// become one letter, since a capital I may be either.
pub(crate) fn fold_case(c: char, fold: bool) -> impl Iterator<Item = char> {
    let c = match c {
        'ς' if fold => 'σ',
        'İ' | 'ı' if fold => 'i',
        _ => c,
    };
    let sharp = fold && matches!(c, 'ß' | 'ẞ');
    let lower = (fold && !sharp).then(|| c.to_lowercase());
    let kept = (!fold).then_some(c);
    let doubled = if sharp { "ss" } else { "" };
    lower.into_iter().flatten().chain(kept).chain(doubled.chars())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_forms_are_those_of_the_tables() {
        let all = ('\u{2000}'..='\u{ffff}').filter_map(|c| known_form(&c.to_string()).map(|form| (c, form)));
        let all: Vec<(char, char)> = all.collect();
        assert!(all.len() > 130);
        for (c, form) in all {
            assert_eq!(once(c).nfkc().collect::<String>(), form.to_string(), "{c}");
        }
        assert_eq!([known_form(""), known_form("，\u{301}"), known_form("中")], [None; 3]);
    }
}
