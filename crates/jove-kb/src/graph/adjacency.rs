//! Facts as a compact petgraph, by subject and by object.

use std::collections::HashMap;

use jove_core::EntityId;
use petgraph::Directed;
use petgraph::csr::Csr;
use petgraph::visit::EdgeRef;

use crate::fact::{Fact, PredicateId};

/// Facts by subject and by object. Edges of the same pair are one edge with a set of predicates: the two directions
/// take 8 bytes an edge each.
pub struct Graph {
    forward: Csr<(), u32, Directed, u32>,
    backward: Csr<(), u32, Directed, u32>,
    /// Predicate sets that edges point to.
    sets: Vec<Vec<PredicateId>>,
    facts: usize,
}

impl Graph {
    /// A graph of `entities` nodes; sorts the facts on the way.
    pub fn new(entities: usize, facts: &mut [Fact]) -> Self {
        facts.sort_unstable_by_key(|fact| (fact.subject, fact.object, fact.predicate));
        let mut sets = Sets::default();
        let mut edges: Vec<(u32, u32, u32)> = Vec::new();
        let mut count = 0;
        for pair in facts.chunk_by(|a, b| (a.subject, a.object) == (b.subject, b.object)) {
            let mut predicates: Vec<_> = pair.iter().map(|fact| fact.predicate).collect();
            predicates.dedup();
            count += predicates.len();
            edges.push((pair[0].subject.0, pair[0].object.0, sets.number(predicates)));
        }
        let forward = csr(entities, &edges);
        for edge in &mut edges {
            *edge = (edge.1, edge.0, edge.2);
        }
        edges.sort_unstable();
        Self { forward, backward: csr(entities, &edges), sets: sets.sets, facts: count }
    }

    /// Number of entities.
    pub fn entity_count(&self) -> usize {
        self.forward.node_count()
    }

    /// Number of facts.
    pub fn fact_count(&self) -> usize {
        self.facts
    }

    /// Number of facts with the entity as subject or object.
    pub fn degree(&self, entity: EntityId) -> usize {
        self.outgoing(entity).map(|(_, predicates)| predicates.len()).sum::<usize>()
            + self.incoming(entity).map(|(_, predicates)| predicates.len()).sum::<usize>()
    }

    /// Objects of an entity with the predicates that lead to each, ordered by object.
    pub fn outgoing(&self, entity: EntityId) -> impl Iterator<Item = (EntityId, &[PredicateId])> {
        self.edges(&self.forward, entity)
    }

    /// Subjects of which an entity is the object, with the predicates that lead from each, ordered by subject.
    pub fn incoming(&self, entity: EntityId) -> impl Iterator<Item = (EntityId, &[PredicateId])> {
        self.edges(&self.backward, entity)
    }

    fn edges<'a>(
        &'a self,
        side: &'a Csr<(), u32, Directed, u32>,
        entity: EntityId,
    ) -> impl Iterator<Item = (EntityId, &'a [PredicateId])> {
        let known = (entity.0 as usize) < side.node_count();
        known
            .then(|| side.edges(entity.0))
            .into_iter()
            .flatten()
            .map(|edge| (EntityId(edge.target()), self.sets[*edge.weight() as usize].as_slice()))
    }

    /// Every neighbour in either direction, ordered, each once, without the entity itself.
    pub fn neighbors(&self, entity: EntityId) -> Vec<EntityId> {
        let mut all: Vec<_> = self
            .outgoing(entity)
            .chain(self.incoming(entity))
            .map(|(other, _)| other)
            .filter(|other| *other != entity)
            .collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// Whether the fact is in the graph.
    pub fn contains(&self, fact: Fact) -> bool {
        self.outgoing(fact.subject)
            .any(|(object, predicates)| object == fact.object && predicates.contains(&fact.predicate))
    }

    /// The petgraph itself, subject to object; weights number predicate sets.
    pub fn petgraph(&self) -> &Csr<(), u32, Directed, u32> {
        &self.forward
    }
}

fn csr(entities: usize, edges: &[(u32, u32, u32)]) -> Csr<(), u32, Directed, u32> {
    let mut graph = Csr::from_sorted_edges(edges).expect("edges are sorted, each pair once");
    while graph.node_count() < entities {
        graph.add_node(());
    }
    graph
}

/// Numbers sets of predicates.
#[derive(Default)]
struct Sets {
    sets: Vec<Vec<PredicateId>>,
    numbers: HashMap<Vec<PredicateId>, u32>,
}

impl Sets {
    fn number(&mut self, set: Vec<PredicateId>) -> u32 {
        if let Some(&number) = self.numbers.get(&set) {
            return number;
        }
        let number = self.sets.len() as u32;
        self.sets.push(set.clone());
        self.numbers.insert(set, number);
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fact(subject: u32, predicate: u32, object: u32) -> Fact {
        Fact { subject: EntityId(subject), predicate: PredicateId(predicate), object: EntityId(object) }
    }

    #[test]
    fn parallel_facts_and_loops_are_kept() {
        let mut facts = [fact(0, 0, 1), fact(0, 1, 1), fact(1, 0, 0), fact(2, 0, 2), fact(0, 0, 1)];
        let graph = Graph::new(5, &mut facts);
        assert_eq!((graph.entity_count(), graph.fact_count()), (5, 4));
        assert_eq!(graph.degree(EntityId(0)), 3);
        assert_eq!(graph.degree(EntityId(2)), 2);
        assert_eq!(graph.degree(EntityId(4)), 0);
        assert_eq!(graph.neighbors(EntityId(0)), [EntityId(1)]);
        assert!(graph.neighbors(EntityId(2)).is_empty());
        assert!(graph.contains(fact(0, 1, 1)) && !graph.contains(fact(1, 1, 0)));
        assert!(graph.neighbors(EntityId(99)).is_empty());
    }

    #[test]
    fn an_empty_graph_has_no_entity() {
        let graph = Graph::new(0, &mut []);
        assert_eq!((graph.entity_count(), graph.fact_count()), (0, 0));
    }
}
