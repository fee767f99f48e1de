//! What linked training text tells without a model: how often entities are named, and which of them together.

use std::collections::BTreeMap;

use jove_core::EntityId;

/// Entities of one text that are counted together at most; longer lists are of tables and indexes.
const TOGETHER_MAX: usize = 32;

/// How often training text links entities, and which of them in one text.
#[derive(Clone, Debug, Default)]
pub struct TrainingCounts {
    links: BTreeMap<EntityId, u32>,
    together: BTreeMap<EntityId, BTreeMap<EntityId, u32>>,
}

impl TrainingCounts {
    /// Counts the entities that one text links; repeated ones count once together.
    pub fn add(&mut self, entities: &[EntityId]) {
        for &entity in entities {
            *self.links.entry(entity).or_default() += 1;
        }
        let mut distinct = entities.to_vec();
        distinct.sort_unstable();
        distinct.dedup();
        distinct.truncate(TOGETHER_MAX);
        for &a in &distinct {
            for &b in distinct.iter().filter(|&&b| b != a) {
                *self.together.entry(a).or_default().entry(b).or_default() += 1;
            }
        }
    }

    /// Whether a text links the entity.
    pub fn is_linked(&self, entity: EntityId) -> bool {
        self.links.contains_key(&entity)
    }

    /// How often texts link the entity.
    pub fn links(&self, entity: EntityId) -> u32 {
        self.links.get(&entity).copied().unwrap_or_default()
    }

    /// How many texts link both; and, below one, how many entities stand in texts of both. Texts that name both ends of a
    /// held-out fact are not trained on, so for such a pair the second part alone tells.
    pub(crate) fn together(&self, a: EntityId, b: EntityId) -> f64 {
        let (Some(of_a), Some(of_b)) = (self.together.get(&a), self.together.get(&b)) else { return 0.0 };
        let (few, many) = if of_a.len() < of_b.len() { (of_a, of_b) } else { (of_b, of_a) };
        let shared = few.keys().filter(|entity| many.contains_key(entity)).count() as f64;
        f64::from(of_a.get(&b).copied().unwrap_or_default()) + shared / (shared + 1.0)
    }

    /// Some entities that texts link, the most often linked first.
    pub(crate) fn commonest(&self, entities: &[EntityId]) -> Vec<EntityId> {
        let mut linked: Vec<EntityId> = entities.iter().copied().filter(|&entity| self.is_linked(entity)).collect();
        linked.sort_by_key(|&entity| (std::cmp::Reverse(self.links(entity)), entity));
        linked
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_count_entities_and_pairs() {
        let mut counts = TrainingCounts::default();
        let texts: [&[u32]; 5] = [&[1, 2], &[2, 1, 1], &[2, 3], &[1, 4], &[]];
        for text in texts {
            counts.add(&text.iter().copied().map(EntityId).collect::<Vec<_>>());
        }
        let [one, two, three, four, none] = [1, 2, 3, 4, 9].map(EntityId);
        assert_eq!([one, two, three, none].map(|entity| counts.links(entity)), [4, 3, 1, 0]);
        assert!((counts.together(one, two) - 2.0).abs() < 1e-12, "they share no third one");
        assert!((counts.together(one, three) - 0.5).abs() < 1e-12, "two stands with both");
        assert!((counts.together(three, one) - counts.together(one, three)).abs() < 1e-12);
        assert!(counts.together(one, none).abs() < 1e-12 && !counts.is_linked(none));
        assert_eq!(counts.commonest(&[none, three, four, two, one]), [one, two, three, four]);
    }
}
