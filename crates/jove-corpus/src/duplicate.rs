//! Finding texts that occurred before, exactly or nearly.

use std::collections::{HashMap, HashSet};

/// How a text relates to the ones before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Occurrence {
    /// Not seen before.
    First,
    /// Equal to an earlier text, up to case, punctuation and white space.
    Exact,
    /// Similar to an earlier text.
    Near,
}

/// Remembers texts by their hashes: 16 bytes for each, and about 700 for each one that is long enough for MinHash.
pub(crate) struct DuplicateFilter {
    exact: bool,
    near: f64,
    seen: HashSet<u128>,
    bands: [HashMap<u32, Vec<u32>>; BANDS],
    signatures: Vec<Signature>,
}

/// MinHash ("On the resemblance and containment of documents" (Broder, 1997)): the fraction of equal minima estimates the Jaccard
/// index. Sixteen bands of four find a pair of index 0.85 with probability above 0.9999, one of 0.5 with 0.64; the
/// signature then decides.
const BANDS: usize = 16;
const ROWS: usize = 4;
const HASHES: usize = BANDS * ROWS;
const SHINGLE: usize = 5;
const COMPARED_CHARS_MIN: usize = 80;

type Signature = [u32; HASHES];

impl DuplicateFilter {
    pub(crate) fn new(exact: bool, near: f64) -> Self {
        let bands = std::array::from_fn(|_| HashMap::new());
        Self { exact, near, seen: HashSet::new(), bands, signatures: Vec::new() }
    }

    /// Compares a text with all earlier ones and remembers it.
    pub(crate) fn insert(&mut self, text: &str) -> Occurrence {
        let plain: Vec<char> = text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
        // A text without letters or digits is compared unchanged.
        let key = if plain.is_empty() { text.to_owned() } else { plain.iter().collect() };
        let hash =
            u128::from_le_bytes(blake3::hash(key.as_bytes()).as_bytes()[..16].try_into().expect("16 of 32 bytes"));
        if self.exact && !self.seen.insert(hash) {
            return Occurrence::Exact;
        }
        if self.near >= 1.0 || plain.len() < COMPARED_CHARS_MIN {
            return Occurrence::First;
        }
        self.compare(sign(&plain))
    }

    fn compare(&mut self, signature: Signature) -> Occurrence {
        let keys: [u32; BANDS] = std::array::from_fn(|band| {
            signature[band * ROWS..][..ROWS]
                .iter()
                .fold(band as u32, |key, &row| mix(u64::from(key) << 32 | u64::from(row)))
        });
        for (band, key) in self.bands.iter().zip(&keys) {
            for &other in band.get(key).into_iter().flatten() {
                if jaccard(&signature, &self.signatures[other as usize]) >= self.near {
                    return Occurrence::Near;
                }
            }
        }
        let number = self.signatures.len() as u32;
        self.signatures.push(signature);
        for (band, key) in self.bands.iter_mut().zip(keys) {
            band.entry(key).or_default().push(number);
        }
        Occurrence::First
    }
}

fn jaccard(a: &Signature, b: &Signature) -> f64 {
    a.iter().zip(b).filter(|(a, b)| a == b).count() as f64 / HASHES as f64
}

fn sign(characters: &[char]) -> Signature {
    let mut signature = [u32::MAX; HASHES];
    for shingle in characters.windows(SHINGLE) {
        let base = shingle.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, &character| {
            (hash ^ u64::from(u32::from(character))).wrapping_mul(0x0100_0000_01b3)
        });
        for (seed, least) in signature.iter_mut().enumerate() {
            *least = (*least).min(mix(base.wrapping_add((seed as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15))));
        }
    }
    signature
}

/// The finisher of SplitMix64, cut to 32 bits.
fn mix(mut value: u64) -> u32 {
    value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((value ^ (value >> 31)) >> 32) as u32
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(near: f64, texts: &[&str], expected: &[Occurrence]) {
        let mut filter = DuplicateFilter::new(true, near);
        let found: Vec<Occurrence> = texts.iter().map(|text| filter.insert(text)).collect();
        assert_eq!(found, expected, "{texts:?}");
    }

    const LONG: &str = "北京是中华人民共和国的首都，位于华北平原的北部，背靠燕山，毗邻天津市和河北省，是一座有三千多年历史的古都，\
        也是全国的政治中心、文化中心、国际交往中心和科技创新中心，每年都有许多人从世界各地来到这里旅行和学习。";

    #[test]
    fn case_punctuation_and_spaces_do_not_count() {
        use Occurrence::{Exact, First};
        check(0.85, &["Paris is big.", "paris is BIG!", "Paris is bi"], &[First, Exact, First]);
        check(0.85, &["北京，首都。", "北京 首都", "北京首府"], &[First, Exact, First]);
        check(0.85, &["שלום עולם", "שלום, עולם!"], &[First, Exact]);
        check(0.85, &["caf\u{e9}", "cafe\u{301}"], &[First, First]);
    }

    #[test]
    fn texts_without_letters_are_compared_unchanged() {
        use Occurrence::{Exact, First};
        check(0.85, &["🦀", "🦀", "🦀🦀", "👩\u{200d}👧", "👩👧"], &[First, Exact, First, First, First]);
        check(0.85, &["", "", " ", "…"], &[First, Exact, First, First]);
    }

    #[test]
    fn long_texts_with_small_changes_are_near_duplicates() {
        use Occurrence::{First, Near};
        let changed = LONG.replace("三千多年", "三千余年");
        let other = "上海是中国最大的港口城市之一，黄浦江从市区穿过，外滩有许多历史建筑，对岸的陆家嘴高楼林立，\
                     夜晚灯光映在江面上，游客常常乘船欣赏两岸的风景，城里的小吃也很有名，比如小笼包和生煎馒头，值得一尝。";
        check(0.8, &[LONG, &changed, other], &[First, Near, First]);
        check(1.0, &[LONG, &changed], &[First, First]);
    }

    #[test]
    fn short_texts_are_never_near_duplicates() {
        use Occurrence::First;
        let (peru, mali) = ("The capital of Peru is Lima.", "The capital of Mali is Bamako.");
        check(0.0, &[peru, mali], &[First, First]);
    }

    #[test]
    fn exact_duplicates_are_kept_where_the_filter_is_off() {
        let mut off = DuplicateFilter::new(false, 1.0);
        assert_eq!([off.insert("中文"), off.insert("中文")], [Occurrence::First; 2]);
        let mut near = DuplicateFilter::new(false, 0.85);
        assert_eq!([near.insert(LONG), near.insert(LONG)], [Occurrence::First, Occurrence::Near]);
    }

    proptest! {
        #[test]
        fn the_second_occurrence_is_always_found(texts in proptest::collection::vec("\\PC{0,120}", 1..6)) {
            let mut filter = DuplicateFilter::new(true, 0.85);
            for text in &texts {
                filter.insert(text);
            }
            for text in &texts {
                prop_assert_ne!(filter.insert(text), Occurrence::First);
            }
        }

        #[test]
        fn estimated_similarity_is_near_the_true_one(
            common in "[a-z]{120,200}", left in "[A-M]{0,40}", right in "[N-Z]{0,40}",
        ) {
            let [a, b] = [format!("{common}{left}"), format!("{common}{right}")].map(|text| {
                text.to_lowercase().chars().collect::<Vec<char>>()
            });
            let shingles = |text: &[char]| text.windows(SHINGLE).map(<[char]>::to_vec).collect::<HashSet<_>>();
            let (x, y) = (shingles(&a), shingles(&b));
            let truth = x.intersection(&y).count() as f64 / x.union(&y).count() as f64;
            // Five standard deviations of 64 hashes.
            prop_assert!((jaccard(&sign(&a), &sign(&b)) - truth).abs() < 0.32, "{truth}");
        }
    }
}
