//! Merged entities, as a union-find.

use std::collections::BTreeMap;

/// Sets of entities that are the same; the first one represents its set.
#[derive(Default)]
pub(crate) struct Merges {
    parent: Vec<u32>,
    /// The member whose key is the set's, by representative; where there is none, the representative itself.
    heads: BTreeMap<u32, u32>,
    joins: u64,
}

impl Merges {
    /// Whether anything was joined.
    pub(crate) fn is_empty(&self) -> bool {
        self.joins == 0
    }

    /// How many entities disappeared into others.
    pub(crate) fn joins(&self) -> u64 {
        self.joins
    }

    /// The representative of `entity`.
    pub(crate) fn find(&mut self, entity: u32) -> u32 {
        let mut at = entity;
        while let Some(&up) = self.parent.get(at as usize) {
            if up == at {
                break;
            }
            let above = self.parent.get(up as usize).copied().unwrap_or(up);
            self.parent[at as usize] = above;
            at = above;
        }
        at
    }

    /// Makes two entities one.
    pub(crate) fn join(&mut self, a: u32, b: u32) {
        let (a, b) = (self.find(a), self.find(b));
        if a == b {
            return;
        }
        let (low, high) = (a.min(b), a.max(b));
        let len = self.parent.len() as u32;
        self.parent.extend(len..=high);
        self.parent[high as usize] = low;
        self.heads.remove(&high);
        self.joins += 1;
    }

    /// Makes two entities one, of which the second keeps its key.
    pub(crate) fn redirect(&mut self, from: u32, to: u32) {
        let root = self.find(to);
        let head = self.head(root);
        self.join(from, to);
        let root = self.find(to);
        self.heads.insert(root, head);
    }

    /// The member of a set whose key is the set's.
    pub(crate) fn head(&self, root: u32) -> u32 {
        self.heads.get(&root).copied().unwrap_or(root)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirects_keep_the_key_of_their_target() {
        for order in [[(1, 2), (2, 3)], [(2, 3), (1, 2)]] {
            let mut merges = Merges::default();
            for (from, to) in order {
                merges.redirect(from, to);
            }
            assert_eq!((merges.find(3), merges.head(1)), (1, 3), "{order:?}");
        }
        let mut merges = Merges::default();
        merges.redirect(4, 5);
        merges.redirect(5, 4);
        merges.join(0, 5);
        assert_eq!((merges.find(4), merges.head(0)), (0, 0));
    }

    #[test]
    fn cycles_end_in_the_first() {
        let mut merges = Merges::default();
        for (a, b) in [(5, 3), (3, 9), (9, 5), (7, 7), (20, 9)] {
            merges.join(a, b);
        }
        for entity in [3, 5, 9, 20] {
            assert_eq!(merges.find(entity), 3);
        }
        assert_eq!(merges.find(7), 7);
        assert_eq!(merges.find(1_000), 1_000);
        assert_eq!(merges.joins(), 3);
    }
}
