//! Cloze: which entity fills the gap of a sentence.

use std::collections::BTreeSet;

use jove_core::{TokenId, TokenSpan};
use jove_model::Backend;

use crate::answer::Answer;
use crate::error::Error;
use crate::probe::{Probe, display, to_rows};

/// A sentence with a gap and candidates for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClozeItem {
    /// The sentence, without special tokens.
    pub tokens: Vec<TokenId>,
    /// The tokens that the gap replaces; not empty.
    pub gap: TokenSpan,
    /// The tokens of every candidate; none is empty.
    pub candidates: Vec<Vec<TokenId>>,
    /// The index of the correct candidate.
    pub answer: usize,
    /// The tokens of the subject, outside of the gap; `None` where the sentence states no fact.
    pub subject: Option<TokenSpan>,
}

/// Largest number of logits in memory at once.
pub(crate) const LOGITS_MAX: usize = 1 << 24;

impl<D: Backend> Probe<'_, D> {
    /// Ranks each item's candidates by the mean log-probability of their tokens, with as many masks in the gap as the candidate
    /// has tokens: one sequence for each length that occurs.
    ///
    /// Language Models as Knowledge Bases? (arXiv 1909.01066), with candidates of several tokens scored as in X-FACTR
    /// (arXiv 2010.06189, independent prediction).
    ///
    /// # Errors
    /// Where an item is invalid, the device fails, or the user cancels.
    pub fn cloze(&self, items: &[ClozeItem]) -> Result<Vec<Answer>, Error> {
        let scores = self.cloze_scores(items)?;
        Ok(items.iter().zip(&scores).map(|(item, scores)| Answer::of(item.answer, scores)).collect())
    }

    /// Ranks each item's candidates by how much more probable they are than in the same sentence with its subject masked:
    /// what a candidate gains by being common, or by fitting the words of the pattern, cancels. Items without a subject are
    /// ranked as in [`Probe::cloze`].
    ///
    /// Pointwise mutual information as in Holtzman et al. (arXiv 2104.08315), with the subject's absence as the domain.
    ///
    /// # Errors
    /// Where an item is invalid, the device fails, or the user cancels.
    pub fn prior_corrected_cloze(&self, items: &[ClozeItem]) -> Result<Vec<Answer>, Error> {
        let scores = self.cloze_scores(items)?;
        let priors = self.cloze_scores(&items.iter().map(|item| self.without_subject(item)).collect::<Vec<_>>())?;
        let corrected = items.iter().zip(scores).zip(priors).map(|((item, mut scores), priors)| {
            if item.subject.is_some() {
                scores.iter_mut().zip(priors).for_each(|(score, prior)| *score -= prior);
            }
            Answer::of(item.answer, &scores)
        });
        Ok(corrected.collect())
    }

    /// The item with as many masks in the place of its subject as this has tokens.
    fn without_subject(&self, item: &ClozeItem) -> ClozeItem {
        let mut hidden = item.clone();
        let subject = item.subject.map_or(0..0, TokenSpan::range);
        hidden.tokens.iter_mut().take(subject.end).skip(subject.start).for_each(|token| *token = self.specials.mask);
        hidden
    }

    /// The scores of all candidates of each item.
    fn cloze_scores(&self, items: &[ClozeItem]) -> Result<Vec<Vec<f32>>, Error> {
        let mut queries = Vec::new();
        let mut owners = Vec::new();
        let mut scores: Vec<Vec<f32>> = Vec::new();
        for (index, item) in items.iter().enumerate() {
            self.check_cloze(index, item)?;
            scores.push(vec![f32::NEG_INFINITY; item.candidates.len()]);
            let lengths: BTreeSet<usize> = item.candidates.iter().map(Vec::len).collect();
            for length in lengths {
                queries.push(self.query(&item.tokens, item.gap, &vec![self.specials.mask; length]));
                owners.push((index, length));
            }
        }
        let vocabulary = self.model.config().vocab_size;
        self.for_each_batch("cloze", &queries, (LOGITS_MAX / vocabulary).max(1), |first, sequences, hidden| {
            let batch = &queries[first..first + sequences.len()];
            let rows: Vec<u32> = batch
                .iter()
                .zip(sequences.cu_seqlens())
                .flat_map(|(query, start)| query.rows.clone().map(move |row| (start + row) as u32))
                .collect();
            let logits = to_rows(&self.model.lm.logits(hidden, &rows)?, vocabulary, rows.len());
            let mut remaining = &logits[..];
            for (query, &(item, length)) in batch.iter().zip(&owners[first..]) {
                let own;
                (own, remaining) = remaining.split_at(query.rows.len() * vocabulary);
                score(&items[item], length, own, vocabulary, &mut scores[item]);
            }
            Ok(())
        })?;
        Ok(scores)
    }

    fn check_cloze(&self, index: usize, item: &ClozeItem) -> Result<(), Error> {
        let invalid = |expected, found: String| Err(Error::Item { probe: "cloze", index, expected, found });
        let vocabulary = self.model.config().vocab_size;
        if item.gap.is_empty() || item.gap.range().end > item.tokens.len() {
            return invalid("a gap within the sentence", display(item.gap));
        }
        if item.answer >= item.candidates.len() {
            return invalid("an answer among the candidates", item.answer.to_string());
        }
        match item
            .candidates
            .iter()
            .find(|tokens| tokens.is_empty() || tokens.iter().any(|t| t.0 as usize >= vocabulary))
        {
            Some(tokens) => invalid(
                "candidates of pieces of the vocabulary",
                format!("the ids {:?}", tokens.iter().map(|token| token.0).collect::<Vec<_>>()),
            ),
            None => Ok(()),
        }
    }
}

/// Sets the score of every candidate of `length` tokens from the logits [masks, vocabulary].
fn score(item: &ClozeItem, length: usize, logits: &[f32], vocabulary: usize, scores: &mut [f32]) {
    let rows: Vec<&[f32]> = logits.chunks_exact(vocabulary).collect();
    let norms: Vec<f64> = rows.iter().map(|row| log_sum_exp(row)).collect();
    for (score, candidate) in scores.iter_mut().zip(&item.candidates).filter(|(_, tokens)| tokens.len() == length) {
        let parts =
            candidate.iter().zip(&rows).zip(&norms).map(|((token, row), norm)| f64::from(row[token.0 as usize]) - norm);
        *score = (parts.sum::<f64>() / rows.len().max(1) as f64) as f32;
    }
}

/// The logarithm of the sum of exponentials.
pub(crate) fn log_sum_exp(row: &[f32]) -> f64 {
    let most = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    f64::from(most) + row.iter().map(|&value| f64::from((value - most).exp())).sum::<f64>().ln()
}
