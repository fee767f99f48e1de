//! How often each name is used as a name, learned from a corpus.

use serde::{Deserialize, Serialize};

/// Counts of one alias over a corpus.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Habit {
    /// Places where it stands.
    pub(crate) seen: u32,
    /// Places where it is whole words and looks like a name: a proper noun, a new word, in quotes, or beside a
    /// neighbour in the graph.
    pub(crate) named: u32,
    /// Places where it is one word that is neither noun nor name.
    pub(crate) common: u32,
}

/// How the names of a linker are used in a corpus; made by `Linker::learn`.
#[derive(Clone, Debug, Default)]
pub(crate) struct AliasUsage {
    counts: Vec<Habit>,
    seen: u64,
    named: u64,
}

/// How often a name must be seen before its use says anything.
const SEEN_MIN: u32 = 3;

impl AliasUsage {
    pub(crate) fn new(aliases: usize) -> Self {
        Self { counts: vec![Habit::default(); aliases], seen: 0, named: 0 }
    }

    pub(crate) fn add(&mut self, alias: u32, named: bool, common: bool) {
        if let Some(habit) = self.counts.get_mut(alias as usize) {
            habit.seen = habit.seen.saturating_add(1);
            habit.named += u32::from(named);
            habit.common += u32::from(common);
            self.seen += 1;
            self.named += u64::from(named);
        }
    }

    /// Whether a name is mostly a common word.
    pub(crate) fn is_stopped(&self, alias: u32) -> bool {
        let habit = self.get(alias);
        habit.seen >= SEEN_MIN && f64::from(habit.common) >= 0.6 * f64::from(habit.seen)
    }

    /// How much more often than the graph's other names it is used as a name: from -1 to 1, 0 where it was not seen.
    pub(crate) fn leaning(&self, alias: u32) -> f32 {
        let habit = self.get(alias);
        let all = self.name_share();
        (habit.named as f32 + 2.0 * all) / (habit.seen as f32 + 2.0) - all
    }

    /// The share of all places that look like names: near 1 for a graph of people and works, near 0 for one of concepts,
    /// whose names are ordinary nouns. A half where no corpus was seen.
    pub(crate) fn name_share(&self) -> f32 {
        (self.named as f32 + 1.0) / (self.seen as f32 + 2.0)
    }

    fn get(&self, alias: u32) -> Habit {
        self.counts.get(alias as usize).copied().unwrap_or_default()
    }

    pub(crate) fn memory(&self) -> usize {
        self.counts.capacity() * size_of::<Habit>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_words_are_stopped() {
        let mut usage = AliasUsage::new(3);
        for place in 0..10 {
            usage.add(0, false, place < 7);
            usage.add(1, true, false);
            usage.add(7, true, true);
        }
        usage.add(2, false, true);
        assert_eq!([0, 1, 2, 7].map(|alias| usage.is_stopped(alias)), [true, false, false, false]);
        assert!(usage.leaning(0) < -0.3 && usage.leaning(1) > 0.3);
        assert!((0.4..0.6).contains(&usage.name_share()), "{}", usage.name_share());
        assert!(usage.leaning(9).abs() < f32::EPSILON);
    }
}
