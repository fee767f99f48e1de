//! Mention retrieval: which entity's description is nearest to a mention.

use std::collections::BTreeMap;

use jove_core::{EntityId, TokenId, TokenSpan};
use jove_model::Backend;
use jove_objectives::Pooling;

use crate::answer::Answer;
use crate::error::Error;
use crate::mention::MentionItem;
use crate::mention_items::MentionQuestion;
use crate::probe::{Probe, Query, display};
use crate::vectors::Vectors;

/// What a model compares mentions and descriptions by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// The projections of the link head: only where its training has seen links.
    LinkHead,
    /// The mean-pooled hidden states, centred, since their common direction would hide all differences.
    HiddenStates,
}

/// The vectors of all descriptions, and which entity and language each is of.
#[derive(Clone, Debug)]
pub struct DescriptionVectors {
    comparison: Comparison,
    keys: Vectors,
    /// By key: the number of its entity among all described ones, the entity, and the language.
    owners: Vec<(usize, EntityId, jove_core::Lang)>,
    numbers: BTreeMap<EntityId, usize>,
}

impl<D: Backend> Probe<'_, D> {
    /// The vectors of descriptions, each an entity, a language and tokens; those without a token are left out. A model without
    /// a link head compares hidden states, whatever is asked.
    ///
    /// # Errors
    /// Where a token is outside the vocabulary, the device fails, or the user cancels.
    pub fn describe(
        &self,
        descriptions: &[(EntityId, jove_core::Lang, Vec<TokenId>)],
        comparison: Comparison,
    ) -> Result<DescriptionVectors, Error> {
        let mut numbers: BTreeMap<EntityId, usize> = descriptions.iter().map(|&(entity, ..)| (entity, 0)).collect();
        numbers.values_mut().enumerate().for_each(|(index, number)| *number = index);
        let described: Vec<_> = descriptions.iter().filter(|(.., tokens)| !tokens.is_empty()).collect();
        let queries: Vec<Query> = described.iter().map(|(.., tokens)| self.description_query(tokens)).collect();
        let comparison = if self.model.link.is_some() { comparison } else { Comparison::HiddenStates };
        let task = "reading descriptions";
        let keys = match self.model.link.as_ref().filter(|_| comparison == Comparison::LinkHead) {
            Some(head) => self.vectors(task, &queries, head.width(), |x| Ok(head.descriptions(x)?))?,
            None => self.vectors(task, &queries, self.model.config().hidden_size, Ok)?.centred(),
        };
        let owners = described.iter().map(|&&(entity, lang, _)| (numbers[&entity], entity, lang)).collect();
        Ok(DescriptionVectors { comparison, keys: keys.unit(), owners, numbers })
    }

    /// Ranks entities by the cosine of description and mention; an entity with several descriptions is scored by the best. In
    /// the place of a hidden mention there is one mask token, whatever its length. Candidates of an answer are counted as
    /// [`crate::described_entities`] does.
    ///
    /// # Errors
    /// Where an item is invalid or its entity has no description, the device fails, or the user cancels.
    pub fn mention_retrieval(
        &self,
        items: &[(MentionItem, &MentionQuestion)],
        described: &DescriptionVectors,
    ) -> Result<Vec<Answer>, Error> {
        let mut answers = Vec::with_capacity(items.len());
        for (index, (item, _)) in items.iter().enumerate() {
            let invalid = |expected, found| Error::Item { probe: "mention retrieval", index, expected, found };
            if item.span.is_empty() || item.span.range().end > item.tokens.len() {
                return Err(invalid("a mention within the sentence", display(item.span)));
            }
            let number = described.numbers.get(&item.entity);
            answers.push(*number.ok_or_else(|| invalid("a described entity", format!("entity {}", item.entity.0)))?);
        }
        let mask = [self.specials.mask];
        let query = |(item, question): &(MentionItem, &MentionQuestion)| {
            let shown = &item.tokens[item.span.range()];
            self.query(&item.tokens, item.span, if question.hidden { &mask } else { shown })
        };
        let queries: Vec<Query> = items.iter().map(query).collect();
        let task = "reading mentions";
        let mentions = match self.model.link.as_ref().filter(|_| described.comparison == Comparison::LinkHead) {
            Some(head) => self.vectors(task, &queries, head.width(), |x| Ok(head.mentions(x)?))?,
            None => self.vectors(task, &queries, self.model.config().hidden_size, Ok)?.centred(),
        };
        let groups: Vec<usize> = described.owners.iter().map(|&(number, ..)| number).collect();
        let compares = |query: usize, key: usize| {
            let (_, entity, lang) = described.owners[key];
            items[query].1.compares(entity, lang)
        };
        Ok(mentions.unit().answers(&described.keys, &groups, &answers, compares))
    }

    fn description_query(&self, tokens: &[TokenId]) -> Query {
        let whole = TokenSpan::new(0, tokens.len() as u32);
        let query = self.query(tokens, whole, tokens);
        match self.options.description_pooling {
            Pooling::Mean => query,
            Pooling::First => Query { rows: 0..1, ..query },
        }
    }
}
