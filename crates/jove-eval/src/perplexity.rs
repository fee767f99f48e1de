//! Pseudo-perplexity: how well masked tokens of held-out text are predicted.

use jove_core::{Purpose, Seed, SpecialTokens, TokenId, TokenSpan, TokenizedText};
use jove_model::Backend;
use rand::seq::SliceRandom as _;

use crate::cloze::{LOGITS_MAX, log_sum_exp};
use crate::error::Error;
use crate::probe::{Probe, Query, to_rows};

/// Passes over a text, each with a different seventh of its tokens masked: about the 15% of training.
const PASSES: usize = 7;

/// Cross-entropy of the masked tokens of one text.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Perplexity {
    /// Summed negative log-probability of the masked tokens, in nats.
    pub loss: f64,
    /// Number of masked tokens.
    pub tokens: usize,
}

/// Masked positions of a text and their tokens.
type Targets = Vec<(usize, TokenId)>;

/// A text with some of its tokens masked.
struct MaskedText {
    query: Query,
    targets: Targets,
}

impl<D: Backend> Probe<'_, D> {
    /// The cross-entropy of each text's masked tokens. Every token of a text but special ones is predicted exactly once: its
    /// positions are shuffled into seven passes, and each pass replaces its seventh by the mask token. The shuffle depends only
    /// on `seed`, the number that comes with the text, and the text's length, so that all models with one vocabulary predict
    /// the same tokens in the same context. The pseudo-perplexity of Masked Language Model Scoring (arXiv 1910.14659) masks one
    /// token at a time, which takes as many passes as there are tokens; this one masks about as much as training does.
    ///
    /// # Errors
    /// Where a token is outside the vocabulary, the device fails, or the user cancels.
    pub fn pseudo_perplexity(&self, texts: &[(u64, TokenizedText)], seed: Seed) -> Result<Vec<Perplexity>, Error> {
        let (mut queries, mut targets) = (Vec::new(), Vec::new());
        for (index, (number, text)) in texts.iter().enumerate() {
            for masked in self.passes(*number, text, seed) {
                queries.push(masked.query);
                targets.push((index, masked.targets));
            }
        }
        let mut scores = vec![Perplexity::default(); texts.len()];
        let vocabulary = self.model.config().vocab_size;
        self.for_each_batch(
            "pseudo-perplexity",
            &queries,
            (LOGITS_MAX / vocabulary).max(1),
            |first, sequences, hidden| {
                let starts = &sequences.cu_seqlens()[..sequences.len()];
                let masked = || {
                    let own = starts.iter().zip(&targets[first..]);
                    own.flat_map(|(start, (text, own))| own.iter().map(move |target| (start, *text, target)))
                };
                let rows: Vec<u32> = masked().map(|(start, _, (place, _))| (start + 1 + place) as u32).collect();
                let logits = to_rows(&self.model.lm.logits(hidden, &rows)?, vocabulary, rows.len());
                for ((_, text, (_, token)), row) in masked().zip(logits.chunks_exact(vocabulary)) {
                    scores[text].loss += log_sum_exp(row) - f64::from(row[token.0 as usize]);
                    scores[text].tokens += 1;
                }
                Ok(())
            },
        )?;
        Ok(scores)
    }

    /// Up to seven passes over a text, truncated to the model's length.
    fn passes(&self, number: u64, text: &TokenizedText, seed: Seed) -> Vec<MaskedText> {
        let tokens = read(text, self.options.max_length);
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

/// What a model reads of a text.
fn read(text: &TokenizedText, max_length: usize) -> &[TokenId] {
    &text.tokens[..text.tokens.len().min(max_length - 2)]
}

/// How often training text has each token: what can be predicted without looking at a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenCounts {
    counts: Vec<u64>,
    total: u64,
    specials: SpecialTokens,
}

impl TokenCounts {
    /// No token yet, of a vocabulary with these special ones.
    pub fn new(specials: SpecialTokens) -> Self {
        Self { counts: vec![0; specials.vocab_size as usize], total: 0, specials }
    }

    /// Counts the tokens of a text.
    pub fn add(&mut self, tokens: &[TokenId]) {
        for token in tokens {
            if let Some(count) = self.counts.get_mut(token.0 as usize) {
                *count += 1;
                self.total += 1;
            }
        }
    }

    /// The cross-entropy of the tokens that [`Probe::pseudo_perplexity`] predicts, each by its frequency with one added to all
    /// counts (Laplace).
    pub fn perplexity(&self, texts: &[(u64, TokenizedText)], max_length: usize) -> Vec<Perplexity> {
        let whole = (self.total + self.counts.len() as u64) as f64;
        let loss = |token: TokenId| {
            let count = self.counts.get(token.0 as usize).copied().unwrap_or_default();
            -((count + 1) as f64 / whole).ln()
        };
        let score = |text: &TokenizedText| {
            let tokens = read(text, max_length).iter().filter(|&&token| !self.specials.contains(token));
            tokens.fold(Perplexity::default(), |score, &token| Perplexity {
                loss: score.loss + loss(token),
                tokens: score.tokens + 1,
            })
        };
        texts.iter().map(|(_, text)| score(text)).collect()
    }
}
