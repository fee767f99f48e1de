//! Facts that are held out of training, and the one rule by which entities reveal them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use jove_core::EntityId;
use jove_kb::{Fact, Sentence};

use crate::error::Result;
use crate::files::read_lines;

/// The two ends of a held-out fact: subject and object.
pub(crate) type Ends = (EntityId, EntityId);

/// The held-out facts, as pairs of entities: which relation holds between them does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct HeldOutFacts {
    objects: BTreeMap<EntityId, BTreeSet<EntityId>>,
}

/// The first held-out fact of which both ends are among `entities`, by subject and then object; `None` where there is none.
/// This is the only rule: a text reveals a fact if the entities that it names do, whatever it says of them.
pub(crate) fn reveals(entities: &BTreeSet<EntityId>, facts: &HeldOutFacts) -> Option<Ends> {
    let of_subject = |subject: EntityId| {
        let objects = facts.objects.get(&subject)?;
        objects.iter().find(|object| entities.contains(object)).map(|&object| (subject, object))
    };
    entities.iter().find_map(|&subject| of_subject(subject))
}

impl HeldOutFacts {
    /// The facts of the held-out sentences in a file of the text stage.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let sentences = read_lines::<Sentence>(path)?;
        Ok(sentences.into_iter().map(|sentence| (sentence.fact.subject, sentence.fact.object)).collect())
    }

    /// Every entity that is an end of a held-out fact.
    pub(crate) fn ends(&self) -> BTreeSet<EntityId> {
        self.objects.iter().flat_map(|(&subject, objects)| objects.iter().copied().chain([subject])).collect()
    }

    /// Whether a fact of the graph is between the two ends of a held-out one, in either direction.
    pub(crate) fn covers(&self, fact: Fact) -> bool {
        self.has(fact.subject, fact.object) || self.has(fact.object, fact.subject)
    }

    fn has(&self, subject: EntityId, object: EntityId) -> bool {
        self.objects.get(&subject).is_some_and(|objects| objects.contains(&object))
    }
}

impl FromIterator<Ends> for HeldOutFacts {
    fn from_iter<I: IntoIterator<Item = Ends>>(pairs: I) -> Self {
        let mut facts = Self::default();
        for (subject, object) in pairs {
            facts.objects.entry(subject).or_default().insert(object);
        }
        facts
    }
}

#[cfg(test)]
mod tests {
    use jove_kb::PredicateId;
    use proptest::prelude::*;

    use super::*;

    fn facts(pairs: &[(u32, u32)]) -> HeldOutFacts {
        pairs.iter().map(|&(subject, object)| (EntityId(subject), EntityId(object))).collect()
    }

    fn entities(ids: impl IntoIterator<Item = u32>) -> BTreeSet<EntityId> {
        ids.into_iter().map(EntityId).collect()
    }

    /// The rule as one would write it first: every fact against every entity.
    fn naive(ids: &[u32], pairs: &[(u32, u32)]) -> Option<Ends> {
        let revealed = pairs.iter().filter(|(subject, object)| ids.contains(subject) && ids.contains(object));
        revealed.min().map(|&(subject, object)| (EntityId(subject), EntityId(object)))
    }

    proptest! {
        #[test]
        fn the_rule_equals_a_double_loop(
            ids in prop::collection::vec(0u32..12, 0..8),
            pairs in prop::collection::vec((0u32..12, 0u32..12), 0..10),
        ) {
            let expected = naive(&ids, &pairs);
            prop_assert_eq!(reveals(&entities(ids), &facts(&pairs)), expected);
        }

        #[test]
        fn naming_more_entities_never_hides_a_fact(
            ids in prop::collection::vec(0u32..12, 0..8),
            more in 0u32..12,
            pairs in prop::collection::vec((0u32..12, 0u32..12), 0..10),
        ) {
            let facts = facts(&pairs);
            let fewer = reveals(&entities(ids.clone()), &facts);
            let all = reveals(&entities(ids.into_iter().chain([more])), &facts);
            prop_assert!(fewer.is_none() || all.is_some());
        }
    }

    #[test]
    fn both_ends_of_a_held_out_fact_reveal_it() {
        let held_out = facts(&[(1, 2), (1, 3), (7, 7)]);
        for (named, expected) in [
            (&[1, 2, 5][..], Some((1, 2))),
            (&[2, 1], Some((1, 2))),
            (&[3, 1], Some((1, 3))),
            (&[7], Some((7, 7))),
            (&[1, 5], None),
            (&[2, 3], None),
            (&[], None),
        ] {
            let expected = expected.map(|(subject, object)| (EntityId(subject), EntityId(object)));
            assert_eq!(reveals(&entities(named.iter().copied()), &held_out), expected, "{named:?}");
        }
        assert_eq!(reveals(&entities(0..100), &HeldOutFacts::default()), None);
    }

    #[test]
    fn a_fact_is_covered_in_both_directions_and_whatever_its_relation() {
        let held_out = facts(&[(1, 2), (1, 2), (3, 1)]);
        assert_eq!(held_out.ends(), entities([1, 2, 3]));
        for (subject, object, covered) in [(1, 2, true), (2, 1, true), (1, 3, true), (2, 3, false), (9, 9, false)] {
            for predicate in [PredicateId(0), PredicateId(5)] {
                let fact = Fact { subject: EntityId(subject), predicate, object: EntityId(object) };
                assert_eq!(held_out.covers(fact), covered, "{fact:?}");
            }
        }
    }
}
