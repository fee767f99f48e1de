//! What is true in the graph, so that no true candidate counts as wrong.

use std::collections::{BTreeMap, BTreeSet};

use jove_core::EntityId;
use jove_kb::{Fact, Kb, PredicateId};

use crate::error::Error;

/// The facts that some entities take part in.
pub(crate) struct Truths {
    /// By entity: relation, whether the entity is its subject, and the other end.
    around: BTreeMap<EntityId, BTreeSet<(PredicateId, bool, EntityId)>>,
    /// By relation: its inverse; a symmetric relation is its own.
    inverse: Vec<Option<PredicateId>>,
}

impl Truths {
    pub(crate) fn new(kb: &Kb, entities: &BTreeSet<EntityId>) -> Result<Self, Error> {
        let mut around: BTreeMap<EntityId, BTreeSet<_>> = BTreeMap::new();
        kb.visit_facts(|fact| {
            for (entity, forward, other) in [(fact.subject, true, fact.object), (fact.object, false, fact.subject)] {
                if entities.contains(&entity) {
                    around.entry(entity).or_default().insert((fact.predicate, forward, other));
                }
            }
        })?;
        let inverse = kb
            .predicates()?
            .iter()
            .zip(0..)
            .map(|(info, id)| if info.symmetric { Some(PredicateId(id)) } else { info.inverse });
        Ok(Self { around, inverse: inverse.collect() })
    }

    /// The ends that the graph gives a relation of `entity`, which is its subject where `forward`; facts of the inverse
    /// relation count.
    pub(crate) fn ends(&self, entity: EntityId, predicate: PredicateId, forward: bool) -> BTreeSet<EntityId> {
        let mut found = BTreeSet::new();
        self.collect(entity, predicate, forward, &mut found);
        if let Some(inverse) = self.inverse.get(predicate.0 as usize).copied().flatten() {
            self.collect(entity, inverse, !forward, &mut found);
        }
        found
    }

    fn collect(&self, entity: EntityId, predicate: PredicateId, forward: bool, found: &mut BTreeSet<EntityId>) {
        let Some(set) = self.around.get(&entity) else { return };
        let range = (predicate, forward, EntityId(0))..=(predicate, forward, EntityId(u32::MAX));
        found.extend(set.range(range).map(|&(_, _, end)| end));
    }

    /// Adds all entities that share with `entity` a relation to `other`.
    pub(crate) fn alike(&self, other: EntityId, entity: EntityId, found: &mut BTreeSet<EntityId>) {
        let Some(set) = self.around.get(&other) else { return };
        let shared: BTreeSet<(PredicateId, bool)> = set
            .iter()
            .filter(|(_, _, end)| *end == entity)
            .map(|&(predicate, forward, _)| (predicate, forward))
            .collect();
        for (predicate, forward) in shared {
            self.collect(other, predicate, forward, found);
        }
    }
}

/// The objects of a relation that its facts name, with the number of facts for each, the commonest first.
pub(crate) type Range = Vec<(EntityId, u32)>;

/// The ranges of some relations. Facts in `held_out` make an object one of the range and are not counted: nothing that is
/// trained on states them.
pub(crate) fn ranges(
    kb: &Kb,
    relations: &BTreeSet<PredicateId>,
    held_out: &BTreeSet<Fact>,
) -> Result<BTreeMap<PredicateId, Range>, Error> {
    let mut counts: BTreeMap<PredicateId, BTreeMap<EntityId, u32>> = BTreeMap::new();
    kb.visit_facts(|fact| {
        if relations.contains(&fact.predicate) {
            let count = counts.entry(fact.predicate).or_default().entry(fact.object).or_default();
            *count += u32::from(!held_out.contains(&fact));
        }
    })?;
    let sorted = |objects: BTreeMap<EntityId, u32>| {
        let mut range: Range = objects.into_iter().collect();
        range.sort_by_key(|&(entity, count)| (std::cmp::Reverse(count), entity));
        range
    };
    Ok(counts.into_iter().map(|(predicate, objects)| (predicate, sorted(objects))).collect())
}

/// How many subjects and objects of a relation go together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cardinality {
    /// A subject has one object, which has one subject.
    OneToOne,
    /// A subject has several objects.
    OneToMany,
    /// An object has several subjects.
    ManyToOne,
    /// Both.
    ManyToMany,
}

impl Cardinality {
    /// Its usual name, such as `N-to-1`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OneToOne => "1-to-1",
            Self::OneToMany => "1-to-N",
            Self::ManyToOne => "N-to-1",
            Self::ManyToMany => "N-to-N",
        }
    }
}

/// From this mean number of ends on there are several (Bordes et al. 2013, "Translating Embeddings for Modeling
/// Multi-relational Data", section 4.3).
const SEVERAL: f64 = 1.5;

/// The cardinality of every relation with facts.
///
/// # Errors
/// Where the knowledge base cannot be read.
pub fn cardinalities(kb: &Kb) -> Result<BTreeMap<PredicateId, Cardinality>, Error> {
    #[derive(Default)]
    struct Ends(u64, BTreeSet<EntityId>, BTreeSet<EntityId>);
    let mut ends: BTreeMap<PredicateId, Ends> = BTreeMap::new();
    kb.visit_facts(|fact| {
        let Ends(facts, subjects, objects) = ends.entry(fact.predicate).or_default();
        *facts += 1;
        subjects.insert(fact.subject);
        objects.insert(fact.object);
    })?;
    let kind = |Ends(facts, subjects, objects): Ends| {
        let several = |ends: usize| facts as f64 / ends as f64 >= SEVERAL;
        match (several(objects.len()), several(subjects.len())) {
            (false, false) => Cardinality::OneToOne,
            (false, true) => Cardinality::OneToMany,
            (true, false) => Cardinality::ManyToOne,
            (true, true) => Cardinality::ManyToMany,
        }
    };
    Ok(ends.into_iter().map(|(predicate, ends)| (predicate, kind(ends))).collect())
}
