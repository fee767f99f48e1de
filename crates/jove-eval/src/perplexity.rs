//! Pseudo-perplexity: how well masked tokens of held-out text are predicted.

use std::collections::BTreeMap;

use jove_core::{Lang, Purpose, Seed, TokenId, TokenSpan, TokenizedText};
use jove_model::Backend;
use jove_model::ops::tape;
use rand::seq::SliceRandom as _;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::probe::{Probe, Query};

/// Passes over a text, each with a different seventh of its tokens masked: about the 15% of training.
const PASSES: usize = 7;

/// Cross-entropy of masked tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Perplexity {
    /// Summed negative log-probability of the masked tokens, in nats.
    pub loss: f64,
    /// Number of masked tokens.
    pub tokens: usize,
}

impl Perplexity {
    /// The mean negative log-probability of a masked token, in nats; 0 where there is none.
    pub fn mean(&self) -> f64 {
        self.loss / self.tokens.max(1) as f64
    }

    /// The exponential of the mean: as uncertain as a uniform choice among so many tokens; 1 where there is none.
    pub fn perplexity(&self) -> f64 {
        self.mean().exp()
    }
}

/// Masked positions of a text and their tokens.
type Targets = Vec<(usize, TokenId)>;

/// A text with some of its tokens masked.
struct MaskedText {
    query: Query,
    targets: Targets,
}

impl<D: Backend> Probe<'_, D> {
    /// The perplexity of masked tokens, by language. Every token of a text but special ones is predicted exactly once: its
    /// positions are shuffled into seven passes, and each pass replaces its seventh by the mask token. The shuffle depends only
    /// on `seed`, the number that comes with the text, and the text's length, so that all models with one vocabulary predict
    /// the same tokens in the same context. The pseudo-perplexity of Masked Language Model Scoring (arXiv 1910.14659) masks one
    /// token at a time, which takes as many passes as there are tokens; this one masks about as much as training does.
    ///
    /// # Errors
    /// Where a token is outside the vocabulary, the device fails, or the user cancels.
    pub fn pseudo_perplexity(
        &self,
        texts: &[(u64, TokenizedText)],
        seed: Seed,
    ) -> Result<BTreeMap<Lang, Perplexity>, Error> {
        let mut by_lang: BTreeMap<Lang, (Vec<Query>, Vec<Targets>)> = BTreeMap::new();
        for (number, text) in texts {
            let (queries, targets) = by_lang.entry(text.lang).or_default();
            for masked in self.passes(*number, text, seed) {
                queries.push(masked.query);
                targets.push(masked.targets);
            }
        }
        let mut scores = BTreeMap::new();
        for (lang, (queries, targets)) in by_lang {
            let mut score = Perplexity::default();
            self.for_each_batch("pseudo-perplexity", &queries, usize::MAX, |first, sequences, hidden| {
                let starts = &sequences.cu_seqlens()[..sequences.len()];
                let masked =
                    || starts.iter().zip(&targets[first..]).flat_map(|(s, own)| own.iter().map(move |t| (s, t)));
                let rows: Vec<u32> = masked().map(|(start, (place, _))| (start + 1 + place) as u32).collect();
                let labels: Vec<u32> = masked().map(|(_, (_, token))| token.0).collect();
                let loss = self.model.lm.loss(hidden, &rows, &labels)?;
                score.loss += f64::from(tape::value(&loss.sum));
                score.tokens += loss.count;
                Ok(())
            })?;
            scores.insert(lang, score);
        }
        Ok(scores)
    }

    /// Up to seven passes over a text, truncated to the model's length.
    fn passes(&self, number: u64, text: &TokenizedText, seed: Seed) -> Vec<MaskedText> {
        let tokens = &text.tokens[..text.tokens.len().min(self.options.max_length - 2)];
        let mut places: Vec<usize> =
            (0..tokens.len()).filter(|&place| !self.specials.contains(tokens[place])).collect();
        places.shuffle(&mut seed.rng(Purpose::Probe, PERPLEXITY, number));
        let pass = |pass: usize| {
            let mut own: Vec<usize> = places.iter().copied().skip(pass).step_by(PASSES).collect();
            own.sort_unstable();
            let mut inputs = tokens.to_vec();
            for &place in &own {
                inputs[place] = self.specials.mask;
            }
            let query = self.query(&inputs, TokenSpan::new(0, inputs.len() as u32), &inputs);
            MaskedText { query, targets: own.into_iter().map(|place| (place, tokens[place])).collect() }
        };
        (0..PASSES.min(places.len())).map(pass).collect()
    }
}

/// The random stream of [`Purpose::Probe`] that this module uses.
const PERPLEXITY: u64 = 7;
