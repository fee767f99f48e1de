//! A kind of training, as the training loop sees it.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::path::Path;

use jove_checkpoint::ExtraFile;
use jove_model::{Backend, OwnedTape, Parameters, Pass, Scalar};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::Error;
use crate::example::Example;
use crate::loop_options::LoopOptions;
use crate::metrics::{Diagnostics, Losses};

/// The losses of one batch.
#[derive(Debug)]
pub struct BatchLosses<D: Backend> {
    /// The weighted loss with its tape, already divided by the items of the whole step; 0 where there are none.
    pub loss: Scalar<D, OwnedTape<D>>,
    /// The plain losses, as sums and counts.
    pub losses: Losses,
    /// Measures of what was computed.
    pub diagnostics: Diagnostics,
}

/// A kind of training: it makes batches and a loss. All else is [`Trainer`](crate::Trainer)'s: optimizer, schedule,
/// accumulation, clipping, checkpoints, exact resume, metrics.
///
/// For a run that resumes to end at the same bits as one that was never stopped, everything that changes from step to step
/// has to be in the model, in [`Step::State`] or in the files of [`Step::save`], and every random choice has to derive from
/// a seed and the step's number or the state.
pub trait Step {
    /// Where the arithmetic is done.
    type Device: Backend;
    /// The parameters that are trained.
    type Model: Parameters<Self::Device>;
    /// What one forward pass reads.
    type Batch;
    /// What all batches of a step share, such as the number of items that losses are divided by.
    type Shared;
    /// Where it stands, but for tensors: part of `state.json`.
    type State: Clone + Debug + Default + Serialize + DeserializeOwned;

    /// The parameters that are trained.
    fn model(&self) -> &Self::Model;

    /// The parameters that are trained.
    fn model_mut(&mut self) -> &mut Self::Model;

    /// Where the parameters live.
    fn device(&self) -> &Self::Device;

    /// The batches of a step, counted from 0: one for every forward pass.
    ///
    /// # Errors
    /// Where an example cannot be read or the device fails.
    fn batches(&mut self, step: u64) -> Result<Vec<Self::Batch>, Error>;

    /// What the batches of a step share; `diagnosed` says that diagnostics will be logged.
    ///
    /// # Errors
    /// Where the device fails.
    fn share(&self, batches: &[Self::Batch], diagnosed: bool) -> Result<Self::Shared, Error>;

    /// The losses of one batch, recorded on `tape`.
    ///
    /// # Errors
    /// Where the batch does not fit the model or the device fails.
    fn losses(
        &self,
        shared: &Self::Shared,
        batch: &Self::Batch,
        tape: OwnedTape<Self::Device>,
        pass: &Pass,
    ) -> Result<BatchLosses<Self::Device>, Error>;

    /// Each loss's share in the gradient of a batch, by name; empty where there is only one. Leaves no trace.
    ///
    /// # Errors
    /// As [`Step::losses`].
    fn gradient_shares(&self, _: &Self::Shared, _: &Self::Batch, _: &Pass) -> Result<BTreeMap<String, f64>, Error> {
        Ok(BTreeMap::new())
    }

    /// What the learning rate of a parameter, by its name, is multiplied by.
    fn rate_scale(&self, _: &str) -> f64 {
        1.0
    }

    /// Follows an update of the model.
    ///
    /// # Errors
    /// Where the device fails.
    fn updated(&mut self, _: &[Self::Batch]) -> Result<(), Error> {
        Ok(())
    }

    /// Number of tokens that a batch has the model read.
    fn tokens(batch: &Self::Batch) -> u64;

    /// The examples of a batch, for messages.
    fn examples(batch: &Self::Batch) -> &[Example];

    /// The losses that every step should have.
    fn objectives(&self) -> Vec<&'static str> {
        Vec::new()
    }

    /// Why examples may have no target, as far as the data tell; for messages.
    fn no_target_reason(&self) -> String {
        "no example has a target".to_owned()
    }

    /// A digest of everything that a step's outcome depends on but the data and the weights.
    fn settings_digest(&self, options: &LoopOptions) -> String;

    /// A digest of the data.
    fn data_digest(&self) -> String;

    /// Where it stands.
    fn state(&self) -> Self::State;

    /// Goes to where `state` says, with what [`Step::save`] wrote into `dir` besides the model.
    ///
    /// # Errors
    /// Where it belongs to other data, or a file is damaged.
    fn restore(&mut self, dir: &Path, state: &Self::State) -> Result<(), Error>;

    /// Writes the model, `files`, and all other tensors that a resumed run needs into a new folder.
    ///
    /// # Errors
    /// Where a file cannot be written.
    fn save(&self, dir: &Path, files: &[ExtraFile]) -> Result<(), Error>;

    /// Reads the model that [`Step::save`] wrote.
    ///
    /// # Errors
    /// Where a file is missing or damaged, or the model is of another shape.
    fn load_model(&mut self, dir: &Path) -> Result<(), Error>;
}

/// `Error::OtherRun` unless a part of the checkpoint in `dir` is that of the run at hand.
pub(crate) fn same(dir: &Path, part: &'static str, expected: String, found: String) -> Result<(), Error> {
    if expected == found { Ok(()) } else { Err(Error::OtherRun { path: dir.to_owned(), part, expected, found }) }
}
