//! What the knowledge link and its relation form share: items, and the choice of descriptions.

use std::collections::BTreeMap;
use std::ops::Range;

use jove_core::{EntityId, Rng, TokenId};
use jove_model::Backend;
use jove_objectives::{Descriptions, LinkForm, LinkHead, LinkItems, Pooling, knowledge_link};
use rand::RngExt as _;

use crate::batch::Batch;
use crate::diagnostics;
use crate::metrics::Diagnostics;
use crate::objective::rules::{LossInput, Part};
use crate::packing::{Packing, ids};
use crate::targets::Targets;

/// Mentions and the descriptions they are contrasted with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LinkTargets {
    /// The rows of every mention, or of every subject with its relation.
    pub mentions: Vec<Range<usize>>,
    /// For every mention, the index of its entity's description.
    pub positives: Vec<usize>,
    /// The rows that stand for every description; no entity has two. Some belong to no mention: hard negatives.
    pub descriptions: Vec<Range<usize>>,
    /// The entity of every description.
    pub entities: Vec<EntityId>,
    /// For every mention further entities, ascending, that are no negatives of it; empty where no mention has any.
    pub excluded: Vec<Vec<EntityId>>,
}

impl Targets for LinkTargets {
    fn count(&self) -> usize {
        self.mentions.len()
    }

    fn for_each_range(&mut self, f: &mut dyn FnMut(&mut Range<usize>)) {
        self.mentions.iter_mut().chain(&mut self.descriptions).for_each(f);
    }

    fn boxed(&self) -> Box<dyn Targets> {
        Box::new(self.clone())
    }
}

/// The loss of a contrast between mentions and descriptions, and its diagnostics under `name`.
pub(crate) fn contrast<D: Backend>(
    name: &str,
    head: Option<&LinkHead<D>>,
    form: &LinkForm<'_, D>,
    input: &LossInput<'_, D>,
    diagnostics: &mut Diagnostics,
) -> Part<D> {
    let (Some(head), Some(targets)) = (head, input.items::<LinkTargets>()) else { return Ok(None) };
    let numbers = |entities: &Vec<EntityId>| entities.iter().map(|entity| entity.0).collect::<Vec<u32>>();
    let entities = numbers(&targets.entities);
    let excluded: Vec<Vec<u32>> = targets.excluded.iter().map(numbers).collect();
    let excluded: Vec<&[u32]> = excluded.iter().map(Vec::as_slice).collect();
    let items = LinkItems {
        mentions: &targets.mentions,
        positives: &targets.positives,
        descriptions: &targets.descriptions,
        entities: &entities,
        excluded: &excluded,
    };
    let linked = knowledge_link(head, input.hidden.retaped(), &items, form)?;
    if input.diagnosed {
        diagnostics::read(name, &linked, &items, head, diagnostics);
    }
    Ok(Some(linked.loss))
}

/// Descriptions chosen for a batch, each entity's once, while there is room.
pub(crate) struct Chosen<'a> {
    descriptions: &'a Descriptions,
    /// The longest description, without special tokens.
    longest: usize,
    /// Tokens left.
    left: usize,
    index_of: BTreeMap<EntityId, usize>,
    /// The tokens of each, in order.
    pub(crate) tokens: Vec<&'a [TokenId]>,
    /// The entity of each.
    pub(crate) entities: Vec<EntityId>,
}

impl<'a> Chosen<'a> {
    pub(crate) fn new(descriptions: &'a Descriptions, length: usize, budget: usize) -> Self {
        let longest = length.saturating_sub(2);
        let (index_of, tokens, entities) = (BTreeMap::new(), Vec::new(), Vec::new());
        Self { descriptions, longest, left: budget, index_of, tokens, entities }
    }

    /// The index of an entity's description, which is added where it is not there yet and fits; one of several is drawn.
    pub(crate) fn add(&mut self, entity: EntityId, rng: &mut Rng) -> Option<usize> {
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

    pub(crate) fn contains(&self, entity: EntityId) -> bool {
        self.index_of.contains_key(&entity)
    }

    pub(crate) fn left(&self) -> usize {
        self.left
    }

    pub(crate) fn take(&mut self, tokens: usize) {
        self.left = self.left.saturating_sub(tokens);
    }

    /// Adds the descriptions to a batch as sequences of their own; their rows and entities become those of `targets`.
    pub(crate) fn push(self, packing: &Packing, pooling: Pooling, batch: &mut Batch, targets: &mut LinkTargets) {
        for description in &self.tokens {
            let start = batch.push(packing.wrap(&ids(description)), |_| 0);
            targets.descriptions.push(pooling.rows(start, description.len()));
        }
        targets.entities = self.entities;
    }
}
