//! The same sentences over a graph whose facts are exchanged: what they say of two entities, the graph doesn't.

use std::collections::{BTreeMap, HashSet};

use jove_core::{EntityId, Purpose, Rng, Seed};
use rand::RngExt as _;
use rand::seq::SliceRandom as _;

use crate::fact::Fact;

/// Tries to find an object for one fact before another way is taken.
const TRIES: usize = 64;

/// What decides which facts may lend each other their objects.
pub(super) type Class = (u32, Vec<bool>);

/// Gives each fact the object of another one of its class, so that a class keeps its objects and their counts. The two
/// entities of a new fact are related by none of `all`, in neither direction; where a class has no such object left for a
/// fact, one of any class that `fits`; where there is none either, the fact is left out (`None`).
pub(super) fn shuffled(
    facts: &[(Class, Fact)],
    all: &[Fact],
    seed: Seed,
    fits: impl Fn(&Class, EntityId, EntityId) -> bool,
) -> Vec<Option<Fact>> {
    let related: HashSet<(EntityId, EntityId)> =
        all.iter().flat_map(|fact| [(fact.subject, fact.object), (fact.object, fact.subject)]).collect();
    let valid = |index: usize, object: EntityId| {
        let (class, Fact { subject, .. }) = &facts[index];
        *subject != object && !related.contains(&(*subject, object)) && fits(class, *subject, object)
    };
    let mut classes: BTreeMap<&Class, Vec<usize>> = BTreeMap::new();
    for (index, (class, _)) in facts.iter().enumerate() {
        classes.entry(class).or_default().push(index);
    }
    let mut objects: Vec<EntityId> = facts.iter().map(|(_, fact)| fact.object).collect();
    for (stream, members) in (0..).zip(classes.values()) {
        exchange(members, &mut objects, &valid, &mut seed.rng(Purpose::Control, 1, stream));
    }
    let mut rng = seed.rng(Purpose::Control, 2, 0);
    let mut chosen = |index: usize| {
        let other = || facts[rng.random_range(0..facts.len())].1.object;
        let object = std::iter::once(objects[index]).chain(std::iter::repeat_with(other).take(TRIES));
        let object = object.into_iter().find(|&object| valid(index, object))?;
        Some(Fact { object, ..facts[index].1 })
    };
    (0..facts.len()).map(&mut chosen).collect()
}

/// Puts the objects of some facts in random order, then exchanges those that are not valid where they are.
fn exchange(members: &[usize], objects: &mut [EntityId], valid: &impl Fn(usize, EntityId) -> bool, rng: &mut Rng) {
    let mut order: Vec<EntityId> = members.iter().map(|&index| objects[index]).collect();
    order.shuffle(rng);
    members.iter().zip(order).for_each(|(&index, object)| objects[index] = object);
    for &index in members {
        for _ in 0..TRIES {
            if valid(index, objects[index]) {
                break;
            }
            let other = members[rng.random_range(0..members.len())];
            if valid(index, objects[other]) && valid(other, objects[index]) {
                objects.swap(index, other);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fact::PredicateId;

    fn facts(rows: &[(u32, u32, u32)]) -> Vec<Fact> {
        let fact = |&(subject, predicate, object): &(u32, u32, u32)| Fact {
            subject: EntityId(subject),
            predicate: PredicateId(predicate),
            object: EntityId(object),
        };
        rows.iter().map(fact).collect()
    }

    fn shuffle(all: &[Fact]) -> Vec<Option<Fact>> {
        let classed: Vec<(Class, Fact)> = all.iter().map(|fact| ((fact.predicate.0, vec![true]), *fact)).collect();
        shuffled(&classed, all, Seed(3), |_, _, _| true)
    }

    fn counts<'a>(facts: impl IntoIterator<Item = &'a Fact>) -> BTreeMap<(u32, EntityId), usize> {
        let mut counts = BTreeMap::new();
        facts.into_iter().for_each(|fact| *counts.entry((fact.predicate.0, fact.object)).or_default() += 1);
        counts
    }

    #[test]
    fn a_relation_keeps_its_objects_and_their_counts() {
        // 60 places in 6 regions, a tenth of each region's in the first.
        let all = facts(&(0..60).map(|place| (100 + place, 0, place % 6)).collect::<Vec<_>>());
        let found: Vec<Fact> = shuffle(&all).into_iter().map(Option::unwrap).collect();
        assert_eq!(counts(&found), counts(&all));
        assert!(found.iter().all(|fact| !all.contains(fact)));
        assert_eq!(shuffle(&all), shuffle(&all));
    }

    #[test]
    fn a_relation_with_one_object_borrows_from_others_and_else_is_left_out() {
        let mut all = facts(&(0..9).map(|place| (100 + place, 0, 1)).collect::<Vec<_>>());
        assert!(shuffle(&all).iter().all(Option::is_none), "no other object at all");
        all.extend(facts(&[(100, 1, 101), (101, 1, 102), (103, 1, 104)]));
        let found = shuffle(&all);
        assert!(found[..9].iter().flatten().all(|fact| fact.object != EntityId(1)));
        assert!(found[..9].iter().filter(|fact| fact.is_some()).count() >= 8, "{found:?}");
        assert!(shuffle(&[]).is_empty());
    }

    proptest! {
        #[test]
        fn no_two_entities_of_a_shuffled_fact_are_related(
            rows in prop::collection::vec((0u32..12, 0u32..3, 0u32..12), 0..60),
        ) {
            let all = facts(&rows);
            for (fact, found) in all.iter().zip(shuffle(&all)) {
                let Some(found) = found else { continue };
                prop_assert_eq!((found.subject, found.predicate), (fact.subject, fact.predicate));
                let related = |other: &Fact| {
                    let ends = (other.subject, other.object);
                    ends == (found.subject, found.object) || ends == (found.object, found.subject)
                };
                prop_assert!(found.subject != found.object && !all.iter().any(related));
            }
        }
    }
}
