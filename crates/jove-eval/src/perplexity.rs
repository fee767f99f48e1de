//! Pseudo-perplexity: how well masked tokens of held-out text are found.

use std::collections::BTreeMap;

use jove_core::{Lang, Purpose, Seed, TokenId, TokenSpan, TokenizedText};
use jove_model::Backend;
use jove_model::ops::tape;
use rand::seq::SliceRandom as _;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::probe::{Probe, Query};

/// A text is read this often, each time with another part of its tokens masked: about the 15% of training.
const PASSES: usize = 7;

/// How well masked tokens are found.
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

    /// Two to the bits of a masked token, so to say among how many tokens the model wavers; 1 where there is none.
    pub fn perplexity(&self) -> f64 {
        self.mean().exp()
    }
}

/// Positions in a text and what stood there.
type Targets = Vec<(usize, TokenId)>;

/// A text with some of its tokens masked.
struct Hidden {
    question: Query,
    targets: Targets,
}

impl<D: Backend> Probe<'_, D> {
    /// The perplexity of masked tokens, by language. Every token of a text but special ones is asked for exactly once: its
    /// places are dealt at random into seven passes, and each pass masks its seventh, all behind the mask token. The deal
    /// depends on `seed`, the number that comes with the text, and the text's length alone, so that all models over one
    /// vocabulary are asked the same. The proper pseudo-perplexity (Masked Language Model Scoring, arXiv 1910.14659) hides
    /// one token at a time, which takes as many passes as there are tokens; this one hides about as much as training does.
    ///
    /// # Errors
    /// Where a token is outside the vocabulary, the device fails, or the user asked to stop.
    pub fn pseudo_perplexity(
        &self,
        texts: &[(u64, TokenizedText)],
        seed: Seed,
    ) -> Result<BTreeMap<Lang, Perplexity>, Error> {
        let mut by_lang: BTreeMap<Lang, (Vec<Query>, Vec<Targets>)> = BTreeMap::new();
        for (number, text) in texts {
            let (questions, targets) = by_lang.entry(text.lang).or_default();
            for hidden in self.passes(*number, text, seed) {
                questions.push(hidden.question);
                targets.push(hidden.targets);
            }
        }
        let mut scores = BTreeMap::new();
        for (lang, (questions, targets)) in by_lang {
            let mut score = Perplexity::default();
            self.read("pseudo-perplexity", &questions, usize::MAX, |first, sequences, hidden| {
                let starts = &sequences.cu_seqlens()[..sequences.len()];
                let asked =
                    || starts.iter().zip(&targets[first..]).flat_map(|(s, own)| own.iter().map(move |t| (s, t)));
                let rows: Vec<u32> = asked().map(|(start, (place, _))| (start + 1 + place) as u32).collect();
                let labels: Vec<u32> = asked().map(|(_, (_, token))| token.0).collect();
                let loss = self.model.lm.loss(hidden, &rows, &labels)?;
                score.loss += f64::from(tape::value(&loss.sum));
                score.tokens += loss.count;
                Ok(())
            })?;
            scores.insert(lang, score);
        }
        Ok(scores)
    }

    /// The beginning of a text, as much as the model reads, in up to seven passes.
    fn passes(&self, number: u64, text: &TokenizedText, seed: Seed) -> Vec<Hidden> {
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
            let question = self.question(&inputs, TokenSpan::new(0, inputs.len() as u32), &inputs);
            Hidden { question, targets: own.into_iter().map(|place| (place, tokens[place])).collect() }
        };
        (0..PASSES.min(places.len())).map(pass).collect()
    }
}

/// The stream of [`Purpose::Probe`] that is drawn from here.
const PERPLEXITY: u64 = 7;
