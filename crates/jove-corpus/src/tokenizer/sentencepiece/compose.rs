//! A SentencePiece character map that equals the normaliser of vocabularies trained here: NFKC with `nmt`'s white-space rules.
//!
//! SentencePiece replaces the longest spelling in its map and knows nothing of Unicode's forms, so each character that changes
//! is listed, and each sequence that is composed or sorted.

use std::collections::{BTreeMap, BTreeSet};

use tokenizers::{NormalizedString, Normalizer as _};
use unicode_normalization::char::{decompose_canonical, is_combining_mark};
use unicode_normalization::{IsNormalized, UnicodeNormalization as _, is_nfkc_quick};

use super::super::parts;
use super::array::double_array;

/// Blocks whose marks are sorted with one another: general, Hebrew, Arabic.
const MARKS: [(char, char); 4] =
    [('\u{300}', '\u{36f}'), ('\u{591}', '\u{5c7}'), ('\u{610}', '\u{65f}'), ('\u{6d6}', '\u{6ed}')];

/// Marks of which a letter often has three: the points of Hebrew, the vowels of Arabic.
const THREE_MARKS: [&str; 2] = [
    "\u{5b0}\u{5b1}\u{5b2}\u{5b3}\u{5b4}\u{5b5}\u{5b6}\u{5b7}\u{5b8}\u{5b9}\u{5bb}\u{5bc}\u{5c1}\u{5c2}\u{5c7}",
    "\u{64b}\u{64c}\u{64d}\u{64e}\u{64f}\u{650}\u{651}\u{652}\u{670}",
];

/// The voiced and semi-voiced marks of kana, combining and half as wide.
const VOICED: [char; 4] = ['\u{3099}', '\u{309a}', 'ﾞ', 'ﾟ'];

/// The map in SentencePiece's form; `None` where no array could be built of it.
pub(super) fn character_map() -> Option<Vec<u8>> {
    let mut strings = Vec::new();
    let mut places: BTreeMap<String, u32> = BTreeMap::new();
    let mut keys: Vec<(String, u32)> = Vec::new();
    for (spelling, replacement) in entries() {
        let place = *places.entry(replacement).or_insert_with_key(|replacement| {
            let place = strings.len() as u32;
            strings.extend_from_slice(replacement.as_bytes());
            strings.push(0);
            place
        });
        keys.push((spelling, place));
    }
    let trie = double_array(&keys)?;
    let mut map = u32::try_from(trie.len()).ok()?.to_le_bytes().to_vec();
    map.extend(trie);
    map.extend(strings);
    Some(map)
}

/// Every spelling that changes, with what it becomes.
fn entries() -> BTreeMap<String, String> {
    let spellings = changing_characters().chain(sequences());
    spellings
        .filter_map(|spelling| normal(&spelling).filter(|made| *made != spelling).map(|made| (spelling, made)))
        .collect()
}

/// What the normaliser makes of a spelling. Unlike SentencePiece's maps it leaves U+0085, which then ends a word as a space does.
fn normal(spelling: &str) -> Option<String> {
    if spelling == "\u{85}" {
        return Some(" ".to_owned());
    }
    let mut text = NormalizedString::from(spelling);
    parts::trained_unigram().normalize(&mut text).ok()?;
    Some(text.get().to_owned())
}

fn changing_characters() -> impl Iterator<Item = String> {
    let changes = |character: char| {
        let spaces =
            character.is_control() || character.is_whitespace() || matches!(character, '\u{200b}'..='\u{200f}');
        spaces
            || matches!(character, '▁' | '\u{feff}' | '\u{fffd}')
            || is_nfkc_quick([character].into_iter()) != IsNormalized::Yes
    };
    ('\u{1}'..=char::MAX).filter(move |character| changes(*character)).map(String::from)
}

/// Sequences that are composed, in any order and from any step of composition, and marks that are sorted.
fn sequences() -> impl Iterator<Item = String> {
    let composed = ('\u{c0}'..='\u{2fa1d}').filter(|character| !matches!(*character, '가'..='힣'));
    composed.flat_map(spellings).chain(hangul()).chain(kana()).chain(sorted_marks())
}

/// How a character can be spelled with marks; nothing for one that isn't composed.
fn spellings(character: char) -> BTreeSet<String> {
    let mut parts = Vec::new();
    decompose_canonical(character, |part| parts.push(part));
    let mut found = BTreeSet::new();
    let composes = parts.len() > 1 && parts.iter().copied().nfc().eq([character]);
    if composes && let Some((&first, marks)) = parts.split_first() {
        for marks in orders(marks) {
            for joined in 0..marks.len() {
                let start: String = [first].into_iter().chain(marks[..joined].iter().copied()).nfc().collect();
                found.insert(start.chars().chain(marks[joined..].iter().copied()).collect());
            }
        }
    }
    found
}

/// Every order of at most three marks.
fn orders(marks: &[char]) -> Vec<Vec<char>> {
    match marks {
        [] => vec![Vec::new()],
        [first, rest @ ..] => {
            let insert = |order: Vec<char>| {
                (0..=order.len()).map(move |at| {
                    let mut longer = order.clone();
                    longer.insert(at, *first);
                    longer
                })
            };
            orders(rest).into_iter().flat_map(insert).collect()
        }
    }
}

fn hangul() -> impl Iterator<Item = String> {
    ('가'..='힣').flat_map(|syllable| {
        let jamo: String = [syllable].into_iter().nfd().collect();
        let last = jamo.chars().nth(2);
        let open = |last: char| {
            let start: String = jamo.chars().take(2).nfc().collect();
            format!("{start}{last}")
        };
        last.map(open).into_iter().chain([jamo.clone()]).collect::<Vec<_>>()
    })
}

fn kana() -> impl Iterator<Item = String> {
    let kana = ('\u{3041}'..='\u{30ff}').chain('\u{ff66}'..='\u{ff9d}');
    kana.flat_map(|kana| VOICED.map(|mark| (kana, mark))).map(|(kana, mark)| format!("{kana}{mark}"))
}

/// Pairs and triples of marks; those that are sorted already don't change, and are no entries.
fn sorted_marks() -> impl Iterator<Item = String> {
    let blocks = MARKS.map(|(first, last)| (first..=last).filter(|mark| is_combining_mark(*mark)).collect());
    let pairs = blocks.into_iter().flat_map(|marks: Vec<char>| tuples(&marks, 2));
    let triples = THREE_MARKS.into_iter().flat_map(|marks| tuples(&marks.chars().collect::<Vec<char>>(), 3));
    pairs.chain(triples)
}

/// Every sequence of `length` marks.
fn tuples(marks: &[char], length: usize) -> Vec<String> {
    (0..length).fold(vec![String::new()], |shorter, _| {
        shorter.iter().flat_map(|start| marks.iter().map(move |mark| format!("{start}{mark}"))).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::super::charsmap::CharacterMap;
    use super::*;

    #[test]
    fn every_entry_is_in_the_map_and_nothing_else() {
        let bytes = character_map().unwrap();
        let map = CharacterMap::open(&bytes).unwrap();
        let expected = entries();
        let mut found = map.entries().unwrap();
        found.sort();
        assert!(
            found
                .iter()
                .map(|(from, to)| (from.as_str(), *to))
                .eq(expected.iter().map(|(a, b)| (a.as_str(), b.as_str())))
        );
        // SentencePiece refuses a trie whose root has no offset.
        let root = u32::from_le_bytes([bytes[4], bytes[5], bytes[6], bytes[7]]);
        assert!((1..512).contains(&super::super::array::offset(root)));
    }

    #[test]
    fn spellings_are_composed_and_marks_sorted() {
        let entries = entries();
        for (spelling, composed) in [
            ("か\u{3099}", "が"),
            ("ｶﾞ", "ガ"),
            ("\u{1100}\u{1161}\u{11a8}", "각"),
            ("가\u{11a8}", "각"),
            ("o\u{302}\u{323}", "ộ"),
            ("ô\u{323}", "ộ"),
            ("\u{651}\u{64e}", "\u{64e}\u{651}"),
            ("\u{5bc}\u{5c1}\u{5b4}", "\u{5b4}\u{5bc}\u{5c1}"),
            ("Ａ", "A"),
            ("\u{3000}", " "),
            ("\u{1}", ""),
        ] {
            assert_eq!(entries.get(spelling).map(String::as_str), Some(composed), "{spelling:?}");
        }
        assert!(["a", "中", "\u{301}", "▁a"].iter().all(|plain| !entries.contains_key(*plain)));
    }
}
