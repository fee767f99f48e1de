//! What the objectives share when they fill a batch: the order of examples, randomness, masking.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use jove_core::{EntityId, Lang, Layout, Purpose, Rng, Seed, SpecialTokens, TokenId, TokenizedText};

use crate::error::Error;
use crate::example::{Example, ExampleSource};
use crate::sampler::{Sampler, SamplerState};
use crate::source::TrainingData;
use crate::targets::MaskedTokens;

/// A mention of a packed text whose entity has a description: its rows and the entity.
pub(crate) type LinkedMention = (Range<usize>, EntityId);

/// What the batches of a run are packed from.
#[derive(Debug)]
pub(crate) struct Packing {
    pub(crate) seed: Seed,
    /// The longest sequence in tokens, special tokens included.
    pub(crate) max_length: usize,
    pub(crate) layout: Layout,
    pub(crate) specials: SpecialTokens,
    pub(crate) data: Arc<TrainingData>,
    /// Number of the forward pass that is being filled.
    pub(crate) pass: u64,
    /// The mentions of the texts packed so far that have a description.
    pub(crate) mentions: Vec<LinkedMention>,
    reads: BTreeSet<ExampleSource>,
    samplers: BTreeMap<ExampleSource, Sampler>,
}

impl Packing {
    /// Packing at the beginning of a run, for objectives that read the sources `reads`.
    pub(crate) fn new(
        (seed, max_length, language_exponent): (Seed, usize, f64),
        (layout, specials): (Layout, SpecialTokens),
        data: TrainingData,
        reads: BTreeSet<ExampleSource>,
    ) -> Result<Self, Error> {
        let reads_pairs = [ExampleSource::Tlm, ExampleSource::Translation].iter().any(|source| reads.contains(source));
        let text_langs = if reads.contains(&ExampleSource::Text) { data.text_langs()? } else { Vec::new() };
        let pairs = if reads_pairs { data.pair_sizes()? } else { Vec::new() };
        warn_of_long_pairs(&pairs, max_length, reads.contains(&ExampleSource::Tlm));
        let pair_langs: Vec<Lang> = pairs.into_iter().map(|(lang, _)| lang).collect();
        let facts = if reads.contains(&ExampleSource::Relation) { data.relations.facts().len() } else { 0 };
        // Facts are of no language.
        let fact_langs = vec![Lang::EN; facts];
        let sampler = |source| {
            let langs = match source {
                ExampleSource::Text => &text_langs,
                ExampleSource::Tlm | ExampleSource::Translation => &pair_langs,
                ExampleSource::Relation => &fact_langs,
            };
            let weights = (source == ExampleSource::Text).then(|| data.weights.iter()).into_iter().flatten();
            (source, Sampler::new(seed, source as u64, langs, language_exponent, weights))
        };
        let samplers = ExampleSource::ALL.map(sampler).into();
        let (data, mentions) = (Arc::new(data), Vec::new());
        Ok(Self { seed, max_length, layout, specials, data, pass: 0, mentions, reads, samplers })
    }

    /// Begins the batch of a forward pass.
    pub(crate) fn begin(&mut self, pass: u64) {
        self.pass = pass;
        self.mentions.clear();
    }

    /// Whether an objective reads this source.
    pub(crate) fn reads(&self, source: ExampleSource) -> bool {
        self.reads.contains(&source)
    }

    /// Hands out the next examples of a source, each with its own random numbers, until `pack` says that one did not fit;
    /// that one comes first the next time.
    pub(crate) fn draw_while(
        &mut self,
        source: ExampleSource,
        mut pack: impl FnMut(&mut Self, Example, &mut Rng) -> Result<bool, Error>,
    ) -> Result<(), Error> {
        while let Some(sample) = self.samplers.get_mut(&source).and_then(Sampler::draw) {
            let example = Example { origin: source, index: sample.index, epoch: sample.epoch };
            let mut rng = self.seed.rng(Purpose::Mask, example.epoch, example.key());
            if !pack(self, example, &mut rng)? {
                self.samplers.entry(source).and_modify(|sampler| sampler.put_back(sample));
                break;
            }
        }
        Ok(())
    }

    /// Masks `text`; returns the tokens that the model reads, and adds the masked ones to `targets`.
    pub(crate) fn mask(
        &self,
        text: &TokenizedText,
        rng: &mut Rng,
        targets: &mut MaskedTokens,
    ) -> Result<Vec<u32>, Error> {
        let plan = jove_masking::plan_with(text, &self.data.mask, &self.specials, &self.data.replacements, rng)?;
        targets.rows.extend(plan.targets.iter().map(|target| target.position as usize));
        targets.labels.extend(plan.targets.iter().map(|target| target.original.0));
        Ok(ids(&plan.apply(&text.tokens)))
    }

    /// `[CLS] tokens [SEP]`.
    pub(crate) fn wrap(&self, tokens: &[u32]) -> Vec<u32> {
        let mut whole = Vec::with_capacity(tokens.len() + 2);
        whole.push(self.specials.first.0);
        whole.extend_from_slice(tokens);
        whole.push(self.specials.separator.0);
        whole
    }

    /// Where the samplers stand.
    pub(crate) fn state(&self) -> BTreeMap<ExampleSource, SamplerState> {
        self.samplers.iter().map(|(&source, sampler)| (source, sampler.state().clone())).collect()
    }

    /// Goes to where `state` says; `false` where it belongs to other data.
    #[must_use]
    pub(crate) fn restore(&mut self, state: &BTreeMap<ExampleSource, SamplerState>) -> bool {
        let start = SamplerState::default();
        self.samplers.iter_mut().all(|(source, sampler)| sampler.restore(state.get(source).unwrap_or(&start)))
    }
}

/// Says how many pairs are longer than a sequence may be, as one sequence or as two.
fn warn_of_long_pairs(pairs: &[(Lang, [usize; 2])], max_length: usize, as_one: bool) {
    let long = long_pairs(pairs, max_length, as_one);
    if long > 0 {
        let count = pairs.len();
        tracing::warn!(
            "{long} of {count} translation pairs are longer than train.max-length ({max_length}): of their longer sides a \
             random part is read, another one in every epoch"
        );
    }
}

fn long_pairs(pairs: &[(Lang, [usize; 2])], max_length: usize, as_one: bool) -> usize {
    let is_long = |sides: [usize; 2]| {
        if as_one {
            sides.iter().sum::<usize>() > max_length - 4
        } else {
            sides.iter().any(|&side| side > max_length - 2)
        }
    };
    pairs.iter().filter(|(_, sides)| is_long(*sides)).count()
}

/// Tokens as the model takes them.
pub(crate) fn ids(tokens: &[TokenId]) -> Vec<u32> {
    tokens.iter().map(|token| token.0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_long_where_a_sequence_cannot_hold_them() {
        let pairs = [[6, 6], [6, 7], [14, 1], [15, 1], [0, 0]].map(|sides| (Lang::ZH, sides));
        assert_eq!(long_pairs(&pairs, 16, true), 3, "more than 12 tokens in both sides");
        assert_eq!(long_pairs(&pairs, 16, false), 1, "more than 14 tokens in a side");
    }
}
