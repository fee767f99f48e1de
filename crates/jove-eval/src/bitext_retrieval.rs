//! Bitext retrieval: whether the nearest translation of a sentence is its own.

use jove_core::{TokenSpan, TokenizedText};
use jove_model::Backend;

use crate::answer::Answer;
use crate::error::Error;
use crate::probe::{Probe, Query};

/// Answers of bitext retrieval; pairs with an empty side have none.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BitextAnswers {
    /// From the first side of the pairs to the second.
    pub forward: Vec<Answer>,
    /// From the second side to the first.
    pub backward: Vec<Answer>,
}

impl<D: Backend> Probe<'_, D> {
    /// Ranks the second sides of all pairs by the cosine of their mean-pooled hidden states to each first side, and the other
    /// way round, as the Tatoeba task of XTREME does (arXiv 2003.11080). Pairs with an empty side are left out.
    ///
    /// # Errors
    /// Where a token is outside the vocabulary, the device fails, or the user cancels.
    pub fn bitext_retrieval(&self, pairs: &[(TokenizedText, TokenizedText)]) -> Result<BitextAnswers, Error> {
        let whole =
            |text: &TokenizedText| self.query(&text.tokens, TokenSpan::new(0, text.tokens.len() as u32), &text.tokens);
        let complete = pairs.iter().filter(|(first, second)| !first.tokens.is_empty() && !second.tokens.is_empty());
        let (first, second): (Vec<Query>, Vec<Query>) = complete.map(|(a, b)| (whole(a), whole(b))).unzip();
        let width = self.model.config().hidden_size;
        let first = self.vectors("reading sentences", &first, width, Ok)?.unit();
        let second_vectors = self.vectors("reading translations", &second, width, Ok)?.unit();
        let identity: Vec<usize> = (0..second.len()).collect();
        Ok(BitextAnswers {
            forward: first.answers(&second_vectors, &identity, &identity, |_, _| true),
            backward: second_vectors.answers(&first, &identity, &identity, |_, _| true),
        })
    }
}
