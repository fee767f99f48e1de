//! Items of mention retrieval and of entity typing.

use std::collections::{BTreeMap, BTreeSet};

use jove_core::{EntityId, Purpose, Seed, TokenizedText};
use jove_kb::Kb;
use rand::RngExt as _;
use rand::seq::SliceRandom as _;

use crate::entity_typing::{TypingItem, TypingItems};
use crate::error::Error;
use crate::mention_retrieval::MentionItem;

/// Random streams of [`Purpose::Probe`] that this module uses.
const MENTION_ORDER: u64 = 2;
const TYPING_SIDE: u64 = 5;
const TYPING_ORDER: u64 = 6;

/// Fewest entities of a type on either side of the split.
const TYPE_ENTITIES_MIN: usize = 4;
/// Largest number of types: the most frequent ones.
const TYPES_MAX: usize = 20;
/// Largest number of mentions of one entity, so that a few entities do not dominate a type.
const ENTITY_MENTIONS_MAX: usize = 8;

/// Items of mention retrieval: the linked mentions of some texts, a sample of at most `items_max` of them by `seed`.
pub fn mention_items(texts: &[TokenizedText], items_max: usize, seed: Seed) -> Vec<MentionItem> {
    let mut places = places(texts);
    places.shuffle(&mut seed.rng(Purpose::Probe, MENTION_ORDER, 0));
    places.truncate(items_max);
    places.into_iter().map(|place| mention(texts, place)).collect()
}

/// Items of entity typing: mentions with the type of their entity, the first that the graph gives it. Each entity is assigned to
/// training or test by `seed`, so that no entity is on both sides. Types with fewer than four entities on either side are
/// left out, and so are all but the 20 with the most entities; each side has at most `items_max` mentions, at most eight of one
/// entity. Both sides are empty where fewer than two types remain.
///
/// # Errors
/// Where the knowledge base cannot be read.
pub fn typing_items(kb: &Kb, texts: &[TokenizedText], items_max: usize, seed: Seed) -> Result<TypingItems, Error> {
    let types = kb.type_of_all()?;
    let type_of = |entity: EntityId| types.get(entity.0 as usize).copied().flatten();
    let in_training = |entity: EntityId| seed.rng(Purpose::Probe, TYPING_SIDE, u64::from(entity.0)).random_bool(0.5);
    let mut places = places(texts);
    places.shuffle(&mut seed.rng(Purpose::Probe, TYPING_ORDER, 0));
    let entity_of = |(index, mention): (usize, usize)| texts[index].mentions[mention].1;

    let mut members: BTreeMap<u32, [BTreeSet<EntityId>; 2]> = BTreeMap::new();
    for entity in places.iter().map(|&place| entity_of(place)) {
        if let Some(kind) = type_of(entity) {
            members.entry(kind).or_default()[usize::from(in_training(entity))].insert(entity);
        }
    }
    members.retain(|_, sides| sides.iter().all(|side| side.len() >= TYPE_ENTITIES_MIN));
    let mut frequent: Vec<(usize, u32)> =
        members.iter().map(|(&kind, [test, train])| (test.len() + train.len(), kind)).collect();
    frequent.sort_unstable_by_key(|&(count, kind)| (std::cmp::Reverse(count), kind));
    frequent.truncate(TYPES_MAX);
    let mut items = TypingItems { train: Vec::new(), test: Vec::new(), types: frequent.len() };
    if frequent.len() < 2 {
        return Ok(TypingItems { types: 0, ..items });
    }
    let class: BTreeMap<u32, usize> = frequent.iter().enumerate().map(|(class, &(_, kind))| (kind, class)).collect();
    let mut taken: BTreeMap<EntityId, usize> = BTreeMap::new();
    for place in places {
        let entity = entity_of(place);
        let Some(&class) = type_of(entity).and_then(|kind| class.get(&kind)) else { continue };
        let side = if in_training(entity) { &mut items.train } else { &mut items.test };
        let taken = taken.entry(entity).or_default();
        if side.len() < items_max && *taken < ENTITY_MENTIONS_MAX {
            *taken += 1;
            side.push(TypingItem { mention: mention(texts, place), class });
        }
    }
    Ok(items)
}

/// Every mention, as the index of its text and its index there.
fn places(texts: &[TokenizedText]) -> Vec<(usize, usize)> {
    texts.iter().enumerate().flat_map(|(index, text)| (0..text.mentions.len()).map(move |m| (index, m))).collect()
}

fn mention(texts: &[TokenizedText], (index, mention): (usize, usize)) -> MentionItem {
    let text = &texts[index];
    let (span, entity) = text.mentions[mention];
    MentionItem { tokens: text.tokens.clone(), span, entity }
}
