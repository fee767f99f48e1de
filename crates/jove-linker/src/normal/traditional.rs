//! Traditional Chinese characters and their simplified forms.

use std::sync::LazyLock;

/// Pairs of a traditional character and its simplified form, with a note on where they come from.
const PAIRS: &str = include_str!("traditional.txt");

/// The first and last character in the table.
const FIRST: u32 = 0x3400;
const LAST: u32 = 0x9fff;

static TABLE: LazyLock<Vec<char>> = LazyLock::new(|| {
    let mut table: Vec<char> = (FIRST..=LAST).filter_map(char::from_u32).collect();
    for pair in PAIRS.lines().filter(|line| !line.starts_with('#')).flat_map(str::split_whitespace) {
        let mut chars = pair.chars();
        if let (Some(traditional), Some(simplified)) = (chars.next(), chars.next()) {
            table[(traditional as u32 - FIRST) as usize] = simplified;
        }
    }
    table
});

/// The simplified form of a traditional character, else the character itself. One character becomes one of the same
/// length in UTF-8; where a traditional one has several forms, the most frequent is taken for all.
pub(crate) fn simplified(c: char) -> char {
    match (c as u32).checked_sub(FIRST) {
        Some(index) if index <= LAST - FIRST => TABLE[index as usize],
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pair_keeps_its_length_and_is_final() {
        let pairs = || PAIRS.lines().filter(|line| !line.starts_with('#')).flat_map(str::split_whitespace);
        assert!(pairs().count() > 2900);
        for pair in pairs() {
            assert_eq!((pair.chars().count(), pair.len()), (2, 6), "{pair}");
            let simple = pair.chars().nth(1).unwrap();
            assert_eq!(simplified(simple), simple, "{pair}");
            assert_eq!(simplified(pair.chars().next().unwrap()), simple, "{pair}");
        }
        for same in ['a', '中', '\u{0}', '😀', '\u{33ff}', '\u{a000}'] {
            assert_eq!(simplified(same), same);
        }
    }
}
