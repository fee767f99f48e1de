//! The stretches of a text that can hold a name, found from pairs of neighbouring characters (a bigram filter).

/// Bits for each different pair, so that few pairs of a text share a place with another.
const PLACES_PER_PAIR: usize = 8;

/// At most this many places: 4 MiB.
const PLACES_MAX: usize = 1 << 24;

/// Some name holds the pair.
const INSIDE: u64 = 1;
/// Some name begins with the pair.
const FIRST: u64 = 2;

/// Which pairs of neighbouring characters names hold, and which they begin with. Pairs are looked up by
/// hash: false positives are possible, false negatives are not.
pub(crate) struct Runs {
    /// Two bits a place.
    places: Box<[u64]>,
    /// Whether some name is a single character, which has no pair.
    single: bool,
}

impl Runs {
    pub(crate) fn new(patterns: &[Box<str>]) -> Self {
        let mut pairs: Vec<(u64, u64)> = Vec::new();
        let mut single = false;
        for pattern in patterns {
            let mut kind = FIRST | INSIDE;
            single |= pattern.chars().nth(1).is_none();
            for (left, right) in pattern.chars().zip(pattern.chars().skip(1)) {
                pairs.push((hash(left, right), kind));
                kind = INSIDE;
            }
            // Long tables repeat their pairs: keeps the list near the number of different ones.
            if pairs.len() == pairs.capacity() {
                pairs.sort_unstable();
                pairs.dedup();
            }
        }
        pairs.sort_unstable();
        pairs.dedup();
        let places = (pairs.len() * PLACES_PER_PAIR).next_power_of_two().clamp(1 << 10, PLACES_MAX);
        let mut runs = Self { places: vec![0; places / 32].into_boxed_slice(), single };
        for (hash, kind) in pairs {
            let (word, shift) = runs.place(hash);
            runs.places[word] |= kind << shift;
        }
        runs
    }

    /// Calls `visit` with start and end, in bytes, of every stretch that may hold a name, in order; every occurrence of a
    /// name lies in one of them. Each is as short as the pairs allow.
    pub(crate) fn for_each(&self, text: &str, mut visit: impl FnMut(usize, usize)) {
        if self.single {
            return visit(0, text.len());
        }
        let mut begun: Option<usize> = None;
        let mut before: Option<(usize, char)> = None;
        for (at, c) in text.char_indices() {
            if let Some((start, left)) = before {
                let kind = self.kind(left, c);
                match begun {
                    Some(first) if kind & INSIDE == 0 => {
                        visit(first, at);
                        begun = None;
                    }
                    None if kind & FIRST != 0 => begun = Some(start),
                    _ => {}
                }
            }
            before = Some((at, c));
        }
        if let Some(first) = begun {
            visit(first, text.len());
        }
    }

    fn kind(&self, left: char, right: char) -> u64 {
        let (word, shift) = self.place(hash(left, right));
        self.places[word] >> shift
    }

    /// The word and the bit in it that a hash leads to.
    fn place(&self, hash: u64) -> (usize, u32) {
        ((hash >> 8) as usize & (self.places.len() - 1), hash as u32 % 32 * 2)
    }

    /// Bytes on the heap.
    pub(crate) fn memory(&self) -> usize {
        size_of_val(&*self.places)
    }
}

fn hash(left: char, right: char) -> u64 {
    let pair = u64::from(u32::from(left)) << 21 | u64::from(u32::from(right));
    pair.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 16
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(patterns: &[&str], text: &str, expected: &[&str]) {
        let patterns: Vec<Box<str>> = patterns.iter().map(|pattern| Box::from(*pattern)).collect();
        let mut runs = Vec::new();
        Runs::new(&patterns).for_each(text, |start, end| runs.push(&text[start..end]));
        assert_eq!(runs, expected, "{text}");
    }

    #[test]
    fn runs_hold_what_names_hold() {
        check(&["北京", "京都"], "他在北京都没有北方", &["北京都"]);
        check(&["北京大学"], "京大学北京大", &["北京大"]);
        check(&["北京"], "", &[]);
        check(&["北京"], "北", &[]);
        check(&["a😀", "e\u{301}x"], "xa😀e\u{301}x", &["a😀", "e\u{301}x"]);
        check(&["北京", "京"], "他在北京", &["他在北京"]);
        check(&["שלום"], "אשלום ", &["שלום"]);
    }

    #[test]
    fn memory_grows_with_the_names() {
        let names: Vec<Box<str>> = ('一'..'佀').map(|c| format!("名{c}字").into_boxed_str()).collect();
        assert!(Runs::new(&names[..1]).memory() < Runs::new(&names).memory());
        assert!(Runs::new(&names).memory() <= 4 << 20);
    }
}
