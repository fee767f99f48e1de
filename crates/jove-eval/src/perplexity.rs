//! Pseudo-perplexity: how well masked tokens of held-out text are found.

use std::collections::BTreeMap;

use jove_core::{Lang, Purpose, Seed, TokenSpan, TokenizedText};
use jove_masking::{Corruption, MaskConfig, plan};
use jove_model::Backend;
use jove_model::ops::tape;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::probe::Probe;

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

impl<D: Backend> Probe<'_, D> {
    /// The perplexity of masked tokens, by language. One draw of masks hides 15% of the tokens, all behind the mask token;
    /// it depends on `seed` and the text's place alone, so that every model is asked the same. The proper
    /// pseudo-perplexity (Masked Language Model Scoring, arXiv 1910.14659) hides one token at a time, which takes as many
    /// passes as there are tokens; this one ranks models alike at a fraction of the time.
    ///
    /// # Errors
    /// Where a token is outside the vocabulary, the device fails, or the user asked to stop.
    pub fn pseudo_perplexity(&self, texts: &[TokenizedText], seed: Seed) -> Result<BTreeMap<Lang, Perplexity>, Error> {
        let mut masking = MaskConfig::ml();
        masking.corruption = Corruption { mask: 1.0, random: 0.0 };
        let mut scores: BTreeMap<Lang, Perplexity> = BTreeMap::new();
        let mut by_lang: BTreeMap<Lang, (Vec<_>, Vec<_>)> = BTreeMap::new();
        for (index, text) in texts.iter().enumerate() {
            let text = self.shortened(text);
            let plan = plan(&text, &masking, &self.specials, &mut seed.rng(Purpose::Probe, 0, index as u64))?;
            let inputs = plan.apply(&text.tokens);
            let question = self.question(&inputs, TokenSpan::new(0, inputs.len() as u32), &inputs);
            let (questions, plans) = by_lang.entry(text.lang).or_default();
            questions.push(question);
            plans.push(plan.targets);
        }
        for (lang, (questions, plans)) in by_lang {
            let score = scores.entry(lang).or_default();
            self.read("pseudo-perplexity", &questions, usize::MAX, |first, sequences, hidden| {
                let starts = &sequences.bounds()[..sequences.len()];
                let targets =
                    || starts.iter().zip(&plans[first..]).flat_map(|(s, plan)| plan.iter().map(move |t| (s, t)));
                let rows: Vec<u32> = targets().map(|(start, target)| *start as u32 + 1 + target.position).collect();
                let labels: Vec<u32> = targets().map(|(_, target)| target.original.0).collect();
                if !rows.is_empty() {
                    let loss = self.model.lm.loss(hidden, &rows, &labels)?;
                    score.loss += f64::from(tape::value(&loss.sum));
                    score.tokens += loss.count;
                }
                Ok(())
            })?;
        }
        Ok(scores)
    }

    /// The beginning of a text, as much as the model reads.
    fn shortened(&self, text: &TokenizedText) -> TokenizedText {
        let length = text.tokens.len().min(self.options.max_length - 2);
        let kept = TokenSpan::new(0, length as u32);
        TokenizedText {
            lang: text.lang,
            tokens: text.tokens[..length].to_vec(),
            words: text.words.iter().copied().filter(|(span, _)| kept.contains(*span)).collect(),
            mentions: text.mentions.iter().copied().filter(|(span, _)| kept.contains(*span)).collect(),
        }
    }
}
