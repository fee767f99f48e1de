//! How often each alias is used as a name, counted over a corpus: its keyphraseness.

/// Counts of one alias over a corpus.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct UsageCounts {
    /// All occurrences.
    pub(crate) seen: u32,
    /// Occurrences as whole words that look like a name: a proper noun, a new word, in quotation marks, or near a mention
    /// of a graph neighbour.
    pub(crate) named: u32,
    /// Occurrences as one word that is neither noun nor name.
    pub(crate) common: u32,
}

/// Usage counts of a linker's aliases in a corpus; made by `Linker::learn`.
#[derive(Clone, Debug, Default)]
pub(crate) struct AliasUsage {
    counts: Vec<UsageCounts>,
    seen: u64,
    named: u64,
}

/// Occurrences from which on the counts of an alias decide whether it is a common word.
const SEEN_MIN: u32 = 3;

impl AliasUsage {
    pub(crate) fn new(aliases: usize) -> Self {
        Self { counts: vec![UsageCounts::default(); aliases], seen: 0, named: 0 }
    }

    pub(crate) fn add(&mut self, alias: u32, named: bool, common: bool) {
        if let Some(counts) = self.counts.get_mut(alias as usize) {
            counts.seen = counts.seen.saturating_add(1);
            counts.named += u32::from(named);
            counts.common += u32::from(common);
            self.seen += 1;
            self.named += u64::from(named);
        }
    }

    /// Whether an alias is refused outright: seen often enough, it is mostly a common word. Milder cases lower the score
    /// through [`AliasUsage::relative_keyphraseness`].
    pub(crate) fn is_refused(&self, alias: u32) -> bool {
        let counts = self.get(alias);
        counts.seen >= SEEN_MIN && f64::from(counts.common) >= 0.6 * f64::from(counts.seen)
    }

    /// The alias's smoothed keyphraseness (share of its occurrences that are names) minus the mean: -1 to 1, 0 where it
    /// was not seen.
    pub(crate) fn relative_keyphraseness(&self, alias: u32) -> f32 {
        let counts = self.get(alias);
        let all = self.mean_keyphraseness();
        (counts.named as f32 + 2.0 * all) / (counts.seen as f32 + 2.0) - all
    }

    /// The share of all occurrences that look like names: near 1 for a graph of people and works, near 0 for one of
    /// concepts, whose names are common nouns; 0.5 before a corpus is seen.
    pub(crate) fn mean_keyphraseness(&self) -> f32 {
        (self.named as f32 + 1.0) / (self.seen as f32 + 2.0)
    }

    fn get(&self, alias: u32) -> UsageCounts {
        self.counts.get(alias as usize).copied().unwrap_or_default()
    }

    pub(crate) fn memory(&self) -> usize {
        self.counts.capacity() * size_of::<UsageCounts>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_words_are_refused() {
        let mut usage = AliasUsage::new(3);
        for place in 0..10 {
            usage.add(0, false, place < 7);
            usage.add(1, true, false);
            usage.add(7, true, true);
        }
        usage.add(2, false, true);
        assert_eq!([0, 1, 2, 7].map(|alias| usage.is_refused(alias)), [true, false, false, false]);
        assert!(usage.relative_keyphraseness(0) < -0.3 && usage.relative_keyphraseness(1) > 0.3);
        assert!((0.4..0.6).contains(&usage.mean_keyphraseness()), "{}", usage.mean_keyphraseness());
        assert!(usage.relative_keyphraseness(9).abs() < f32::EPSILON);
    }
}
