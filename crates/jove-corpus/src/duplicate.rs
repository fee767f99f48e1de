//! Texts that were seen before, exactly or nearly.

use std::collections::{HashMap, HashSet};

/// What a text is to the ones before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    New,
    Same,
    Near,
}

/// Remembers texts by hashes: 16 bytes for each, and about 700 for each one that is long enough to be compared.
pub(crate) struct Memory {
    exact: bool,
    near: f64,
    seen: HashSet<u128>,
    bands: [HashMap<u32, Vec<u32>>; BANDS],
    signatures: Vec<Signature>,
}

/// "On the resemblance and containment of documents" (Broder, 1997): the share of equal minima estimates the Jaccard
/// index. Sixteen bands of four find a pair of index 0.85 with probability above 0.9999, one of 0.5 with 0.64; the
/// signature then decides.
const BANDS: usize = 16;
const ROWS: usize = 4;
const HASHES: usize = BANDS * ROWS;
const SHINGLE: usize = 5;
const COMPARED_CHARS_MIN: usize = 80;

type Signature = [u32; HASHES];

impl Memory {
    pub(crate) fn new(exact: bool, near: f64) -> Self {
        let bands = std::array::from_fn(|_| HashMap::new());
        Self { exact, near, seen: HashSet::new(), bands, signatures: Vec::new() }
    }

    /// Looks a text up and remembers it.
    pub(crate) fn see(&mut self, text: &str) -> Seen {
        let plain: Vec<char> = text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
        // A text of signs alone is compared as it stands.
        let key = if plain.is_empty() { text.to_owned() } else { plain.iter().collect() };
        let hash =
            u128::from_le_bytes(blake3::hash(key.as_bytes()).as_bytes()[..16].try_into().expect("16 of 32 bytes"));
        if self.exact && !self.seen.insert(hash) {
            return Seen::Same;
        }
        if self.near >= 1.0 || plain.len() < COMPARED_CHARS_MIN {
            return Seen::New;
        }
        self.compare(sign(&plain))
    }

    fn compare(&mut self, signature: Signature) -> Seen {
        let keys: [u32; BANDS] = std::array::from_fn(|band| {
            signature[band * ROWS..][..ROWS]
                .iter()
                .fold(band as u32, |key, &row| mix(u64::from(key) << 32 | u64::from(row)))
        });
        for (band, key) in self.bands.iter().zip(&keys) {
            for &other in band.get(key).into_iter().flatten() {
                if resemblance(&signature, &self.signatures[other as usize]) >= self.near {
                    return Seen::Near;
                }
            }
        }
        let number = self.signatures.len() as u32;
        self.signatures.push(signature);
        for (band, key) in self.bands.iter_mut().zip(keys) {
            band.entry(key).or_default().push(number);
        }
        Seen::New
    }
}

fn resemblance(a: &Signature, b: &Signature) -> f64 {
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
    use super::*;

    #[test]
    fn case_and_punctuation_do_not_count() {
        let mut memory = Memory::new(true, 0.85);
        let seen: Vec<Seen> = ["Paris is big.", "paris is BIG!", "Paris is bi", "🦀", "🦀", "🦀🦀", ""]
            .map(|text| memory.see(text))
            .into();
        assert_eq!(seen, [Seen::New, Seen::Same, Seen::New, Seen::New, Seen::Same, Seen::New, Seen::New]);
    }

    #[test]
    fn long_texts_with_small_changes_are_near() {
        let text = "北京是中华人民共和国的首都，位于华北平原的北部，背靠燕山，毗邻天津市和河北省，是一座有三千多年历史的古都，\
                    也是全国的政治中心、文化中心、国际交往中心和科技创新中心，每年都有许多人从世界各地来到这里旅行和学习。";
        let mut memory = Memory::new(true, 0.8);
        assert_eq!(memory.see(text), Seen::New);
        assert_eq!(memory.see(&text.replace("三千多年", "三千余年")), Seen::Near);
        let other = "上海是中国最大的港口城市之一，黄浦江从市区穿过，外滩有许多历史建筑，对岸的陆家嘴高楼林立，\
                     夜晚灯光映在江面上，游客常常乘船欣赏两岸的风景，城里的小吃也很有名，比如小笼包和生煎馒头，值得一尝。";
        assert_eq!(memory.see(other), Seen::New);
        let mut off = Memory::new(true, 1.0);
        off.see(text);
        assert_eq!(off.see(&text.replace("三千多年", "三千余年")), Seen::New);
    }
}
