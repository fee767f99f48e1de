//! Mention retrieval: which entity's description is nearest to a mention.

use std::collections::{BTreeMap, BTreeSet};

use jove_core::{EntityId, TokenId, TokenSpan};
use jove_model::Backend;
use jove_objectives::{Descriptions, Pooling};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::probe::{Probe, Query, display};
use crate::ranking::Ranking;
use crate::vectors::Vectors;

/// A sentence with a linked mention.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MentionItem {
    /// The sentence, without special tokens.
    pub tokens: Vec<TokenId>,
    /// The tokens of the mention; not empty.
    pub span: TokenSpan,
    /// Its entity.
    pub entity: EntityId,
}

/// Scores of mention retrieval.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MentionScores {
    /// All mentions.
    pub all: Ranking,
    /// Mentions of entities that training text links.
    pub seen: Ranking,
    /// Mentions of entities that no training text links.
    pub unseen: Ranking,
}

impl<D: Backend> Probe<'_, D> {
    /// Ranks all entities with a description by the cosine of description and mention; an entity with several descriptions is
    /// scored by the best. A model with a link head compares projections; the mean-pooled hidden states of a model without
    /// are centred first, since their common direction would hide all differences. Mentions of entities without a
    /// description are left out; `trained` are the entities of [`MentionScores::seen`].
    ///
    /// # Errors
    /// Where an item is invalid, the device fails, or the user cancels.
    pub fn mention_retrieval(
        &self,
        items: &[MentionItem],
        descriptions: &Descriptions,
        trained: &BTreeSet<EntityId>,
    ) -> Result<MentionScores, Error> {
        let described = descriptions.iter().filter(|(_, variants)| variants.iter().any(|tokens| !tokens.is_empty()));
        let number: BTreeMap<EntityId, usize> = described.enumerate().map(|(index, (&id, _))| (id, index)).collect();
        let mut answerable = Vec::new();
        for (index, item) in items.iter().enumerate() {
            if item.span.is_empty() || item.span.range().end > item.tokens.len() {
                let (expected, found) = ("a mention within the sentence", display(item.span));
                return Err(Error::Item { probe: "mention retrieval", index, expected, found });
            }
            answerable.extend(number.get(&item.entity).map(|&answer| (item, answer)));
        }
        let mentions: Vec<Query> = answerable
            .iter()
            .map(|(item, _)| self.query(&item.tokens, item.span, &item.tokens[item.span.range()]))
            .collect();
        let mut keys = Vec::new();
        let mut groups = Vec::new();
        for (entity, group) in &number {
            for tokens in descriptions[entity].iter().filter(|tokens| !tokens.is_empty()) {
                keys.push(self.description_query(tokens));
                groups.push(*group);
            }
        }
        let (mentions, keys) = self.link_vectors(&mentions, &keys)?;
        let answers: Vec<usize> = answerable.iter().map(|&(_, answer)| answer).collect();
        let ranks = mentions.ranks(&keys, &groups, &answers);
        let of = |wanted: Option<bool>| {
            let chosen = answerable
                .iter()
                .zip(&ranks)
                .filter(|((item, _), _)| wanted.is_none_or(|wanted| trained.contains(&item.entity) == wanted));
            Ranking::new(chosen.map(|(_, rank)| *rank).collect())
        };
        Ok(MentionScores { all: of(None), seen: of(Some(true)), unseen: of(Some(false)) })
    }

    fn description_query(&self, tokens: &[TokenId]) -> Query {
        let whole = TokenSpan::new(0, tokens.len() as u32);
        let query = self.query(tokens, whole, tokens);
        match self.options.description_pooling {
            Pooling::Mean => query,
            Pooling::First => Query { rows: 0..1, ..query },
        }
    }

    fn link_vectors(&self, mentions: &[Query], keys: &[Query]) -> Result<(Vectors, Vectors), Error> {
        let (mention_task, key_task) = ("reading mentions", "reading descriptions");
        let Some(head) = &self.model.link else {
            let width = self.model.config().hidden_size;
            let mentions = self.vectors(mention_task, mentions, width, Ok)?.centred().unit();
            return Ok((mentions, self.vectors(key_task, keys, width, Ok)?.centred().unit()));
        };
        let width = head.width();
        let mentions = self.vectors(mention_task, mentions, width, |x| Ok(head.mentions(x)?))?;
        let keys = self.vectors(key_task, keys, width, |x| Ok(head.descriptions(x)?))?;
        Ok((mentions.unit(), keys.unit()))
    }
}
