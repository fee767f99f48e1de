//! A whole run on the device that its configuration names, for callers who do not name the device's type.

use std::path::PathBuf;

use jove_core::{ModelConfig, Progress, SpecialTokens};
use jove_model::{Backend, Cpu, Parameters as _};
use jove_objectives::{Device, Model, cuda};

use crate::config::TrainConfig;
use crate::error::{Cause, Error};
use crate::pretraining::Pretraining;
use crate::source::TrainingData;
use crate::trainer::{Output, Trainer};

/// What the weights are before the first step.
#[derive(Clone, Debug)]
pub enum Start {
    /// Random ones, in a model of this shape.
    Random(ModelConfig),
    /// Those of a Hugging Face folder, see [`Model::start`].
    Checkpoint(PathBuf),
}

/// All that a run of training needs.
pub struct TrainingRun {
    /// Length, optimizer, objectives, device.
    pub config: TrainConfig,
    /// The weights it begins with.
    pub start: Start,
    /// What it reads.
    pub data: TrainingData,
    /// The special tokens of its vocabulary.
    pub specials: SpecialTokens,
    /// Where it writes.
    pub output: Output,
    /// Called once the first weights are read, before the first step: an error stops the run.
    pub started: Box<dyn FnOnce() -> Result<(), Cause>>,
}

/// What a finished run says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trained {
    /// Parameters of the model, heads included.
    pub parameters: u64,
}

impl TrainingRun {
    /// Trains to the end, from the checkpoint in the output folder where there is one.
    ///
    /// # Errors
    /// As [`Pretraining::new`], [`Trainer::resume`] and [`Trainer::run`]; also where the device is not there.
    pub fn run(self, progress: &dyn Progress) -> Result<Trained, Error> {
        match self.config.device {
            Device::Cpu => self.run_on(&Cpu::default(), progress),
            Device::Cuda => self.run_on(&cuda()?, progress),
        }
    }

    fn run_on<D: Backend>(self, device: &D, progress: &dyn Progress) -> Result<Trained, Error> {
        let model = match &self.start {
            Start::Random(shape) => Model::new(shape, device, self.config.seed)?,
            Start::Checkpoint(dir) => Model::start(dir, device, self.config.seed)?,
        };
        (self.started)().map_err(|cause| Error::Start { cause })?;
        let pretraining = Pretraining::new(&self.config, model, self.data, self.specials)?;
        let mut trainer = Trainer::resume(self.config.loop_options(), pretraining, self.output)?;
        trainer.run(progress)?;
        Ok(Trained { parameters: trainer.model().parameter_count() as u64 })
    }
}
