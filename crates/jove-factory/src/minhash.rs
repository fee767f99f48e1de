//! The fingerprints by which duplicates are found.
//!
//! MinHash with one permutation ("One Permutation Hashing" (Li, Owen and Zhang, 2012)): each shingle of five characters is hashed once and
//! falls into one of 256 bins, which keep their least value. The share of bins that are equal, among those that either has, estimates
//! the Jaccard index of the shingles without bias; for texts of few shingles almost exactly.

use crate::clean::characters::{CHANGING, DIGIT, LETTER, class_in, table};
use crate::clean::mix;

/// Bins of a signature; a byte of each is kept.
pub(crate) const BINS: usize = 256;
/// Bands of a signature, and bins in each: a pair of index 0.85 shares a band with probability above 0.999, one of 0.5 with 0.22.
pub(crate) const BANDS: usize = 16;
const ROWS: usize = 6;
/// Characters of a shingle.
const SHINGLE: usize = 5;
/// Letters and digits that a document must have to be compared: short texts are similar without being copies.
const COMPARED_CHARS_MIN: usize = 80;

/// A byte of the least value in each bin, from 1 to 255; 0 where the bin is empty.
pub(crate) type Signature = [u8; BINS];

/// What a document is compared by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fingerprint {
    /// Of the letters and digits in small letters, or of the whole text where there are none.
    pub(crate) exact: u128,
    /// Where it is long enough to be compared.
    pub(crate) signature: Option<Box<Signature>>,
}

impl Fingerprint {
    /// The fingerprint of a text; `buffer` is memory to use.
    pub(crate) fn of(text: &str, buffer: &mut String) -> Self {
        plain(text, buffer);
        let key = if buffer.is_empty() { text } else { buffer.as_str() };
        let hash = blake3::hash(key.as_bytes());
        let exact = u128::from_le_bytes(std::array::from_fn(|byte| hash.as_bytes()[byte]));
        let chars = buffer.chars().count();
        Self { exact, signature: (chars >= COMPARED_CHARS_MIN).then(|| Box::new(sign(buffer))) }
    }
}

/// The letters and digits of a text, in small letters.
pub(crate) fn plain(text: &str, buffer: &mut String) {
    let table = table();
    buffer.clear();
    for character in text.chars() {
        let class = class_in(table, character);
        if class & (LETTER | DIGIT) != 0 {
            if class & CHANGING == 0 { buffer.push(character) } else { buffer.extend(character.to_lowercase()) }
        }
    }
}

fn sign(plain: &str) -> Signature {
    const BASE: u64 = 0x9e37_79b9_7f4a_7c15;
    const OUT: u64 = BASE.wrapping_pow(SHINGLE as u32);
    let mut least = [u64::MAX; BINS];
    let (mut hash, mut window) = (0_u64, [0_u64; SHINGLE]);
    for (at, character) in plain.chars().enumerate() {
        let unit = u64::from(character as u32) + 1;
        let slot = at % SHINGLE;
        hash = hash.wrapping_mul(BASE).wrapping_add(unit).wrapping_sub(window[slot].wrapping_mul(OUT));
        window[slot] = unit;
        if at + 1 >= SHINGLE {
            let mixed = mix(hash);
            let bin = &mut least[(mixed >> 56) as usize];
            *bin = (*bin).min(mixed & (u64::MAX >> 8));
        }
    }
    least.map(|value| if value == u64::MAX { 0 } else { (mix(value) % 255) as u8 + 1 })
}

/// The estimate of the Jaccard index of two documents. Bytes that are equal by chance, one in 255, are taken off.
pub(crate) fn similarity(a: &Signature, b: &Signature) -> f64 {
    let (mut equal, mut filled) = (0_u32, 0_u32);
    for (a, b) in a.iter().zip(b) {
        let any = a | b != 0;
        filled += u32::from(any);
        equal += u32::from(any && a == b);
    }
    let share = f64::from(equal) / f64::from(filled.max(1));
    ((share - 1.0 / 255.0) / (1.0 - 1.0 / 255.0)).max(0.0)
}

/// The keys under which a document is looked up. An empty bin takes the value of another one, chosen by its number alone ("Optimal
/// Densification for Fast and Accurate Minwise Hashing" (Shrivastava, 2017)).
pub(crate) fn bands(signature: &Signature) -> [u64; BANDS] {
    let value = |bin: usize| {
        let mut at = bin;
        // Documents that are compared have dozens of filled bins.
        for attempt in 0..BINS as u64 * 8 {
            if signature[at] != 0 {
                return u64::from(signature[at]) | (at as u64) << 8;
            }
            at = (mix((bin as u64) << 32 | attempt) % BINS as u64) as usize;
        }
        0
    };
    std::array::from_fn(|band| {
        let rows = (0..ROWS).map(|row| value(band * ROWS + row));
        rows.fold(band as u64 + 1, |key, row| mix(key.wrapping_mul(0x0100_0000_01b3) ^ row))
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    fn fingerprint(text: &str) -> Fingerprint {
        Fingerprint::of(text, &mut String::new())
    }

    #[test]
    fn case_punctuation_and_spaces_do_not_count() {
        for (a, b, same) in [
            ("Paris is big.", "paris is BIG!", true),
            ("北京，首都。", "北京 首都", true),
            ("北京", "北平", false),
            ("🦀", "🦀🦀", false),
            ("", " ", false),
            ("שלום עולם", "שלום, עולם!", true),
        ] {
            assert_eq!(fingerprint(a).exact == fingerprint(b).exact, same, "{a} {b}");
        }
        assert!(fingerprint("short").signature.is_none() && fingerprint(&"long enough ".repeat(9)).signature.is_some());
    }

    #[test]
    fn shingles_do_not_depend_on_where_they_stand() {
        let text: String = ('a'..='z').cycle().step_by(7).take(208).collect();
        let (a, b) = (sign(&text), sign(&format!("{text}{}", &text[..26])));
        assert!(similarity(&a, &b) > 0.99);
    }

    proptest! {
        #[test]
        fn the_estimate_is_near_the_jaccard_index(common in "[a-z]{120,900}", left in "[A-M]{0,200}", right in "[N-Z]{0,200}") {
            let texts = [format!("{common}{left}"), format!("{common}{right}")].map(|text| text.to_lowercase());
            let shingles = texts.each_ref().map(|text| text.as_bytes().windows(SHINGLE).collect::<HashSet<_>>());
            let common = shingles[0].intersection(&shingles[1]).count() as f64;
            let truth = common / shingles[0].union(&shingles[1]).count() as f64;
            let found = similarity(&sign(&texts[0]), &sign(&texts[1]));
            // Five standard deviations of 256 bins.
            prop_assert!((found - truth).abs() < 0.16, "{found} {truth}");
        }

        #[test]
        fn equal_texts_share_every_band(text in "[a-z]{80,300}") {
            let (a, b) = (sign(&text), sign(&text));
            prop_assert!(similarity(&a, &b) > 0.999);
            prop_assert_eq!(bands(&a), bands(&b));
        }
    }
}
