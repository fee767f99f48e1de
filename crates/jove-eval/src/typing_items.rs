//! Questions of entity typing.

use std::collections::{BTreeMap, BTreeSet};

use jove_core::{AnnotatedText, ByteSpan, EntityId, Lang, Purpose, Seed};
use jove_corpus::Tokenizer;
use jove_kb::Kb;
use rand::RngExt as _;
use rand::seq::SliceRandom as _;
use serde::{Deserialize, Serialize};

use crate::entity_typing::TypingItem;
use crate::error::Error;
use crate::mention::mention_item;

/// Random streams of [`Purpose::Probe`] that this module uses.
const TYPING_SIDE: u64 = 5;
const TYPING_ORDER: u64 = 6;

/// Fewest entities of a type on either side of the split.
const TYPE_ENTITIES_MIN: usize = 4;
/// Largest number of types: the most frequent ones.
const TYPES_MAX: usize = 20;
/// Largest number of mentions of one entity, so that a few entities do not dominate a type.
const ENTITY_MENTIONS_MAX: usize = 8;

/// A mention and the type of its entity, in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TypingQuestion {
    /// The text.
    pub text: String,
    /// Its language.
    pub lang: Lang,
    /// The mention.
    pub span: ByteSpan,
    /// Its entity.
    pub entity: EntityId,
    /// The type, counted from 0.
    pub class: usize,
}

impl TypingQuestion {
    /// The question in tokens.
    ///
    /// # Errors
    /// Where the text cannot be tokenized.
    pub fn item(&self, tokenizer: &Tokenizer) -> Result<TypingItem, Error> {
        let mention = mention_item(&self.text, self.lang, self.span, self.entity, tokenizer)?;
        Ok(TypingItem { mention, class: self.class })
    }

    /// The mention's name.
    pub(crate) fn name(&self) -> &str {
        self.span.slice(&self.text).unwrap_or_default()
    }
}

/// Mentions for training a classifier, and mentions of other entities for testing it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TypingQuestions {
    /// Those to train on.
    pub train: Vec<TypingQuestion>,
    /// Those to test on; no entity is in both lists.
    pub test: Vec<TypingQuestion>,
    /// The types, by their number in the knowledge base; a class is an index of this list.
    pub types: Vec<u32>,
}

/// Makes the questions: linked mentions with the type of their entity, the first that the graph gives it. Each entity is
/// assigned to training or test by `seed`, so that no entity is on both sides. Types with fewer than four entities on either
/// side are left out, and so are all but the 20 with the most entities; each side has at most `items_max` mentions, at most
/// eight of one entity. Both sides are empty where fewer than two types remain.
///
/// # Errors
/// Where the knowledge base cannot be read.
pub fn typing_questions(
    kb: &Kb,
    texts: &[AnnotatedText],
    items_max: usize,
    seed: Seed,
) -> Result<TypingQuestions, Error> {
    let types = kb.type_of_all()?;
    let type_of = |entity: EntityId| types.get(entity.0 as usize).copied().flatten();
    let in_training = |entity: EntityId| seed.rng(Purpose::Probe, TYPING_SIDE, u64::from(entity.0)).random_bool(0.5);
    let mut places: Vec<(&AnnotatedText, ByteSpan, EntityId)> =
        texts.iter().flat_map(|text| text.mentions.iter().map(move |m| (text, m.span, m.entity))).collect();
    places.shuffle(&mut seed.rng(Purpose::Probe, TYPING_ORDER, 0));

    let mut members: BTreeMap<u32, [BTreeSet<EntityId>; 2]> = BTreeMap::new();
    for &(_, _, entity) in &places {
        if let Some(kind) = type_of(entity) {
            members.entry(kind).or_default()[usize::from(in_training(entity))].insert(entity);
        }
    }
    members.retain(|_, sides| sides.iter().all(|side| side.len() >= TYPE_ENTITIES_MIN));
    let mut frequent: Vec<(usize, u32)> =
        members.iter().map(|(&kind, [test, train])| (test.len() + train.len(), kind)).collect();
    frequent.sort_unstable_by_key(|&(count, kind)| (std::cmp::Reverse(count), kind));
    frequent.truncate(TYPES_MAX);
    if frequent.len() < 2 {
        return Ok(TypingQuestions::default());
    }
    let class: BTreeMap<u32, usize> = frequent.iter().enumerate().map(|(class, &(_, kind))| (kind, class)).collect();
    let kinds = frequent.into_iter().map(|(_, kind)| kind).collect();
    let mut questions = TypingQuestions { types: kinds, ..TypingQuestions::default() };
    let mut taken: BTreeMap<EntityId, usize> = BTreeMap::new();
    for (text, span, entity) in places {
        let Some(&class) = type_of(entity).and_then(|kind| class.get(&kind)) else { continue };
        let side = if in_training(entity) { &mut questions.train } else { &mut questions.test };
        let taken = taken.entry(entity).or_default();
        if side.len() < items_max && *taken < ENTITY_MENTIONS_MAX {
            *taken += 1;
            side.push(TypingQuestion { text: text.text.clone(), lang: text.lang, span, entity, class });
        }
    }
    Ok(questions)
}
