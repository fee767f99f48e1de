//! Hashed n-grams of characters.

use std::collections::BTreeSet;

use jove_core::ByteSpan;

use crate::example::Example;

/// The longest n-gram of a text, in characters.
const NGRAM_MAX: usize = 3;

/// A feature: the FNV-1a hash of a mark, which says where it was found, and its characters.
fn hash(mark: u8, characters: &[char]) -> u64 {
    let bytes = characters.iter().flat_map(|&character| u32::from(character).to_le_bytes());
    [mark]
        .into_iter()
        .chain(bytes)
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

fn ngrams(mark: u8, text: &str) -> BTreeSet<u64> {
    let characters: Vec<char> = text.chars().flat_map(char::to_lowercase).collect();
    let windows = |length: usize| characters.windows(length).map(move |ngram| hash(mark, ngram)).collect::<Vec<_>>();
    (1..=NGRAM_MAX).flat_map(windows).collect()
}

/// The n-grams of an example's text; of two texts those of either, those that both have, and those that one alone has.
pub(crate) fn of_example(example: &Example) -> Vec<u64> {
    let Some(second) = &example.second else { return ngrams(b'1', &example.first).into_iter().collect() };
    let (one, other) = (ngrams(b'=', &example.first), ngrams(b'=', second));
    let marked = |mark: u64, ngrams: BTreeSet<u64>| ngrams.into_iter().map(move |ngram| ngram.rotate_left(17) ^ mark);
    let apart: BTreeSet<u64> = one.symmetric_difference(&other).copied().collect();
    let both: BTreeSet<u64> = one.intersection(&other).copied().collect();
    // How alike two texts are is told by the share of their n-grams, in tenths.
    let share = 10 * both.len() / (both.len() + apart.len()).max(1);
    let share = hash(b'%', &[char::from(b'0' + share as u8)]);
    [share]
        .into_iter()
        .chain(marked(1, one))
        .chain(marked(2, other))
        .chain(marked(3, both))
        .chain(marked(4, apart))
        .collect()
}

/// Each character of a text with the bytes that it covers and its features: the characters around it, alone and in pairs.
pub(crate) fn of_characters(text: &str) -> Vec<(ByteSpan, Vec<u64>)> {
    let characters: Vec<char> = text.chars().collect();
    let around = |at: usize, offset: isize| {
        at.checked_add_signed(offset).and_then(|at| characters.get(at)).copied().unwrap_or('\u{0}')
    };
    let of = |(at, (start, character)): (usize, (usize, char))| {
        let single = (0..5u8).map(|place| hash(place, &[around(at, isize::from(place) - 2)]));
        let pair = |place: isize| [around(at, place), around(at, place + 1)];
        let pairs = (0..4u8).map(|place| hash(20 + place, &pair(isize::from(place) - 2)));
        let triple = [hash(30, &[around(at, -1), around(at, 0), around(at, 1)])];
        let span = ByteSpan::new(start as u32, (start + character.len_utf8()) as u32);
        (span, single.chain(pairs).chain(triple).collect())
    };
    text.char_indices().enumerate().map(of).collect()
}
