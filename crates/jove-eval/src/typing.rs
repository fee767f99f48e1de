//! Entity typing: whether a linear head reads an entity's type off its mentions.

use std::collections::BTreeSet;

use jove_model::Backend;
use serde::{Deserialize, Serialize};

use crate::linear::LinearHead;
use crate::probe::{Probe, Query};
use crate::{Error, MentionItem};

/// A mention and the type of its entity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypingItem {
    /// The mention.
    pub mention: MentionItem,
    /// Its type, counted from 0.
    pub class: usize,
}

/// Mentions to learn types from, and mentions of other entities to ask about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TypingItems {
    /// What the head is trained on.
    pub train: Vec<TypingItem>,
    /// What it is asked.
    pub test: Vec<TypingItem>,
    /// Number of types.
    pub types: usize,
}

/// How well types are read off mentions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TypingScores {
    /// Number of mentions asked about.
    pub items: usize,
    /// Part of them whose type was right, in [0, 1].
    pub accuracy: f64,
    /// Mean over types of the harmonic mean of precision and recall, in [0, 1].
    pub macro_f1: f64,
    /// What `accuracy` would be of always saying the type that is most frequent among the mentions learnt from.
    pub chance_accuracy: f64,
    /// What `macro_f1` would be of that.
    pub chance_macro_f1: f64,
}

impl<D: Backend> Probe<'_, D> {
    /// Trains a multinomial logistic regression on the mean of each mention's last hidden states, and asks it about
    /// mentions of other entities; the encoder stays as it is. Probing with linear heads: Understanding intermediate
    /// layers using linear classifier probes (arXiv 1610.01644). All scores are 0 where there is nothing to ask.
    ///
    /// # Errors
    /// Where an item does not fit together or an entity is on both sides, the device fails, or the user asked to stop.
    pub fn entity_typing(&self, items: &TypingItems) -> Result<TypingScores, Error> {
        if items.train.is_empty() || items.test.is_empty() {
            return Ok(TypingScores::default());
        }
        let learnt: BTreeSet<_> = items.train.iter().map(|item| item.mention.entity).collect();
        for (index, item) in items.train.iter().chain(&items.test).enumerate() {
            check(index, item, items.types)?;
            if index >= items.train.len() && learnt.contains(&item.mention.entity) {
                let (expected, found) =
                    ("an entity that the head did not learn from", format!("{:?}", item.mention.entity));
                return Err(Error::Item { probe: "entity typing", index, expected, found });
            }
        }
        let width = self.model.config().hidden_size;
        let read = |items: &[TypingItem]| {
            let questions: Vec<Query> = items
                .iter()
                .map(|TypingItem { mention, .. }| {
                    self.question(&mention.tokens, mention.span, &mention.tokens[mention.span.range()])
                })
                .collect();
            self.vectors("reading mentions", &questions, width, Ok)
        };
        let classes = |items: &[TypingItem]| items.iter().map(|item| item.class).collect::<Vec<_>>();
        let (train, test) = (classes(&items.train), classes(&items.test));
        let head = LinearHead::fit(read(&items.train)?.values(), width, &train, items.types);
        let said = head.classify(read(&items.test)?.values());
        let mut counts = vec![0usize; items.types];
        for &class in &train {
            counts[class] += 1;
        }
        let most = (0..items.types).rev().max_by_key(|&class| counts[class]).unwrap_or(0);
        let guess = vec![most; test.len()];
        let ((accuracy, macro_f1), (chance_accuracy, chance_macro_f1)) =
            (scores(&said, &test, items.types), scores(&guess, &test, items.types));
        Ok(TypingScores { items: test.len(), accuracy, macro_f1, chance_accuracy, chance_macro_f1 })
    }
}

fn check(index: usize, item: &TypingItem, types: usize) -> Result<(), Error> {
    let MentionItem { tokens, span, .. } = &item.mention;
    let fault = |expected, found| Err(Error::Item { probe: "entity typing", index, expected, found });
    if span.is_empty() || span.range().end > tokens.len() {
        return fault("a mention within the sentence", format!("{span:?}"));
    }
    if item.class >= types {
        return fault("one of the types", item.class.to_string());
    }
    Ok(())
}

/// Accuracy and macro-F1; a type that is neither said nor right counts for nothing.
fn scores(said: &[usize], right: &[usize], types: usize) -> (f64, f64) {
    let mut hits = vec![0usize; types];
    let mut totals = vec![0usize; types];
    for (&said, &right) in said.iter().zip(right) {
        hits[right] += usize::from(said == right);
        totals[said] += 1;
        totals[right] += 1;
    }
    let asked: Vec<usize> = (0..types).filter(|&class| totals[class] > 0).collect();
    let f1 = asked.iter().map(|&class| 2.0 * hits[class] as f64 / totals[class] as f64).sum::<f64>();
    (hits.iter().sum::<usize>() as f64 / right.len().max(1) as f64, f1 / asked.len().max(1) as f64)
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
