//! Shuffling a graph: every entity is exchanged for another one.

use std::collections::{BTreeMap, BTreeSet};

use jove_core::{EntityId, Purpose, Seed};
use rand::RngExt as _;

use crate::error::Error;

/// The seed of the shuffled graph: every arm and seed of a run gets the same one.
const SEED: Seed = Seed(0);

/// Another entity for each, each used once: one random cycle through all of them (Sattolo 1986, "An algorithm to
/// generate a random cyclic permutation"). `None` for fewer than two.
pub(crate) fn shuffled(entities: BTreeSet<EntityId>) -> Option<BTreeMap<EntityId, EntityId>> {
    let entities: Vec<EntityId> = entities.into_iter().collect();
    let mut partners = entities.clone();
    let mut rng = SEED.rng(Purpose::Control, 0, 0);
    for last in (1..partners.len()).rev() {
        partners.swap(last, rng.random_range(0..last));
    }
    (entities.len() > 1).then(|| entities.into_iter().zip(partners).collect())
}

/// Why a graph cannot be shuffled.
pub(crate) fn too_small(why: &str) -> Error {
    Error::Data {
        what: format!("this graph cannot be shuffled: {why}"),
        hint: "switch the controls off with ablation.controls = false, or add text and facts".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_entity_is_kept_and_each_is_used_once() {
        for count in 0..40u32 {
            let entities: BTreeSet<EntityId> = (0..count).map(|id| EntityId(3 * id)).collect();
            let Some(partner) = shuffled(entities.clone()) else {
                assert!(count < 2);
                continue;
            };
            assert!(partner.iter().all(|(entity, other)| entity != other));
            assert_eq!(partner.values().copied().collect::<BTreeSet<_>>(), entities);
        }
    }
}
