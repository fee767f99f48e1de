//! Hard negatives of a fact: plausible wrong objects.

use std::collections::BTreeSet;

use jove_core::EntityId;
use rand::RngExt as _;
use rand::seq::SliceRandom as _;

use super::adjacency::Graph;
use crate::fact::PredicateId;

/// Maximum number of neighbours of neighbours for one query; a hub would bring in most of the graph.
const NEAR_MAX: usize = 4_096;

impl Graph {
    /// Up to `count` wrong objects of `(subject, predicate)`: entities of the same type as `object`, those that share
    /// neighbours with the true object first, then random ones. Never an entity that makes the fact true, in its own
    /// direction or by the inverse predicate.
    ///
    /// `types` holds the type of every entity as `Kb::type_of_all` gives it; `inverse` is the inverse
    /// predicate, where there is one.
    #[allow(clippy::too_many_arguments, reason = "a query has this many parts")]
    pub fn hard_negatives(
        &self,
        subject: EntityId,
        (predicate, inverse): (PredicateId, Option<PredicateId>),
        object: EntityId,
        types: &[Option<u32>],
        count: usize,
        rng: &mut impl rand::Rng,
    ) -> Vec<EntityId> {
        let mut excluded: BTreeSet<EntityId> = BTreeSet::from([subject, object]);
        excluded.extend(self.outgoing(subject).filter(|(_, all)| all.contains(&predicate)).map(|(e, _)| e));
        if let Some(inverse) = inverse {
            excluded.extend(self.incoming(subject).filter(|(_, all)| all.contains(&inverse)).map(|(e, _)| e));
        }
        let kind = |entity: EntityId| types.get(entity.0 as usize).copied().flatten();
        let wanted = kind(object);
        let fits = |entity: &EntityId| kind(*entity) == wanted && !excluded.contains(entity);
        let mut near: Vec<_> = self.sharing(object).into_iter().filter(fits).collect();
        near.shuffle(rng);
        near.truncate(count);
        let mut chosen: BTreeSet<_> = near.iter().copied().collect();
        let total = self.entity_count() as u32;
        // Types may be rare: a bounded number of tries keeps this quick, and fewer negatives are no harm.
        for _ in 0..count.saturating_mul(200) {
            if near.len() >= count || total == 0 {
                break;
            }
            let other = EntityId(rng.random_range(0..total));
            if fits(&other) && chosen.insert(other) {
                near.push(other);
            }
        }
        near
    }

    /// Entities that share a neighbour with an entity.
    pub(super) fn sharing(&self, entity: EntityId) -> Vec<EntityId> {
        let mut found = BTreeSet::new();
        for (neighbor, _) in self.outgoing(entity).chain(self.incoming(entity)).take(NEAR_MAX) {
            let room = NEAR_MAX.saturating_sub(found.len());
            found.extend(self.outgoing(neighbor).chain(self.incoming(neighbor)).map(|(other, _)| other).take(room));
        }
        found.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use jove_core::{Purpose, Seed};
    use proptest::prelude::*;

    use super::*;
    use crate::fact::Fact;

    proptest! {
        #[test]
        fn negatives_are_never_true(edges in prop::collection::vec((0..12_u32, 0..3_u32, 0..12_u32), 1..60), seed: u64) {
            let fact = |(s, p, o)| Fact { subject: EntityId(s), predicate: PredicateId(p), object: EntityId(o) };
            let mut facts: Vec<_> = edges.into_iter().map(fact).collect();
            let query = facts[0];
            let graph = Graph::new(12, &mut facts);
            let types: Vec<_> = (0..12).map(|id| (id % 5 != 0).then_some(id % 2)).collect();
            let inverse = PredicateId((query.predicate.0 + 1) % 3);
            let mut rng = Seed(seed).rng(Purpose::Negatives, 0, 0);
            let found = graph.hard_negatives(
                query.subject, (query.predicate, Some(inverse)), query.object, &types, 4, &mut rng,
            );
            prop_assert!(found.len() <= 4);
            for other in found {
                prop_assert!(!graph.contains(Fact { object: other, ..query }), "true");
                let twin = Fact { subject: other, predicate: inverse, object: query.subject };
                prop_assert!(!graph.contains(twin));
                prop_assert_eq!(types[other.0 as usize], types[query.object.0 as usize]);
            }
        }
    }
}
