//! Descriptions and graph neighbours of entities.

use std::collections::HashMap;

use jove_core::EntityId;

use crate::normal::Normalization;
use crate::terms::for_each_term;

/// The most terms of a description that are kept, from its beginning.
const TERMS_MAX: usize = 48;

/// Entities with more neighbours (hubs) are no evidence: their lists are ignored.
const NEIGHBOURS_MAX: usize = 64;

/// Descriptions and neighbours of entities, packed.
#[derive(Debug, Default)]
pub struct Knowledge {
    term_starts: Vec<u32>,
    /// Hashes of description terms, with their weights (inverse document frequency, in nats).
    terms: Vec<(u32, f32)>,
    neighbour_starts: Vec<u32>,
    neighbours: Vec<EntityId>,
}

impl Knowledge {
    /// Builds the table from (entity, description) rows, where several rows of one entity are joined, and undirected
    /// (entity, entity) edges. `normalization` must be the linker's. Ids should be dense: memory grows with the largest.
    pub fn build<'a>(
        descriptions: impl IntoIterator<Item = (EntityId, &'a str)>,
        edges: impl IntoIterator<Item = (EntityId, EntityId)>,
        normalization: Normalization,
    ) -> Self {
        let (term_starts, terms) = pack_terms(descriptions, normalization);
        let mut pairs: Vec<(EntityId, EntityId)> =
            edges.into_iter().filter(|(a, b)| a != b).flat_map(|(a, b)| [(a, b), (b, a)]).collect();
        pairs.sort_unstable();
        pairs.dedup();
        let neighbour_starts = starts(pairs.iter().map(|(entity, _)| *entity));
        let neighbours = pairs.into_iter().map(|(_, other)| other).collect();
        Self { term_starts, terms, neighbour_starts, neighbours }
    }

    /// Whether there is neither a description nor an edge.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty() && self.neighbours.is_empty()
    }

    /// Bytes on the heap.
    pub fn memory(&self) -> usize {
        (self.term_starts.capacity() + self.neighbour_starts.capacity() + self.neighbours.capacity()) * 4
            + self.terms.capacity() * 8
    }

    /// Brings what is known of entities into the cache: here the loads overlap, later each would stall on its own.
    pub(crate) fn fetch(&self, entities: impl Iterator<Item = EntityId> + Clone) {
        let starts = |of: &'_ [u32], entity: EntityId| of.get(entity.0 as usize).copied().unwrap_or_default() as usize;
        let both = |entity| (starts(&self.term_starts, entity), starts(&self.neighbour_starts, entity));
        let first = entities.clone().map(both).fold(0, |all, (terms, neighbours)| all ^ terms ^ neighbours);
        let row = |(terms, neighbours): (usize, usize)| {
            let term = self.terms.get(terms).map_or(0, |(term, _)| *term);
            term ^ self.neighbours.get(neighbours).map_or(0, |entity| entity.0)
        };
        let second = entities.map(both).map(row).fold(0, |all, row| all ^ row);
        std::hint::black_box((first, second));
    }

    /// The terms of an entity's description, with their weights.
    pub(crate) fn terms(&self, entity: EntityId) -> &[(u32, f32)] {
        slice(&self.term_starts, &self.terms, entity)
    }

    /// The neighbours of an entity; empty for a hub.
    pub(crate) fn informative_neighbours(&self, entity: EntityId) -> &[EntityId] {
        let all = slice(&self.neighbour_starts, &self.neighbours, entity);
        if all.len() > NEIGHBOURS_MAX { &[] } else { all }
    }
}

type Terms = (Vec<u32>, Vec<(u32, f32)>);

fn pack_terms<'a>(rows: impl IntoIterator<Item = (EntityId, &'a str)>, normalization: Normalization) -> Terms {
    let mut pairs: Vec<(EntityId, u32, u32)> = Vec::new();
    for (entity, description) in rows {
        let first = pairs.len();
        for_each_term(&normalization.form(description), |term| {
            if pairs.len() - first < TERMS_MAX {
                pairs.push((entity, (pairs.len() - first) as u32, term));
            }
        });
    }
    // By entity and term, each term once, then the first of an entity's many.
    pairs.sort_unstable_by_key(|(entity, place, term)| (*entity, *term, *place));
    pairs.dedup_by_key(|(entity, _, term)| (*entity, *term));
    let mut frequency: HashMap<u32, u32> = HashMap::new();
    for (_, _, term) in &pairs {
        *frequency.entry(*term).or_default() += 1;
    }
    let starts = starts(pairs.iter().map(|(entity, _, _)| *entity));
    let entities = starts.len().saturating_sub(1).max(1) as f32;
    let weight = |term: &u32| (1.0 + entities / frequency[term] as f32).ln();
    let terms = pairs.iter().map(|(_, _, term)| (*term, weight(term))).collect();
    (starts, terms)
}

/// For each entity up to the last, where its rows begin among rows in its order; one more entry at the end.
fn starts(entities: impl Iterator<Item = EntityId>) -> Vec<u32> {
    let mut starts = vec![0];
    let mut rows = 0;
    for entity in entities {
        while starts.len() <= entity.0 as usize {
            starts.push(rows);
        }
        rows += 1;
    }
    starts.push(rows);
    starts
}

fn slice<'a, T>(starts: &[u32], rows: &'a [T], entity: EntityId) -> &'a [T] {
    let entity = entity.0 as usize;
    match (starts.get(entity), starts.get(entity + 1)) {
        (Some(start), Some(end)) => &rows[*start as usize..*end as usize],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_found_by_entity() {
        let edges = [(EntityId(5), EntityId(2)), (EntityId(2), EntityId(5)), (EntityId(2), EntityId(2))];
        let knowledge =
            Knowledge::build([(EntityId(3), "Ａ b a"), (EntityId(1), "中国人")], edges, Normalization::default());
        assert_eq!([0, 1, 2, 3, 4, 900].map(|id| knowledge.terms(EntityId(id)).len()), [0, 2, 0, 2, 0, 0]);
        assert_eq!(knowledge.informative_neighbours(EntityId(2)), [EntityId(5)]);
        assert_eq!(knowledge.informative_neighbours(EntityId(5)), [EntityId(2)]);
        assert!(knowledge.informative_neighbours(EntityId(3)).is_empty());
        assert!(Knowledge::default().is_empty() && !knowledge.is_empty());
    }

    #[test]
    fn neighbours_of_hubs_are_ignored() {
        let edges = (1..200).map(|other| (EntityId(0), EntityId(other)));
        let knowledge = Knowledge::build([], edges, Normalization::default());
        assert!(knowledge.informative_neighbours(EntityId(0)).is_empty());
        assert_eq!(knowledge.informative_neighbours(EntityId(7)), [EntityId(0)]);
    }
}
