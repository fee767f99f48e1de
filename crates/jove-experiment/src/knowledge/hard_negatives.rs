//! Entities that a mention may be confused with: hard negatives, and those that share a name and so may be meant as well.

use std::collections::{BTreeMap, BTreeSet};

use jove_core::{EntityId, Purpose, Seed};
use jove_kb::{Kb, Kinds};
use jove_objectives::Descriptions;
use jove_trainer::HardNegatives;
use rayon::prelude::*;

use crate::error::Result;

/// Candidates kept for an entity: enough that a batch seldom draws the same ones again.
const CANDIDATES_MAX: usize = 16;

/// The most entities of one name that count as sharing it.
const BEARERS_MAX: usize = 256;

/// Part of a key of random streams that is not that of batches.
const STREAM: u64 = 1 << 32;

/// The hard negatives of each entity, in the order of their draws.
pub(crate) type Negatives = BTreeMap<EntityId, Vec<EntityId>>;

/// For every described entity, others that resemble it in the graph and that share neither a fact nor a name with it, drawn
/// from `seed`. The whole graph counts, held-out facts with it: a pair that is not a negative teaches nothing, but one that is
/// a negative though its fact is true teaches a falsehood.
///
/// # Errors
/// When the knowledge base cannot be read.
pub(crate) fn negatives(
    kb: &Kb,
    descriptions: &Descriptions,
    shared_names: Vec<Vec<EntityId>>,
    seed: Seed,
) -> Result<Negatives> {
    let names = HardNegatives::sharing(shared_names);
    let graph = kb.graph()?;
    let kinds = Kinds::new(kb.type_of_all()?, |entity| descriptions.contains_key(&entity));
    let found: Vec<(EntityId, Vec<EntityId>)> = descriptions
        .par_iter()
        .map(|(&entity, _)| {
            let fits = |other| descriptions.contains_key(&other) && !names.share_a_name(entity, other);
            let mut rng = seed.rng(Purpose::Negatives, STREAM, u64::from(entity.0));
            (entity, graph.similar_entities(entity, &kinds, fits, CANDIDATES_MAX, &mut rng))
        })
        .collect();
    Ok(found.into_iter().filter(|(_, others)| !others.is_empty()).collect())
}

/// For each name that more than one described entity has, whatever its case, these entities, ascending; ordered by name. A
/// name of very many entities says nothing and is left out.
///
/// # Errors
/// When the knowledge base cannot be read.
pub(crate) fn shared_names(kb: &Kb, descriptions: &Descriptions) -> Result<Vec<Vec<EntityId>>> {
    let mut bearers: BTreeMap<String, BTreeSet<EntityId>> = BTreeMap::new();
    kb.visit_aliases(|record| {
        if descriptions.contains_key(&record.entity) {
            bearers.entry(record.alias.trim().to_lowercase()).or_default().insert(record.entity);
        }
    })?;
    let shared = bearers.into_values().filter(|bearers| (2..=BEARERS_MAX).contains(&bearers.len()));
    Ok(shared.map(|bearers| bearers.into_iter().collect()).collect())
}

#[cfg(test)]
mod tests {
    use jove_core::TokenId;

    use super::*;
    use crate::knowledge::descriptions::tests::base;

    #[test]
    fn negatives_share_neither_a_fact_nor_a_name() {
        let (_folder, kb) = base();
        let id = |key: &str| kb.entity_id(key).unwrap().unwrap();
        let keys = ["kabul", "herat", "kandahar", "afghanistan", "asia", "iran"];
        let descriptions: Descriptions = keys.iter().map(|key| (id(key), vec![vec![TokenId(7)]])).collect();
        let shared = shared_names(&kb, &descriptions).unwrap();
        assert_eq!(shared, [[id("kabul"), id("kandahar")]]);
        let found = negatives(&kb, &descriptions, shared.clone(), Seed(1)).unwrap();
        // Herat is of Kabul's type and lies in the same continent; so does Kandahar, but it is also called Kabul. Iran is of
        // another type and shares a neighbour, Afghanistan.
        assert_eq!(found[&id("kabul")], [id("herat"), id("iran")]);
        let names = HardNegatives::sharing(shared);
        for (&entity, others) in &found {
            for &other in others {
                assert!(!kb.graph().unwrap().neighbors(entity).contains(&other) && !names.share_a_name(entity, other));
            }
        }
    }

    #[test]
    fn entities_without_a_description_are_no_negatives() {
        let (_folder, kb) = base();
        let id = |key: &str| kb.entity_id(key).unwrap().unwrap();
        let descriptions = Descriptions::from([(id("kabul"), vec![vec![TokenId(7)]])]);
        assert!(shared_names(&kb, &descriptions).unwrap().is_empty(), "Kandahar, also called Kabul, is not described");
        assert!(negatives(&kb, &descriptions, Vec::new(), Seed(1)).unwrap().is_empty());
        assert!(negatives(&kb, &Descriptions::new(), Vec::new(), Seed(1)).unwrap().is_empty());
    }
}
