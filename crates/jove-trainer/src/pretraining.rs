//! Pretraining: a masked language model with the heads of its objectives, trained on texts, pairs and facts.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use jove_checkpoint::ExtraFile;
use jove_core::SpecialTokens;
use jove_model::{Backend, OwnedTape, Parameters as _, Pass};
use jove_objectives::Model;
use serde::{Deserialize, Serialize};

use crate::batch::Batch;
use crate::collator::{Collator, CollatorState};
use crate::config::TrainConfig;
use crate::contrastive_state::{ContrastiveState, Identities};
use crate::error::Error;
use crate::example::Example;
use crate::gradient_share::gradient_shares;
use crate::loop_options::LoopOptions;
use crate::objective::kind::Objective;
use crate::source::TrainingData;
use crate::step::{BatchLosses, Step, same};
use crate::step_losses::{Counts, StepLosses, StepShared};

/// Pretraining, as a [`Step`].
#[derive(Debug)]
pub struct Pretraining<D: Backend> {
    config: TrainConfig,
    model: Model<D>,
    collator: Collator,
    /// The momentum encoder and the queues, where an objective has one.
    contrastive: Option<ContrastiveState<D>>,
}

/// Where pretraining stands.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PretrainingState {
    /// Where the samplers stand.
    examples: CollatorState,
    /// What the keys of every queue stand for; nothing where there is no queue.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    queues: Identities,
}

impl<D: Backend> Pretraining<D> {
    /// Pretraining from the weights of `model`, which gets the heads that its objectives need and it does not have.
    ///
    /// # Errors
    /// Where a setting is invalid, an objective that is on has no data, or an example cannot be read.
    pub fn new(
        config: &TrainConfig,
        model: Model<D>,
        data: TrainingData,
        specials: SpecialTokens,
    ) -> Result<Self, Error> {
        let collator = Collator::new(config, data, specials, model.config())?;
        let model = config.objectives.add_heads(model, config.seed)?;
        let contrastive = ContrastiveState::new(&config.objectives, &model);
        Ok(Self { config: config.clone(), model, collator, contrastive })
    }

    fn step_losses<'a>(&'a self, shared: &'a StepShared<D>) -> StepLosses<'a, D> {
        let momentum = self.contrastive.as_ref().map(|state| &state.encoder);
        StepLosses { options: &self.config.objectives, momentum, shared }
    }
}

impl<D: Backend> Step for Pretraining<D> {
    type Device = D;
    type Model = Model<D>;
    type Batch = Batch;
    type Shared = StepShared<D>;
    type State = PretrainingState;

    fn model(&self) -> &Model<D> {
        &self.model
    }

    fn model_mut(&mut self) -> &mut Model<D> {
        &mut self.model
    }

    fn device(&self) -> &D {
        self.model.device()
    }

    fn batches(&mut self, step: u64) -> Result<Vec<Batch>, Error> {
        let mut batches = self.collator.step(step)?;
        let objectives = &self.config.objectives;
        for batch in &mut batches {
            objectives.active().try_for_each(|objective| objectives.get(objective).prepare(&self.model, batch))?;
        }
        Ok(batches)
    }

    fn share(&self, batches: &[Batch], diagnosed: bool) -> Result<StepShared<D>, Error> {
        let queues = self.contrastive.as_ref().map(|state| state.keys(self.device())).transpose()?;
        Ok(StepShared { diagnosed, queues: queues.unwrap_or_default(), counts: Counts::of(batches) })
    }

    fn losses(
        &self,
        shared: &StepShared<D>,
        batch: &Batch,
        tape: OwnedTape<D>,
        pass: &Pass,
    ) -> Result<BatchLosses<D>, Error> {
        self.step_losses(shared).evaluate(&self.model, batch, tape, pass, &Objective::ALL)
    }

    fn gradient_shares(
        &self,
        shared: &StepShared<D>,
        batch: &Batch,
        pass: &Pass,
    ) -> Result<BTreeMap<String, f64>, Error> {
        gradient_shares(&self.step_losses(shared), &self.model, batch, pass)
    }

    fn updated(&mut self, batches: &[Batch]) -> Result<(), Error> {
        self.model.clamp();
        let Some(contrastive) = &mut self.contrastive else { return Ok(()) };
        contrastive.update(&self.config.objectives, &self.model, batches)
    }

    fn tokens(batch: &Batch) -> u64 {
        batch.len() as u64
    }

    fn examples(batch: &Batch) -> &[Example] {
        &batch.examples
    }

    fn objectives(&self) -> Vec<&'static str> {
        self.config.objectives.active().map(Objective::name).collect()
    }

    fn no_target_reason(&self) -> String {
        self.collator.no_target_reason()
    }

    /// Its settings hold those of the loop.
    fn settings_digest(&self, _: &LoopOptions) -> String {
        self.config.fingerprint()
    }

    fn data_digest(&self) -> String {
        self.collator.data_fingerprint()
    }

    fn state(&self) -> PretrainingState {
        let queues = self.contrastive.as_ref().map(ContrastiveState::identities).unwrap_or_default();
        PretrainingState { examples: self.collator.state(), queues }
    }

    fn restore(&mut self, dir: &Path, state: &PretrainingState) -> Result<(), Error> {
        if !self.collator.restore(&state.examples) {
            return Err(Error::damaged(dir, "expected a position within the data"));
        }
        self.contrastive.as_mut().map_or(Ok(()), |contrastive| contrastive.load(dir, &state.queues))
    }

    fn save(&self, dir: &Path, files: &[ExtraFile]) -> Result<(), Error> {
        self.model.save(dir, files)?;
        self.contrastive.as_ref().map_or(Ok(()), |contrastive| contrastive.save(dir))
    }

    fn load_model(&mut self, dir: &Path) -> Result<(), Error> {
        let model = Model::open(dir, self.device())?;
        same(dir, "model", format!("{:?}", self.model.config()), format!("{:?}", model.config()))?;
        same(dir, "heads", heads(&self.model), heads(&model))?;
        self.model = model;
        Ok(())
    }
}

/// The heads that a model has, by the second part of their parameters' names, such as `link` of `jove.link.mention.weight`.
fn heads<D: Backend>(model: &Model<D>) -> String {
    let mut heads = BTreeSet::new();
    model.visit(&mut |parameter| {
        let head = parameter.name.strip_prefix("jove.").and_then(|rest| rest.split('.').next());
        heads.extend(head.map(str::to_owned));
    });
    if heads.is_empty() { "none".to_owned() } else { Vec::from_iter(heads).join(", ") }
}
