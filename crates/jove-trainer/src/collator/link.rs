//! Mentions and the descriptions that they are held against.

use std::collections::BTreeMap;
use std::ops::Range;

use jove_core::{EntityId, Purpose, Rng, TokenId};
use rand::RngExt as _;
use rand::seq::SliceRandom as _;

use super::{Collator, ids};
use crate::batch::{Batch, LinkTargets};
use jove_objectives::Descriptions;

/// A mention of a packed text whose entity has a description.
pub(super) type LinkedMention = (Range<usize>, EntityId);

/// Descriptions chosen for a batch, each entity's once, while there is room.
pub(super) struct Chosen<'a> {
    descriptions: &'a Descriptions,
    /// The longest description, without special tokens.
    longest: usize,
    /// Tokens left.
    left: usize,
    index_of: BTreeMap<EntityId, usize>,
    /// The tokens of each, in order.
    pub(super) tokens: Vec<&'a [TokenId]>,
    /// The entity of each.
    pub(super) entities: Vec<EntityId>,
}

impl<'a> Chosen<'a> {
    pub(super) fn new(descriptions: &'a Descriptions, length: usize, budget: usize) -> Self {
        let longest = length.saturating_sub(2);
        Self {
            descriptions,
            longest,
            left: budget,
            index_of: BTreeMap::new(),
            tokens: Vec::new(),
            entities: Vec::new(),
        }
    }

    /// The index of an entity's description, which is added where it is not there yet and fits; one of several is drawn.
    pub(super) fn add(&mut self, entity: EntityId, rng: &mut Rng) -> Option<usize> {
        if let Some(&index) = self.index_of.get(&entity) {
            return Some(index);
        }
        let variants = self.descriptions.get(&entity).filter(|variants| !variants.is_empty())?;
        let variant = &variants[rng.random_range(0..variants.len())];
        let kept = &variant[..variant.len().min(self.longest)];
        if kept.is_empty() || kept.len() + 2 > self.left {
            return None;
        }
        self.left -= kept.len() + 2;
        self.index_of.insert(entity, self.tokens.len());
        self.entities.push(entity);
        self.tokens.push(kept);
        Some(self.tokens.len() - 1)
    }

    fn contains(&self, entity: EntityId) -> bool {
        self.index_of.contains_key(&entity)
    }

    pub(super) fn left(&self) -> usize {
        self.left
    }

    pub(super) fn take(&mut self, tokens: usize) {
        self.left = self.left.saturating_sub(tokens);
    }
}

impl Collator {
    /// Chooses mentions and adds their entities' descriptions, each entity's once, and those of lookalikes.
    pub(super) fn fill_link(&self, batch: &mut Batch, mut mentions: Vec<LinkedMention>, budget: usize, pass: u64) {
        let options = &self.config.objectives.link;
        if options.weight == 0.0 {
            return;
        }
        let mut rng = self.config.seed.rng(Purpose::Negatives, 0, pass);
        mentions.shuffle(&mut rng);
        let mut chosen = Chosen::new(&self.data.descriptions, options.description_length, budget);
        let mut targets = LinkTargets::default();
        for (rows, entity) in mentions {
            if targets.mentions.len() == options.mentions {
                break;
            }
            let new = !chosen.contains(entity);
            let Some(index) = chosen.add(entity, &mut rng) else { continue };
            targets.mentions.push(rows);
            targets.positives.push(index);
            if new {
                self.add_lookalikes(&mut chosen, entity, &mut rng);
            }
        }
        if chosen.tokens.len() < 2 {
            return;
        }
        for description in &chosen.tokens {
            let start = batch.push(self.wrap(&ids(description)), |_| 0);
            targets.descriptions.push(options.pooling.rows(start, description.len()));
        }
        targets.entities = chosen.entities;
        targets.excluded = self.sharing_names(&targets);
        batch.link = targets;
    }

    /// Adds descriptions of entities that look like `entity` in the graph, as hard negatives; drawn anew every time.
    fn add_lookalikes(&self, chosen: &mut Chosen<'_>, entity: EntityId, rng: &mut Rng) {
        let wanted = self.config.objectives.link.hard_negatives;
        let Some(candidates) = self.data.lookalikes.negatives.get(&entity).filter(|_| wanted > 0) else { return };
        let mut candidates = candidates.clone();
        candidates.shuffle(rng);
        let new = candidates.into_iter().filter(|&other| other != entity);
        let mut left = wanted;
        for other in new {
            if left == 0 {
                break;
            }
            if !chosen.contains(other) && chosen.add(other, rng).is_some() {
                left -= 1;
            }
        }
    }

    /// For every mention the entities that share a name with its own, as far as any do; empty where there are none.
    fn sharing_names(&self, targets: &LinkTargets) -> Vec<Vec<EntityId>> {
        let lookalikes = &self.data.lookalikes;
        let of = |&positive: &usize| lookalikes.namesakes(targets.entities[positive]);
        if lookalikes.is_unambiguous() { Vec::new() } else { targets.positives.iter().map(of).collect() }
    }
}
