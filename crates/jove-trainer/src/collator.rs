//! Fills the batches of a step with the sequences of every objective.

use std::collections::BTreeMap;

use jove_core::{ModelConfig, SpecialTokens};

use crate::batch::Batch;
use crate::config::{TokenBudgets, TrainConfig};
use crate::error::{Error, check};
use crate::example::ExampleSource;
use crate::objective::Objectives;
use crate::objective::kind::Objective;
use crate::packing::Packing;
use crate::sampler::SamplerState;
use crate::source::TrainingData;

/// Turns examples into batches. The batches of a step depend on the seed, the step and the samplers' states alone.
#[derive(Debug)]
pub struct Collator {
    objectives: Objectives,
    budgets: TokenBudgets,
    batch_tokens: usize,
    accumulation: u64,
    packing: Packing,
}

/// Where a collator stands: the state of every sampler.
pub type CollatorState = BTreeMap<ExampleSource, SamplerState>;

impl Collator {
    /// A collator at the beginning of a run.
    ///
    /// # Errors
    /// Where a setting is invalid, an objective that is on has no data, or an example cannot be read.
    pub fn new(
        config: &TrainConfig,
        data: TrainingData,
        specials: SpecialTokens,
        model: &ModelConfig,
    ) -> Result<Self, Error> {
        config.validate()?;
        data.mask.validate()?;
        let objectives = &config.objectives;
        objectives.active().try_for_each(|objective| objectives.rules(objective).check_data(&data))?;
        let longest = model.max_sequence_length();
        let expected = format!("at most {longest}, the positions that the model has");
        check("max-length", expected, config.max_length, config.max_length <= longest)?;
        objectives.active().try_for_each(|objective| objectives.rules(objective).validate_for(model))?;
        let reads = ExampleSource::ALL.into_iter().filter(|&source| objectives.reads(source)).collect();
        let order = (config.seed, config.max_length, config.language_exponent);
        Ok(Self {
            budgets: TokenBudgets::of(config),
            batch_tokens: config.batch_tokens,
            accumulation: config.gradient_accumulation_steps as u64,
            packing: Packing::new(order, (model.layout, specials), data, reads)?,
            objectives: objectives.clone(),
        })
    }

    /// Where it stands.
    pub fn state(&self) -> CollatorState {
        self.packing.state()
    }

    /// Goes to where `state` says; `false` where it belongs to other data.
    #[must_use]
    pub fn restore(&mut self, state: &CollatorState) -> bool {
        self.packing.restore(state)
    }

    /// Digest of the data and of how it is masked.
    pub(crate) fn data_fingerprint(&self) -> String {
        let data = &self.packing.data;
        let mask = serde_json::to_string(&data.mask).expect("settings are plain data");
        let sizes = (data.text.len(), data.pairs.len(), data.descriptions.len());
        blake3::hash(format!("{}\n{mask}\n{sizes:?}", data.fingerprint).as_bytes()).to_hex().to_string()
    }

    /// Why examples may have no target: what share of the first texts the vocabulary does not know.
    pub(crate) fn no_target_reason(&self) -> String {
        const TEXTS_MAX: usize = 1000;
        let data = &self.packing.data;
        let texts = data.text.len().min(TEXTS_MAX);
        let (mut tokens, mut unknown) = (0, 0);
        for text in (0..texts).filter_map(|index| data.text(index).ok()) {
            tokens += text.tokens.len();
            unknown += text.tokens.iter().filter(|&&token| token == self.packing.specials.unknown).count();
        }
        let share = 100.0 * unknown as f64 / tokens.max(1) as f64;
        format!("the vocabulary does not know {share:.0}% of the {tokens} tokens of the first {texts} texts")
    }

    /// The batches of step `step`, one for every forward pass.
    ///
    /// # Errors
    /// Where an example cannot be read.
    pub fn step(&mut self, step: u64) -> Result<Vec<Batch>, Error> {
        let passes = self.accumulation;
        (0..passes).map(|pass| self.batch(step * passes + pass)).collect()
    }

    /// The batch of the forward pass number `pass` of the run.
    fn batch(&mut self, pass: u64) -> Result<Batch, Error> {
        let mut batch = Batch::new();
        self.packing.begin(pass);
        for objective in Objective::ALL {
            self.fill(objective, &mut batch, self.budgets.get(objective))?;
        }
        // An objective that found less than its share, as the link does where text links nothing, leaves no tokens unread:
        // all runs of one budget read as much.
        let room = self.batch_tokens.saturating_sub(batch.len());
        self.fill(Objective::Mlm, &mut batch, room)?;
        Ok(batch)
    }

    fn fill(&mut self, objective: Objective, batch: &mut Batch, budget: usize) -> Result<(), Error> {
        self.objectives.rules(objective).fill(&mut self.packing, batch, budget)
    }
}
