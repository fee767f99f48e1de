//! What the knowledge link knows of the graph: plain lists, made before training.

use std::collections::BTreeMap;

use jove_core::{EntityId, TokenId};

use jove_objectives::Descriptions;

/// Which entities a mention could be taken for, and which it might as well mean.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HardNegatives {
    /// For every entity, others that are like it and no wrong answer for it: those that neither share a fact nor
    /// a name with it.
    pub negatives: BTreeMap<EntityId, Vec<EntityId>>,
    names: Vec<Vec<EntityId>>,
    names_of: BTreeMap<EntityId, Vec<u32>>,
}

impl HardNegatives {
    /// From the entities that bear each name; names of one entity alone say nothing and are left out.
    pub fn sharing(names: impl IntoIterator<Item = Vec<EntityId>>) -> Self {
        let mut hard_negatives = Self::default();
        for mut bearers in names {
            bearers.sort_unstable();
            bearers.dedup();
            if bearers.len() > 1 {
                let number = hard_negatives.names.len() as u32;
                for &entity in &bearers {
                    hard_negatives.names_of.entry(entity).or_default().push(number);
                }
                hard_negatives.names.push(bearers);
            }
        }
        hard_negatives
    }

    /// Whether two entities share a name.
    pub fn share_a_name(&self, a: EntityId, b: EntityId) -> bool {
        let of = |entity| self.names_of.get(entity).map_or(&[][..], Vec::as_slice);
        of(&a).iter().any(|number| of(&b).binary_search(number).is_ok())
    }

    /// The entities that share a name with one, ascending, without itself.
    pub(crate) fn namesakes(&self, entity: EntityId) -> Vec<EntityId> {
        let numbers = self.names_of.get(&entity).map_or(&[][..], Vec::as_slice);
        let mut all: Vec<EntityId> =
            numbers.iter().flat_map(|&number| &self.names[number as usize]).copied().filter(|&e| e != entity).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// Whether no name is shared.
    pub(crate) fn is_unambiguous(&self) -> bool {
        self.names.is_empty()
    }
}

/// A fact: subject, number of the relation, object.
pub type RelationFact = (EntityId, u32, EntityId);

/// Facts for the relation form of the knowledge link.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Relations {
    labels: Vec<Vec<Vec<TokenId>>>,
    facts: Vec<RelationFact>,
    descriptions: Descriptions,
}

impl Relations {
    /// From the tokens of every relation's labels, such as one a language; the facts; and the descriptions of their ends.
    /// Facts of which a part has no tokens are left out, and so are repeated ones.
    pub fn new(labels: Vec<Vec<Vec<TokenId>>>, mut facts: Vec<RelationFact>, descriptions: Descriptions) -> Self {
        let has_tokens =
            |variants: &[Vec<TokenId>]| !variants.is_empty() && variants.iter().all(|tokens| !tokens.is_empty());
        facts.retain(|(subject, relation, object)| {
            let ends =
                [subject, object].into_iter().all(|end| descriptions.get(end).is_some_and(|all| has_tokens(all)));
            ends && labels.get(*relation as usize).is_some_and(|all| has_tokens(all))
        });
        facts.sort_unstable();
        facts.dedup();
        Self { labels, facts, descriptions }
    }

    /// The facts, in order.
    pub fn facts(&self) -> &[RelationFact] {
        &self.facts
    }

    /// Whether there is the fact.
    pub fn holds(&self, subject: EntityId, relation: u32, object: EntityId) -> bool {
        self.facts.binary_search(&(subject, relation, object)).is_ok()
    }

    /// The descriptions of the ends of facts.
    pub fn descriptions(&self) -> &Descriptions {
        &self.descriptions
    }

    /// The labels of the relation of a fact.
    pub(crate) fn label(&self, relation: u32) -> &[Vec<TokenId>] {
        &self.labels[relation as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn namesakes_share_a_name_and_the_relation_is_mutual() {
        let hard_negatives = HardNegatives::sharing(
            [vec![1, 2], vec![2, 3, 2], vec![4], vec![]].map(|all| all.into_iter().map(EntityId).collect()),
        );
        let namesakes =
            |entity| hard_negatives.namesakes(EntityId(entity)).into_iter().map(|e| e.0).collect::<Vec<_>>();
        assert_eq!([namesakes(1), namesakes(2), namesakes(4)], [vec![2], vec![1, 3], vec![]]);
        assert!(
            hard_negatives.share_a_name(EntityId(3), EntityId(2))
                && !hard_negatives.share_a_name(EntityId(1), EntityId(3))
        );
        assert!(!hard_negatives.is_unambiguous() && HardNegatives::sharing([vec![EntityId(1)]]).is_unambiguous());
    }

    #[test]
    fn facts_without_words_are_left_out() {
        let word = || vec![vec![TokenId(9)]];
        let descriptions =
            Descriptions::from([(EntityId(1), word()), (EntityId(2), word()), (EntityId(3), vec![vec![]])]);
        let facts = [(2, 0, 1), (1, 0, 2), (1, 0, 2), (1, 1, 2), (1, 7, 2), (1, 0, 3), (1, 0, 4)];
        let facts = facts.map(|(s, r, o)| (EntityId(s), r, EntityId(o))).to_vec();
        let relations = Relations::new(vec![word(), vec![]], facts, descriptions);
        assert_eq!(relations.facts(), [(EntityId(1), 0, EntityId(2)), (EntityId(2), 0, EntityId(1))]);
        assert!(relations.holds(EntityId(2), 0, EntityId(1)) && !relations.holds(EntityId(1), 1, EntityId(2)));
    }
}
