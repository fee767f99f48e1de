//! Scoring the candidates of one mention against each other.

use std::cell::LazyCell;

use jove_core::Lang;

use crate::knowledge::Knowledge;
use crate::link_context::{CANDIDATES_MAX, LinkContext, Name};
use crate::table::Candidate;

/// Evidence for one candidate.
#[derive(Clone, Copy, Default)]
pub(crate) struct CandidateScore {
    /// Overlap of its description with the text, 0 to 1.
    pub(crate) description_overlap: f32,
    /// Coherence with the other names of the text, 0 to 1.
    pub(crate) coherence: f32,
    /// Unnormalised probability among its rivals.
    pub(crate) weight: f32,
}

/// The scored candidates of one mention, at most [`CANDIDATES_MAX`], in the alias table's order.
pub(crate) struct CandidateScores<'a> {
    pub(crate) candidates: &'a [Candidate],
    scores: [CandidateScore; CANDIDATES_MAX],
    /// Sum of the weights.
    total: f32,
}

impl<'a> CandidateScores<'a> {
    /// Scores the candidates of a name in a text of language `lang`. `own_terms` gives the terms of the name itself.
    pub(crate) fn new(
        candidates: &'a [Candidate],
        (name, lang): (Name, Lang),
        own_terms: impl FnOnce() -> Vec<u32>,
        context: &LinkContext,
        knowledge: &Knowledge,
    ) -> Self {
        let candidates = &candidates[..candidates.len().min(CANDIDATES_MAX)];
        let own_terms = LazyCell::new(own_terms);
        let mut scores = [CandidateScore::default(); CANDIDATES_MAX];
        for (score, candidate) in scores.iter_mut().zip(candidates) {
            let is_own = |term| own_terms.contains(&term);
            score.description_overlap = context.description_overlap(candidate.entity, is_own, knowledge);
            score.coherence = context.coherence(candidate.entity, name, knowledge);
            score.weight = weight(candidate, lang, score);
        }
        let total = scores[..candidates.len()].iter().map(|score| score.weight).sum();
        Self { candidates, scores, total }
    }

    /// Index of the candidate with the greatest weight; of equals the first.
    pub(crate) fn best(&self) -> usize {
        let mut best = 0;
        for index in 1..self.candidates.len() {
            if self.scores[index].weight > self.scores[best].weight {
                best = index;
            }
        }
        best
    }

    pub(crate) fn score(&self, index: usize) -> CandidateScore {
        self.scores[index]
    }

    /// A candidate's share of all weights, 0 to 1.
    pub(crate) fn share(&self, index: usize) -> f32 {
        self.scores[index].weight / self.total
    }
}

/// A candidate's weight: its prior and popularity, times the evidence of text and graph.
fn weight(candidate: &Candidate, lang: Lang, score: &CandidateScore) -> f32 {
    let same = candidate.lang.is_none_or(|other| other.primary() == lang.primary());
    let language = if same { 1.0 } else { 0.5 };
    candidate.prior
        * (1.0 + candidate.popularity).sqrt()
        * language
        * (4.0 * score.description_overlap + 3.0 * score.coherence).exp()
}
