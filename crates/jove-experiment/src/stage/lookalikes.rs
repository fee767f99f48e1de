//! Which entities a mention could be taken for, and which of them are no mistakes.

use std::collections::{BTreeMap, BTreeSet};

use jove_core::{EntityId, Purpose, Seed};
use jove_kb::{Kb, Kinds};
use jove_objectives::Descriptions;
use jove_trainer::HardNegatives;
use rayon::prelude::*;

use crate::Result;

/// Candidates kept for an entity: enough that one seldom meets the same ones.
const CANDIDATES_MAX: usize = 16;

/// The most entities of one name that count as sharing it.
const BEARERS_MAX: usize = 256;

/// Part of a key of random streams that is not that of batches.
const STREAM: u64 = 1 << 32;

/// For every described entity, others that look like it in the graph and that share neither a fact nor a name with it, if
/// `wanted`; and in any case which entities share names. The whole graph counts, held-out facts with it: a pair that is left
/// out of the negatives teaches nothing, one that is held against its own truth teaches a falsehood.
pub(crate) fn lookalikes(kb: &Kb, descriptions: &Descriptions, wanted: bool, seed: Seed) -> Result<HardNegatives> {
    let mut lookalikes = HardNegatives::sharing(shared_names(kb, descriptions)?);
    if wanted {
        let graph = kb.graph()?;
        let kinds = Kinds::new(kb.type_of_all()?, |entity| descriptions.contains_key(&entity));
        let found: Vec<(EntityId, Vec<EntityId>)> = descriptions
            .par_iter()
            .map(|(&entity, _)| {
                let fits = |other| descriptions.contains_key(&other) && !lookalikes.share_a_name(entity, other);
                let mut rng = seed.rng(Purpose::Negatives, STREAM, u64::from(entity.0));
                (entity, graph.similar_entities(entity, &kinds, fits, CANDIDATES_MAX, &mut rng))
            })
            .collect();
        lookalikes.negatives = found.into_iter().filter(|(_, others)| !others.is_empty()).collect();
    }
    Ok(lookalikes)
}

/// The described entities that bear each name that more than one of them bears, whatever its case. A name of very many tells
/// nothing and is left out.
fn shared_names(kb: &Kb, descriptions: &Descriptions) -> Result<Vec<Vec<EntityId>>> {
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
    use crate::stage::describe::tests::base;

    #[test]
    fn lookalikes_share_neither_a_fact_nor_a_name() {
        let (_folder, kb) = base();
        let id = |key: &str| kb.entity_id(key).unwrap().unwrap();
        let keys = ["kabul", "herat", "kandahar", "afghanistan", "asia", "iran"];
        let descriptions: Descriptions = keys.iter().map(|key| (id(key), vec![vec![TokenId(7)]])).collect();
        let found = lookalikes(&kb, &descriptions, true, Seed(1)).unwrap();
        // Herat is of Kabul's type and lies in the same continent; so does Kandahar, but it is also called Kabul. Iran is of
        // another type and shares a neighbour, Afghanistan.
        assert_eq!(found.negatives[&id("kabul")], [id("herat"), id("iran")]);
        assert_eq!(found.namesakes(id("kabul")), [id("kandahar")]);
        for (&entity, others) in &found.negatives {
            for &other in others {
                assert!(!kb.graph().unwrap().neighbors(entity).contains(&other) && !found.share_a_name(entity, other));
            }
        }
        assert!(lookalikes(&kb, &descriptions, false, Seed(1)).unwrap().negatives.is_empty());
    }
}
