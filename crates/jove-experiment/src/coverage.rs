//! How much of a graph a corpus mentions.

use std::collections::{BTreeMap, BTreeSet};

use jove_core::{AnnotatedText, EntityId};
use jove_kb::{Fact, Kb, PredicateId};
use serde::Serialize;

use crate::error::Result;

/// In a text that links more entities than this, two of them need not be related.
const LINKED_MAX: usize = 64;

/// Counts which part of a graph the texts so far mention.
pub struct Coverage {
    facts: BTreeMap<(EntityId, EntityId), Vec<PredicateId>>,
    totals: Covered,
    linked: BTreeSet<EntityId>,
    mentioned: BTreeSet<Fact>,
}

/// Counts of what a corpus mentions, each with the total in the graph.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Covered {
    /// Entities of the graph.
    pub entities: u64,
    /// Entities linked at least once.
    pub entities_linked: u64,
    /// Facts of the graph.
    pub facts: u64,
    /// Facts of which one text links both ends.
    pub facts_told: u64,
    /// Relations of the graph that have a fact.
    pub relations: u64,
    /// Relations with such a fact.
    pub relations_told: u64,
}

impl Coverage {
    /// Without any text yet.
    ///
    /// # Errors
    /// When the knowledge base cannot be read.
    pub fn new(kb: &Kb) -> Result<Self> {
        let mut facts: BTreeMap<_, Vec<PredicateId>> = BTreeMap::new();
        let mut predicates = BTreeSet::new();
        let mut totals = Covered { entities: kb.entity_count()?, ..Covered::default() };
        kb.visit_facts(|fact| {
            facts.entry((fact.subject, fact.object)).or_default().push(fact.predicate);
            predicates.insert(fact.predicate);
            totals.facts += 1;
        })?;
        totals.relations = predicates.len() as u64;
        Ok(Self { facts, totals, linked: BTreeSet::new(), mentioned: BTreeSet::new() })
    }

    /// Counts what a text mentions.
    pub fn add(&mut self, text: &AnnotatedText) {
        let entities: BTreeSet<EntityId> = text.mentions.iter().map(|mention| mention.entity).collect();
        if entities.len() <= LINKED_MAX {
            for &subject in &entities {
                for &object in &entities {
                    let predicates = self.facts.get(&(subject, object)).into_iter().flatten();
                    self.mentioned.extend(predicates.map(|&predicate| Fact { subject, predicate, object }));
                }
            }
        }
        self.linked.extend(entities);
    }

    /// The counts so far.
    pub fn covered(&self) -> Covered {
        let relations: BTreeSet<PredicateId> = self.mentioned.iter().map(|fact| fact.predicate).collect();
        Covered {
            entities_linked: self.linked.len() as u64,
            facts_told: self.mentioned.len() as u64,
            relations_told: relations.len() as u64,
            ..self.totals
        }
    }
}

#[cfg(test)]
mod tests {
    use jove_core::{ByteSpan, Lang, Mention};

    use super::*;

    fn text(entities: &[u32]) -> AnnotatedText {
        let mention = |&entity: &u32| Mention { span: ByteSpan::new(0, 1), entity: EntityId(entity), score: 1.0 };
        AnnotatedText {
            text: "x".into(),
            lang: Lang::EN,
            words: vec![],
            mentions: entities.iter().map(mention).collect(),
        }
    }

    #[test]
    fn entities_facts_and_relations_are_counted_once() {
        let facts = [((1, 2), vec![0, 1]), ((2, 3), vec![0]), ((4, 4), vec![2])];
        let facts = facts.map(|((a, b), predicates)| {
            ((EntityId(a), EntityId(b)), predicates.into_iter().map(PredicateId).collect::<Vec<_>>())
        });
        let totals = Covered { entities: 9, facts: 4, relations: 3, ..Covered::default() };
        let mut coverage =
            Coverage { facts: facts.into(), totals, linked: BTreeSet::new(), mentioned: BTreeSet::new() };
        assert_eq!(coverage.covered(), totals);
        for entities in [&[][..], &[1], &[2, 1], &[1, 2], &[3, 7]] {
            coverage.add(&text(entities));
        }
        let expected = Covered { entities_linked: 4, facts_told: 2, relations_told: 2, ..totals };
        assert_eq!(coverage.covered(), expected);
        coverage.add(&text(&(0..100).collect::<Vec<_>>()));
        assert_eq!(coverage.covered(), Covered { entities_linked: 100, ..expected });
    }
}
