//! Scoring the candidates of one mention against each other.

use std::cell::LazyCell;

use crate::knowledge::Knowledge;
use crate::language::Evidence;
use crate::link_context::{CANDIDATES_MAX, LinkContext, Name};
use crate::table::Candidate;

/// Weight of a name whose language is open, next to one of the text's language: as much as a popularity 256 times as great.
const OPEN_WEIGHT: f32 = 1.0 / 16.0;

/// Weight of a name of another language: more than any popularity makes up for.
const OTHER_WEIGHT: f32 = 1.0 / 65536.0;

/// From this sum of priors on, a name may mean one of its candidates.
const PRIOR_MIN: f32 = 0.2;

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

/// The scored candidates of one mention, at most [`CANDIDATES_MAX`].
pub(crate) struct CandidateScores<'a> {
    candidates: [Option<Weighed<'a>>; CANDIDATES_MAX],
    /// Sum of the weights.
    total: f32,
    /// Sum of the priors.
    prior: f32,
}

/// A candidate with what speaks for it.
#[derive(Clone, Copy)]
pub(crate) struct Weighed<'a> {
    pub(crate) candidate: &'a Candidate,
    /// What its language says.
    pub(crate) language: Evidence,
    pub(crate) score: CandidateScore,
}

impl<'a> CandidateScores<'a> {
    /// Scores the candidates of a name, each with the evidence of its language and the weight of its case. `own_terms` gives
    /// the terms of the name itself.
    pub(crate) fn new(
        candidates: impl Iterator<Item = (&'a Candidate, Evidence, f32)>,
        name: Name,
        own_terms: impl FnOnce() -> Vec<u32>,
        context: &LinkContext,
        knowledge: &Knowledge,
    ) -> Self {
        let own_terms = LazyCell::new(own_terms);
        let mut scores = Self { candidates: [None; CANDIDATES_MAX], total: 0.0, prior: 0.0 };
        for (place, (candidate, language, case)) in scores.candidates.iter_mut().zip(candidates) {
            let is_own = |term| own_terms.contains(&term);
            let description_overlap = context.description_overlap(candidate.entity, is_own, knowledge);
            let coherence = context.coherence(candidate.entity, name, knowledge);
            let mut score = CandidateScore { description_overlap, coherence, weight: 0.0 };
            score.weight = case * weight(candidate, language, &score);
            scores.total += score.weight;
            scores.prior += candidate.prior;
            *place = Some(Weighed { candidate, language, score });
        }
        scores
    }

    /// The candidate with the greatest weight; of equals the first. `None` where there is no candidate.
    pub(crate) fn best(&self) -> Option<Weighed<'a>> {
        let mut all = self.iter();
        let first = all.next()?;
        Some(all.fold(first, |best, other| if other.score.weight > best.score.weight { other } else { best }))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Weighed<'a>> {
        self.candidates.iter().map_while(|candidate| *candidate)
    }

    /// Whether the name mostly means something else, by the priors of all that it may mean here.
    pub(crate) fn is_improbable(&self) -> bool {
        self.prior < PRIOR_MIN
    }

    /// A candidate's share of all weights, 0 to 1.
    pub(crate) fn share(&self, weighed: &Weighed) -> f32 {
        weighed.score.weight / self.total
    }
}

/// A candidate's weight: its prior and popularity, times the evidence of language, text and graph.
fn weight(candidate: &Candidate, language: Evidence, score: &CandidateScore) -> f32 {
    let language = match language {
        Evidence::Own => 1.0,
        Evidence::Open => OPEN_WEIGHT,
        Evidence::Other => OTHER_WEIGHT,
    };
    candidate.prior
        * (1.0 + candidate.popularity).sqrt()
        * language
        * (4.0 * score.description_overlap + 3.0 * score.coherence).exp()
}
