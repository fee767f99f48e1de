//! The terms of a text as a set that is quick to fill and to ask.

/// A set of terms, which are hashes themselves: each has the slot that its lower bits say, or the next free one.
#[derive(Debug, Default)]
pub(crate) struct TermSet {
    /// A power of two of slots, more than half of them free; 0 is a free one. Empty for a set without room.
    slots: Vec<u32>,
    /// Whether it holds the term 0.
    zero: bool,
}

impl TermSet {
    /// An empty set with room for `terms` different ones.
    pub(crate) fn with_capacity(terms: usize) -> Self {
        Self { slots: vec![0; (terms * 2 + 1).next_power_of_two()], zero: false }
    }

    /// Adds a term; there must be room for it.
    pub(crate) fn insert(&mut self, term: u32) {
        match self.slot(term) {
            Some(slot) => self.slots[slot] = term,
            None => self.zero = true,
        }
    }

    pub(crate) fn contains(&self, term: u32) -> bool {
        match self.slot(term) {
            Some(slot) => self.slots[slot] == term,
            None => self.zero && term == 0,
        }
    }

    /// The slot of a term, or the free one where it would be; `None` for 0 and in a set without room.
    fn slot(&self, term: u32) -> Option<usize> {
        let last = self.slots.len().checked_sub(1).filter(|_| term != 0)?;
        let mut slot = term as usize & last;
        while self.slots[slot] != 0 && self.slots[slot] != term {
            slot = (slot + 1) & last;
        }
        Some(slot)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_holds_what_was_added(terms in prop::collection::vec(0_u32..40, 0..20), others in prop::collection::vec(any::<u32>(), 0..20)) {
            let added: BTreeSet<u32> = terms.iter().chain(&others).copied().collect();
            let mut set = TermSet::with_capacity(added.len());
            added.iter().chain(&terms).for_each(|term| set.insert(*term));
            for term in (0..60).chain(others) {
                prop_assert_eq!(set.contains(term), added.contains(&term));
            }
        }
    }

    #[test]
    fn an_empty_set_holds_nothing() {
        assert!(!TermSet::default().contains(0) && !TermSet::default().contains(7));
        assert!(!TermSet::with_capacity(0).contains(0));
    }
}
