//! Groups of equivalent facts.

use std::collections::{BTreeMap, HashMap, HashSet};

use jove_core::EntityId;

use super::patterns::Patterns;
use crate::fact::{Fact, PredicateId, PredicateInfo};

/// A predicate counts as another's inverse when this share of its facts is also stated in the other direction.
const SHOWN_SHARE: f64 = 0.5;
/// And when at least so many are.
const SHOWN_MIN: usize = 3;

/// What facts that are equivalent have in common: the two entities in order, and the family.
pub(crate) type Group = (EntityId, EntityId, PredicateId);

/// Predicates joined with their inverses.
pub(crate) struct Families {
    family: Vec<u32>,
    /// Families that always stay in training.
    kept: HashSet<u32>,
}

impl Families {
    /// Joins what the knowledge base declares, what the patterns declare, and what the facts show.
    pub(crate) fn new(predicates: &[PredicateInfo], facts: &[Fact], patterns: &Patterns) -> Self {
        let mut families = Self { family: (0..predicates.len() as u32).collect(), kept: HashSet::new() };
        let by_key: BTreeMap<&str, u32> =
            predicates.iter().enumerate().map(|(index, info)| (info.key.as_str(), index as u32)).collect();
        for (index, info) in predicates.iter().enumerate() {
            if let Some(inverse) = info.inverse {
                families.join(index as u32, inverse.0);
            }
            if let Some(&inverse) = patterns.inverse(&info.key).and_then(|key| by_key.get(key)) {
                families.join(index as u32, inverse);
            }
        }
        for (a, b) in shown(predicates.len(), facts) {
            families.join(a, b);
        }
        for (index, info) in predicates.iter().enumerate() {
            if !patterns.may_hold_out(&info.key) {
                families.kept.insert(families.find(index as u32));
            }
        }
        families
    }

    /// Whether facts of a group may be held out: a family stays in training as a whole.
    pub(crate) fn may_hold_out(&self, group: Group) -> bool {
        !self.kept.contains(&group.2.0)
    }

    fn find(&self, predicate: u32) -> u32 {
        let mut at = predicate;
        while self.family[at as usize] != at {
            at = self.family[at as usize];
        }
        at
    }

    fn join(&mut self, a: u32, b: u32) {
        if (a.max(b) as usize) < self.family.len() {
            let (a, b) = (self.find(a), self.find(b));
            self.family[a.max(b) as usize] = a.min(b);
        }
    }

    /// What a fact and its twins have in common.
    pub(crate) fn group(&self, fact: Fact) -> Group {
        let (low, high) = (fact.subject.min(fact.object), fact.subject.max(fact.object));
        (low, high, PredicateId(self.find(fact.predicate.0)))
    }
}

/// Pairs of predicates of which one mostly states the other's facts in the other direction.
fn shown(predicates: usize, facts: &[Fact]) -> Vec<(u32, u32)> {
    let mut totals = vec![0_usize; predicates];
    let mut by_pair: HashMap<(EntityId, EntityId), Vec<u32>> = HashMap::with_capacity(facts.len());
    for fact in facts {
        totals[fact.predicate.0 as usize] += 1;
        by_pair.entry((fact.subject, fact.object)).or_default().push(fact.predicate.0);
    }
    let mut both: BTreeMap<(u32, u32), usize> = BTreeMap::new();
    let mut met = HashSet::new();
    for fact in facts {
        for other in by_pair.get(&(fact.object, fact.subject)).into_iter().flatten() {
            if met.insert((fact, *other)) {
                *both.entry((fact.predicate.0, *other)).or_default() += 1;
            }
        }
    }
    both.into_iter()
        .filter(|((a, _), count)| *count >= SHOWN_MIN && *count as f64 >= SHOWN_SHARE * totals[*a as usize] as f64)
        .map(|(pair, _)| pair)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fact(subject: u32, predicate: u32, object: u32) -> Fact {
        Fact { subject: EntityId(subject), predicate: PredicateId(predicate), object: EntityId(object) }
    }

    fn info(key: &str) -> PredicateInfo {
        PredicateInfo { key: key.into(), inverse: None, symmetric: false }
    }

    #[test]
    fn inverses_are_found_in_the_facts() {
        let predicates = [info("首都"), info("capital of"), info("borders")];
        let facts: Vec<_> = (0..4).flat_map(|n| [fact(n, 0, n + 10), fact(n + 10, 1, n), fact(n, 2, n + 20)]).collect();
        let families = Families::new(&predicates, &facts, &Patterns::default());
        assert_eq!(families.group(facts[0]), families.group(facts[1]));
        assert_ne!(families.group(fact(1, 0, 2)), families.group(fact(1, 2, 2)));
        assert_eq!(families.group(fact(1, 2, 2)), families.group(fact(2, 2, 1)), "a symmetric twin");
    }
}
