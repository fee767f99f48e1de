//! Entity typing: whether a linear head predicts an entity's type from its mentions.

use std::collections::BTreeSet;

use jove_model::Backend;

use crate::answer::Answer;
use crate::error::Error;
use crate::linear_head::LinearHead;
use crate::mention::MentionItem;
use crate::probe::{Probe, Query, display};

/// A mention and the type of its entity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypingItem {
    /// The mention.
    pub mention: MentionItem,
    /// Its type, counted from 0.
    pub class: usize,
}

/// Mentions for training the head, and mentions of other entities for testing it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TypingItems {
    /// Training items of the head.
    pub train: Vec<TypingItem>,
    /// Test items; no entity is in both lists.
    pub test: Vec<TypingItem>,
    /// Number of types.
    pub types: usize,
}

impl<D: Backend> Probe<'_, D> {
    /// Trains a multinomial logistic regression on the mean of each mention's last hidden states, and tests it on mentions of
    /// other entities; the encoder is frozen. A linear probe: Understanding intermediate layers using linear classifier probes
    /// (arXiv 1610.01644). The answers rank the types; there are none where a side is empty.
    ///
    /// # Errors
    /// Where an item is invalid or an entity is on both sides, the device fails, or the user cancels.
    pub fn entity_typing(&self, items: &TypingItems) -> Result<Vec<Answer>, Error> {
        if items.train.is_empty() || items.test.is_empty() {
            return Ok(Vec::new());
        }
        let trained: BTreeSet<_> = items.train.iter().map(|item| item.mention.entity).collect();
        for (index, item) in items.train.iter().chain(&items.test).enumerate() {
            check(index, item, items.types)?;
            if index >= items.train.len() && trained.contains(&item.mention.entity) {
                let (expected, found) =
                    ("an entity that is not in the training items", format!("entity {}", item.mention.entity.0));
                return Err(Error::Item { probe: "entity typing", index, expected, found });
            }
        }
        let width = self.model.config().hidden_size;
        let read = |items: &[TypingItem]| {
            let queries: Vec<Query> = items
                .iter()
                .map(|TypingItem { mention, .. }| {
                    self.query(&mention.tokens, mention.span, &mention.tokens[mention.span.range()])
                })
                .collect();
            self.vectors("reading mentions", &queries, width, Ok)
        };
        let classes: Vec<usize> = items.train.iter().map(|item| item.class).collect();
        let head = LinearHead::fit(read(&items.train)?.values(), width, &classes, items.types);
        let scores = head.scores(read(&items.test)?.values());
        Ok(items.test.iter().zip(scores).map(|(item, scores)| Answer::naming_one(item.class, &scores)).collect())
    }
}

fn check(index: usize, item: &TypingItem, types: usize) -> Result<(), Error> {
    let MentionItem { tokens, span, .. } = &item.mention;
    let invalid = |expected, found| Err(Error::Item { probe: "entity typing", index, expected, found });
    if span.is_empty() || span.range().end > tokens.len() {
        return invalid("a mention within the sentence", display(*span));
    }
    if item.class >= types {
        return invalid("one of the types", item.class.to_string());
    }
    Ok(())
}
