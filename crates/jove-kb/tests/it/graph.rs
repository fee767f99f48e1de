//! The graph view and the reading methods, compared with plain lists of facts.

use std::collections::BTreeSet;

use jove_core::EntityId;
use jove_kb::{Fact, Format, Graph, Kb, PredicateId};
use proptest::prelude::*;

use crate::common::Place;

const ENTITIES: u32 = 9;

fn any_facts() -> impl Strategy<Value = Vec<Fact>> {
    let fact = (0..ENTITIES, 0..3_u32, 0..ENTITIES).prop_map(|(subject, predicate, object)| Fact {
        subject: EntityId(subject),
        predicate: PredicateId(predicate),
        object: EntityId(object),
    });
    prop::collection::vec(fact, 0..40)
}

fn edges<'a>(edges: impl Iterator<Item = (EntityId, &'a [PredicateId])>) -> Vec<(EntityId, Vec<PredicateId>)> {
    edges.map(|(entity, predicates)| (entity, predicates.to_vec())).collect()
}

/// By the other end, the predicates between, from a plain list.
fn listed(pairs: impl Iterator<Item = (EntityId, PredicateId)>) -> Vec<(EntityId, Vec<PredicateId>)> {
    let pairs: BTreeSet<_> = pairs.collect();
    let ends: BTreeSet<_> = pairs.iter().map(|(end, _)| *end).collect();
    ends.into_iter().map(|end| (end, pairs.iter().filter(|pair| pair.0 == end).map(|pair| pair.1).collect())).collect()
}

proptest! {
    #[test]
    fn the_graph_equals_a_list_of_facts(facts in any_facts()) {
        let graph = Graph::new(ENTITIES as usize, &mut facts.clone());
        let set: BTreeSet<Fact> = facts.iter().copied().collect();
        prop_assert_eq!((graph.entity_count(), graph.fact_count()), (ENTITIES as usize, set.len()));
        for entity in (0..=ENTITIES).map(EntityId) {
            let outgoing = || set.iter().filter(move |fact| fact.subject == entity);
            let incoming = || set.iter().filter(move |fact| fact.object == entity);
            prop_assert_eq!(edges(graph.outgoing(entity)), listed(outgoing().map(|f| (f.object, f.predicate))));
            prop_assert_eq!(edges(graph.incoming(entity)), listed(incoming().map(|f| (f.subject, f.predicate))));
            prop_assert_eq!(graph.degree(entity), outgoing().count() + incoming().count());
            let others: BTreeSet<_> = outgoing().map(|f| f.object).chain(incoming().map(|f| f.subject)).collect();
            let others: Vec<_> = others.into_iter().filter(|other| *other != entity).collect();
            prop_assert_eq!(graph.neighbors(entity), others);
        }
        for fact in &facts {
            prop_assert!(graph.contains(*fact));
            let turned = Fact { subject: fact.object, object: fact.subject, ..*fact };
            prop_assert_eq!(graph.contains(turned), set.contains(&turned));
        }
    }

    #[test]
    fn the_order_of_facts_does_not_change_the_graph(facts in any_facts()) {
        let mut reversed = facts.clone();
        reversed.reverse();
        let (one, other) = (Graph::new(9, &mut facts.clone()), Graph::new(9, &mut reversed));
        for entity in (0..ENTITIES).map(EntityId) {
            prop_assert_eq!(edges(one.outgoing(entity)), edges(other.outgoing(entity)));
            prop_assert_eq!(edges(one.incoming(entity)), edges(other.incoming(entity)));
        }
    }
}

/// The facts as rows of a table; keys are `e0`, `e1`, …
fn rows(facts: &[Fact]) -> String {
    facts
        .iter()
        .map(|f| format!("e{}\tp{}\te{}\n", f.subject.0, f.predicate.0, f.object.0))
        .collect::<Vec<_>>()
        .concat()
}

/// A fact by its keys.
fn keys(kb: &Kb, fact: Fact) -> [String; 3] {
    let predicate = kb.predicate_name(fact.predicate).unwrap().unwrap().to_owned();
    [kb.key(fact.subject).unwrap(), predicate, kb.key(fact.object).unwrap()]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn all_ways_to_read_facts_agree(facts in any_facts().prop_filter("a table has rows", |facts| !facts.is_empty())) {
        let (kb, _) = Place::new().build(Format::Tsv, rows(&facts));
        let stored = kb.facts().unwrap();
        prop_assert!(stored.is_sorted_by_key(|f| (f.subject, f.predicate, f.object)));
        let expected: BTreeSet<_> = facts
            .iter()
            .map(|f| [format!("e{}", f.subject.0), format!("p{}", f.predicate.0), format!("e{}", f.object.0)])
            .collect();
        let found: BTreeSet<_> = stored.iter().map(|fact| keys(&kb, *fact)).collect();
        prop_assert_eq!(&found, &expected);
        prop_assert_eq!(stored.len(), expected.len());
        prop_assert_eq!(kb.fact_count().unwrap(), stored.len() as u64);
        let graph = kb.graph().unwrap();
        let entities = kb.entity_count().unwrap() as u32;
        prop_assert_eq!(graph.entity_count(), entities as usize);
        for entity in (0..entities).map(EntityId) {
            let of: Vec<_> = stored.iter().copied().filter(|fact| fact.subject == entity).collect();
            prop_assert_eq!(kb.facts_of(entity, usize::MAX).unwrap(), of.clone());
            prop_assert_eq!(kb.facts_of(entity, 1).unwrap(), of.into_iter().take(1).collect::<Vec<_>>());
            let about: BTreeSet<_> = stored.iter().copied().filter(|fact| fact.object == entity).collect();
            let found: BTreeSet<_> = kb.facts_about(entity, usize::MAX).unwrap().into_iter().collect();
            prop_assert_eq!(found, about);
            let key = kb.key(entity).unwrap();
            prop_assert_eq!(kb.entity_id(&key).unwrap(), Some(entity));
            prop_assert!(kb.search(&key, jove_core::Lang::EN, 1).unwrap()[0].entity == entity);
        }
    }

    #[test]
    fn keys_that_are_the_same_are_one_entity(pairs in prop::collection::vec((0..9_usize, 0..9_usize), 0..9)) {
        let line = |(a, b): &(usize, usize)| format!("{{\"id\":\"e{a}\",\"same-as\":[\"e{b}\"]}}\n");
        let named = (0..9).map(|n| format!("{{\"id\":\"e{n}\"}}\n")).collect::<Vec<_>>().concat();
        let (kb, report) = Place::new().build(Format::Jsonl, named + &pairs.iter().map(line).collect::<String>());
        let mut class: Vec<usize> = (0..9).collect();
        for (a, b) in &pairs {
            let (old, new) = (class[*a].max(class[*b]), class[*a].min(class[*b]));
            class.iter_mut().filter(|one| **one == old).for_each(|one| *one = new);
        }
        let classes: BTreeSet<usize> = class.iter().copied().collect();
        prop_assert_eq!(kb.entity_count().unwrap(), classes.len() as u64);
        prop_assert_eq!(report.merged, 9 - classes.len() as u64);
        for (a, b) in (0..9).flat_map(|a| (0..9).map(move |b| (a, b))) {
            let same = kb.entity_id(&format!("e{a}")).unwrap() == kb.entity_id(&format!("e{b}")).unwrap();
            prop_assert_eq!(same, class[a] == class[b]);
        }
    }
}

#[test]
fn entities_that_do_not_exist_are_refused_by_number() {
    let (kb, _) = Place::new().build(Format::Tsv, "a\tp\tb\n");
    for error in [
        kb.key(EntityId(99)).map(|_| ()).unwrap_err(),
        kb.popularity(EntityId(99)).map(|_| ()).unwrap_err(),
        kb.keys(EntityId(99)).map(|_| ()).unwrap_err(),
    ] {
        assert_eq!(error.to_string(), "no entity has the key or name `#99`");
    }
    assert!(kb.facts_of(EntityId(99), 5).unwrap().is_empty() && kb.names(EntityId(99)).unwrap().is_empty());
    assert_eq!(kb.entity_id("").unwrap(), None);
}
