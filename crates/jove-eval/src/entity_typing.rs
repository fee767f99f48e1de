//! Entity typing: whether a linear head predicts an entity's type from its mentions.

use std::collections::BTreeSet;

use jove_model::Backend;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::linear_head::LinearHead;
use crate::mention_retrieval::MentionItem;
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

/// Scores of entity typing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TypingScores {
    /// Number of test mentions.
    pub items: usize,
    /// Fraction of them whose type was predicted correctly, in [0, 1].
    pub accuracy: f64,
    /// Mean over types of the harmonic mean of precision and recall, in [0, 1].
    pub macro_f1: f64,
    /// `accuracy` of always predicting the most frequent type of the training mentions.
    pub chance_accuracy: f64,
    /// `macro_f1` of the same prediction.
    pub chance_macro_f1: f64,
}

impl<D: Backend> Probe<'_, D> {
    /// Trains a multinomial logistic regression on the mean of each mention's last hidden states, and tests it on mentions of
    /// other entities; the encoder is frozen. A linear probe: Understanding intermediate layers using linear classifier probes
    /// (arXiv 1610.01644). All scores are 0 where a side is empty.
    ///
    /// # Errors
    /// Where an item is invalid or an entity is on both sides, the device fails, or the user cancels.
    pub fn entity_typing(&self, items: &TypingItems) -> Result<TypingScores, Error> {
        if items.train.is_empty() || items.test.is_empty() {
            return Ok(TypingScores::default());
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
        let classes = |items: &[TypingItem]| items.iter().map(|item| item.class).collect::<Vec<_>>();
        let (train, test) = (classes(&items.train), classes(&items.test));
        let head = LinearHead::fit(read(&items.train)?.values(), width, &train, items.types);
        let predicted = head.classify(read(&items.test)?.values());
        let mut counts = vec![0usize; items.types];
        for &class in &train {
            counts[class] += 1;
        }
        let most = (0..items.types).rev().max_by_key(|&class| counts[class]).unwrap_or(0);
        let constant = vec![most; test.len()];
        let ((accuracy, macro_f1), (chance_accuracy, chance_macro_f1)) =
            (scores(&predicted, &test, items.types), scores(&constant, &test, items.types));
        Ok(TypingScores { items: test.len(), accuracy, macro_f1, chance_accuracy, chance_macro_f1 })
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

/// Accuracy and macro-F1; a type that is neither predicted nor correct is left out.
fn scores(predicted: &[usize], correct: &[usize], types: usize) -> (f64, f64) {
    let mut hits = vec![0usize; types];
    let mut totals = vec![0usize; types];
    for (&predicted, &correct) in predicted.iter().zip(correct) {
        hits[correct] += usize::from(predicted == correct);
        totals[predicted] += 1;
        totals[correct] += 1;
    }
    let present: Vec<usize> = (0..types).filter(|&class| totals[class] > 0).collect();
    let f1 = present.iter().map(|&class| 2.0 * hits[class] as f64 / totals[class] as f64).sum::<f64>();
    (hits.iter().sum::<usize>() as f64 / correct.len().max(1) as f64, f1 / present.len().max(1) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_are_those_of_the_textbook() {
        // Type 0: two of three found, one wrongly said; type 1: one of two found.
        let (accuracy, macro_f1) = scores(&[0, 0, 1, 0, 1], &[0, 0, 0, 1, 1], 3);
        assert!((accuracy - 0.6).abs() < 1e-12);
        assert!((macro_f1 - 7.0 / 12.0).abs() < 1e-12);
        assert_eq!(scores(&[], &[], 2), (0.0, 0.0));
    }
}
