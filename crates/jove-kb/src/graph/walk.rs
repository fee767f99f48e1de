//! Paths, components and ranks, with edges taken both ways.

use std::collections::{BTreeMap, VecDeque};

use jove_core::EntityId;

use super::Graph;

impl Graph {
    /// A shortest path between two entities, both ends included; `None` when there is none. Edges count both ways.
    pub fn shortest_path(&self, from: EntityId, to: EntityId) -> Option<Vec<EntityId>> {
        let count = self.entity_count();
        if from.0 as usize >= count || to.0 as usize >= count {
            return None;
        }
        let mut came_from = vec![u32::MAX; count];
        came_from[from.0 as usize] = from.0;
        let mut queue = VecDeque::from([from]);
        while let Some(at) = queue.pop_front() {
            if at == to {
                return Some(trace(&came_from, from, to));
            }
            for (next, _) in self.outgoing(at).chain(self.incoming(at)) {
                if came_from[next.0 as usize] == u32::MAX {
                    came_from[next.0 as usize] = at.0;
                    queue.push_back(next);
                }
            }
        }
        None
    }

    /// The number of each entity's component, numbered by their first entity, and the size of each component.
    pub fn components(&self) -> (Vec<u32>, Vec<usize>) {
        let mut component = vec![u32::MAX; self.entity_count()];
        let mut sizes = Vec::new();
        let mut stack = Vec::new();
        for start in 0..self.entity_count() as u32 {
            if component[start as usize] != u32::MAX {
                continue;
            }
            let number = sizes.len() as u32;
            component[start as usize] = number;
            stack.push(EntityId(start));
            let mut size = 0;
            while let Some(at) = stack.pop() {
                size += 1;
                for (next, _) in self.outgoing(at).chain(self.incoming(at)) {
                    if component[next.0 as usize] == u32::MAX {
                        component[next.0 as usize] = number;
                        stack.push(next);
                    }
                }
            }
            sizes.push(size);
        }
        (component, sizes)
    }

    /// Personalised PageRank by the push method: how near each entity is to the sources, greatest first. Only entities
    /// whose rank is found to be above zero are returned; the ranks miss at most `epsilon` times an entity's degree.
    /// `damping` in (0, 1) is the chance to walk on, 0.85 by custom.
    ///
    /// Andersen, Chung, Lang, "Local Graph Partitioning using PageRank Vectors" (2006), algorithm ApproximatePageRank.
    pub fn personalized_pagerank(&self, sources: &[EntityId], damping: f64, epsilon: f64) -> Vec<(EntityId, f64)> {
        let known: Vec<_> = sources.iter().copied().filter(|e| (e.0 as usize) < self.entity_count()).collect();
        let mut ranks: BTreeMap<EntityId, f64> = BTreeMap::new();
        let mut waiting: BTreeMap<EntityId, f64> = BTreeMap::new();
        let mut queue = VecDeque::new();
        for source in &known {
            *waiting.entry(*source).or_default() += 1.0 / known.len() as f64;
            queue.push_back(*source);
        }
        let damping = damping.clamp(0.0, 0.999);
        let epsilon = epsilon.max(1e-9);
        while let Some(at) = queue.pop_front() {
            let mass = waiting.get(&at).copied().unwrap_or(0.0);
            let degree = self.outgoing(at).count() + self.incoming(at).count();
            if mass <= epsilon * degree.max(1) as f64 {
                continue;
            }
            waiting.insert(at, 0.0);
            if degree == 0 {
                *ranks.entry(at).or_default() += mass;
                continue;
            }
            *ranks.entry(at).or_default() += (1.0 - damping) * mass;
            let share = damping * mass / degree as f64;
            for (next, _) in self.outgoing(at).chain(self.incoming(at)) {
                let held = waiting.entry(next).or_default();
                *held += share;
                queue.push_back(next);
            }
        }
        let mut ranked: Vec<_> = ranks.into_iter().collect();
        ranked.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        ranked
    }
}

fn trace(came_from: &[u32], from: EntityId, to: EntityId) -> Vec<EntityId> {
    let mut path = vec![to];
    let mut at = to;
    while at != from {
        at = EntityId(came_from[at.0 as usize]);
        path.push(at);
    }
    path.reverse();
    path
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Fact, PredicateId};

    /// A path 0-1-2-3, a triangle 4-5-6, and 7 alone.
    fn graph() -> Graph {
        let mut facts: Vec<_> = [(0, 1), (2, 1), (2, 3), (4, 5), (5, 6), (6, 4)]
            .map(|(s, o)| Fact { subject: EntityId(s), predicate: PredicateId(0), object: EntityId(o) })
            .into();
        Graph::new(8, &mut facts)
    }

    #[test]
    fn paths_go_against_edges_too() {
        let path = graph().shortest_path(EntityId(0), EntityId(3)).unwrap();
        assert_eq!(path, [0, 1, 2, 3].map(EntityId));
        assert_eq!(graph().shortest_path(EntityId(7), EntityId(7)).unwrap(), [EntityId(7)]);
        assert_eq!(graph().shortest_path(EntityId(0), EntityId(4)), None);
        assert_eq!(graph().shortest_path(EntityId(0), EntityId(99)), None);
    }

    #[test]
    fn components_are_numbered_by_their_first_entity() {
        let (component, sizes) = graph().components();
        assert_eq!(component, [0, 0, 0, 0, 1, 1, 1, 2]);
        assert_eq!(sizes, [4, 3, 1]);
    }

    #[test]
    fn ranks_fall_with_distance_and_add_up() {
        let ranks = graph().personalized_pagerank(&[EntityId(0)], 0.85, 1e-7);
        let of = |id| ranks.iter().find(|(e, _)| *e == EntityId(id)).map_or(0.0, |(_, r)| *r);
        assert!(of(1) > of(2) && of(2) > of(3) && of(4) == 0.0);
        let total: f64 = ranks.iter().map(|(_, rank)| rank).sum();
        assert!((total - 1.0).abs() < 1e-4, "{total}");
        // The exact rank of a triangle's corner, by symmetry: x = 0.15 + 0.85 y, 2y + x = 1.
        let corner = graph().personalized_pagerank(&[EntityId(4)], 0.85, 1e-9)[0].1;
        assert!((corner - (0.15 + 0.425) / 1.425).abs() < 1e-5, "{corner}");
        assert!(graph().personalized_pagerank(&[EntityId(99)], 0.85, 1e-6).is_empty());
    }
}
