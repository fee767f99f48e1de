//! Hard negatives of a mention: entities similar to the one it names.

use std::collections::{BTreeMap, BTreeSet};

use jove_core::EntityId;
use rand::RngExt as _;
use rand::seq::SliceRandom as _;

use super::adjacency::Graph;

/// The entities of every type, and the type of every entity.
#[derive(Clone, Debug, Default)]
pub struct Kinds {
    of: Vec<Option<u32>>,
    members: BTreeMap<u32, Vec<EntityId>>,
}

impl Kinds {
    /// Builds the index from the type of every entity, as `Kb::type_of_all` gives it; members are the entities that `keep`
    /// accepts.
    pub fn new(of: Vec<Option<u32>>, keep: impl Fn(EntityId) -> bool) -> Self {
        let mut members: BTreeMap<u32, Vec<EntityId>> = BTreeMap::new();
        for (entity, kind) in (0..).map(EntityId).zip(&of) {
            if let (Some(kind), true) = (kind, keep(entity)) {
                members.entry(*kind).or_default().push(entity);
            }
        }
        Self { of, members }
    }

    /// The type of an entity, where it has one.
    pub fn of(&self, entity: EntityId) -> Option<u32> {
        self.of.get(entity.0 as usize).copied().flatten()
    }
}

impl Graph {
    /// Up to `count` entities similar to `entity`: those of its type that share a neighbour with it, then others that share
    /// one, then random ones of its type. Never a neighbour in either direction, so that nothing that is true of the
    /// entity becomes a negative, and only those that `fits` accepts.
    pub fn similar_entities(
        &self,
        entity: EntityId,
        kinds: &Kinds,
        fits: impl Fn(EntityId) -> bool,
        count: usize,
        rng: &mut impl rand::Rng,
    ) -> Vec<EntityId> {
        let neighbors = self.neighbors(entity);
        let wanted = |other: EntityId| other != entity && neighbors.binary_search(&other).is_err() && fits(other);
        let kind = kinds.of(entity);
        let mut near: Vec<EntityId> = self.sharing(entity).into_iter().filter(|&other| wanted(other)).collect();
        near.shuffle(rng);
        near.sort_by_key(|&other| kind.is_none() || kinds.of(other) != kind);
        near.truncate(count);
        let alike = kind.and_then(|kind| kinds.members.get(&kind)).map_or(&[][..], Vec::as_slice);
        let mut chosen: BTreeSet<EntityId> = near.iter().copied().collect();
        // A bounded number of tries: most entities of a type are no neighbours.
        for _ in 0..count.saturating_mul(8) {
            if near.len() >= count || alike.is_empty() {
                break;
            }
            let other = alike[rng.random_range(0..alike.len())];
            if wanted(other) && chosen.insert(other) {
                near.push(other);
            }
        }
        near
    }
}

#[cfg(test)]
mod tests {
    use jove_core::{Purpose, Seed};
    use proptest::prelude::*;

    use super::*;
    use crate::fact::{Fact, PredicateId};

    fn graph(edges: &[(u32, u32)]) -> Graph {
        let fact = |&(s, o): &(u32, u32)| Fact { subject: EntityId(s), predicate: PredicateId(0), object: EntityId(o) };
        Graph::new(12, &mut edges.iter().map(fact).collect::<Vec<_>>())
    }

    fn found(graph: &Graph, entity: u32, types: &[Option<u32>], count: usize) -> Vec<u32> {
        let kinds = Kinds::new(types.to_vec(), |_| true);
        let mut rng = Seed(1).rng(Purpose::Negatives, 0, 0);
        graph.similar_entities(EntityId(entity), &kinds, |_| true, count, &mut rng).into_iter().map(|e| e.0).collect()
    }

    #[test]
    fn those_of_the_same_type_that_share_a_neighbour_come_first() {
        // 1, 2 and 3 lie in 0; 3 is of another type; 4 is of the same type, elsewhere.
        let graph = graph(&[(1, 0), (2, 0), (3, 0), (4, 5)]);
        let mut types = vec![Some(9); 12];
        for other in [1, 2, 4] {
            types[other] = Some(1);
        }
        assert_eq!(found(&graph, 1, &types, 1), [2]);
        assert_eq!(found(&graph, 1, &types, 2), [2, 3]);
        assert_eq!(found(&graph, 1, &types, 3), [2, 3, 4]);
        assert_eq!(found(&graph, 6, &[None; 12], 3), [0; 0], "nothing is known of it");
    }

    proptest! {
        #[test]
        fn they_are_never_neighbours_and_always_fit(
            edges in prop::collection::vec((0..12_u32, 0..12_u32), 0..60), entity in 0..12_u32, count in 0usize..6, seed: u64,
        ) {
            let graph = graph(&edges);
            let kinds = Kinds::new((0..12).map(|id| (id % 5 != 0).then_some(id % 2)).collect(), |e| e.0 % 3 != 0);
            let mut rng = Seed(seed).rng(Purpose::Negatives, 0, 0);
            let found = graph.similar_entities(EntityId(entity), &kinds, |other| other.0 % 3 != 0, count, &mut rng);
            prop_assert!(found.len() <= count);
            let mut unique = found.clone();
            unique.sort();
            unique.dedup();
            prop_assert_eq!(unique.len(), found.len());
            for other in found {
                prop_assert!(other.0 != entity && other.0 % 3 != 0);
                prop_assert!(!edges.contains(&(entity, other.0)) && !edges.contains(&(other.0, entity)));
            }
        }
    }
}
