//! What every objective says of itself.

use std::collections::BTreeMap;

use jove_core::{ModelConfig, Seed};
use jove_model::{Backend, LossSum, Matrix, OwnedTape};
use jove_objectives::Model;

use crate::batch::Batch;
use crate::error::{Error, check};
use crate::example::ExampleSource;
use crate::metrics::Diagnostics;
use crate::momentum::MomentumEncoder;
use crate::packing::Packing;
use crate::queue::{KeyQueue, QueuedKeys};
use crate::source::TrainingData;
use crate::targets::Targets;

/// The part of an objective that needs no device: its settings, its data and how it fills a batch.
pub(crate) trait Rules {
    /// Factor on its mean loss; 0 where it is off.
    fn weight(&self) -> f64;

    /// Part of a batch's tokens that its own sequences take; `None` where it has none, or takes what others leave.
    fn token_fraction(&self) -> Option<f64>;

    /// Checks the settings.
    fn validate(&self) -> Result<(), Error>;

    /// Checks the settings against the model that will be trained.
    fn validate_for(&self, _: &ModelConfig) -> Result<(), Error> {
        Ok(())
    }

    /// Checks that the data has what it needs.
    fn check_data(&self, data: &TrainingData) -> Result<(), Error>;

    /// Where its examples come from.
    fn reads(&self) -> ExampleSource;

    /// The fewest tokens of a batch with which its own sequences make sense, where no sequence is longer than `max_length`.
    fn tokens_min(&self, max_length: usize) -> usize;

    /// Adds its sequences and targets to a batch, in at most `budget` tokens. Called for every objective, since two may
    /// share sequences; the one that owns them adds them.
    fn fill(&self, packing: &mut Packing, batch: &mut Batch, budget: usize) -> Result<(), Error>;

    /// The layer that its loss reads, counted from 1; `None` is the last.
    fn layer(&self) -> Option<usize> {
        None
    }

    /// Numbers in its queues for a model of this width; `None` where it needs no momentum encoder.
    fn queue_numbers(&self, _hidden: usize) -> Option<usize> {
        None
    }
}

/// The part of an objective that computes on a device.
pub(crate) trait Train<D: Backend>: Rules {
    /// Adds its head to a model that does not have it yet.
    fn add_head(&self, model: Model<D>, _: Seed) -> Result<Model<D>, Error> {
        Ok(model)
    }

    /// Adds targets to a batch that depend on the weights as they stand.
    fn prepare(&self, _: &Model<D>, _: &mut Batch) -> Result<(), Error> {
        Ok(())
    }

    /// Its queues, empty, by their names in a checkpoint.
    fn queues(&self, _: &Model<D>) -> Vec<(&'static str, KeyQueue)> {
        Vec::new()
    }

    /// Adds keys of a batch to its queues.
    fn enqueue(
        &self,
        _: &MomentumEncoder<D>,
        _: &Batch,
        _: &mut BTreeMap<&'static str, KeyQueue>,
    ) -> Result<(), Error> {
        Ok(())
    }

    /// Its loss on a batch, a sum over its items; `None` where there are none.
    fn loss(&self, input: &LossInput<'_, D>, diagnostics: &mut Diagnostics) -> Part<D>;
}

/// One objective's part of a batch's loss, if it has one.
pub(crate) type Part<D> = Result<Option<LossSum<D, OwnedTape<D>>>, Error>;

/// What a loss reads.
pub(crate) struct LossInput<'a, D: Backend> {
    pub(crate) model: &'a Model<D>,
    /// The whole batch.
    pub(crate) batch: &'a Batch,
    /// Hidden states of the layer that the objective reads, [rows, hidden].
    pub(crate) hidden: &'a Matrix<D>,
    /// The objective's items; their rows are those of `hidden`.
    pub(crate) targets: &'a dyn Targets,
    /// Keys of former steps, by queue; without those that are empty.
    pub(crate) queues: &'a BTreeMap<&'static str, QueuedKeys<D>>,
    /// The encoder of the keys in queues, where there is one.
    pub(crate) momentum: Option<&'a MomentumEncoder<D>>,
    /// Whether diagnostics are read.
    pub(crate) diagnosed: bool,
}

impl<D: Backend> LossInput<'_, D> {
    /// The items, as the type that the objective's `fill` made; `None` where there are none.
    ///
    /// # Panics
    /// Where `fill` made another type: a loss that is silently missing would be worse.
    pub(crate) fn items<T: Targets>(&self) -> Option<&T> {
        let targets: &dyn std::any::Any = self.targets;
        let items: &T = targets.downcast_ref().expect("an objective reads the targets that its own `fill` made");
        (items.count() > 0).then_some(items)
    }
}

/// `Error::NoData` for `objective` unless it has at least `least` of what it needs, which `expected` says in words.
pub(crate) fn need(objective: &'static str, expected: &'static str, found: usize, least: usize) -> Result<(), Error> {
    if found >= least { Ok(()) } else { Err(Error::NoData { objective, expected, found }) }
}

/// `Error::Config` where the layer that an objective reads is none of `layers`.
pub(crate) fn check_layer(objective: &str, layer: Option<usize>, layers: usize) -> Result<(), Error> {
    let Some(layer) = layer else { return Ok(()) };
    let expected =
        if layers == usize::MAX { "1 or more".to_owned() } else { format!("1 to {layers}, the model's layers") };
    check(&format!("objectives.{objective}.layer"), expected, layer, (1..=layers).contains(&layer))
}

/// `Error::Config` where a temperature is out of bounds.
pub(crate) fn check_temperature(objective: &str, temperature: f64) -> Result<(), Error> {
    let holds = (0.001..=100.0).contains(&temperature);
    check(&format!("objectives.{objective}.temperature"), "0.001 to 100", temperature, holds)
}

/// `Error::Config` where a size is below `least` or out of proportion.
pub(crate) fn check_size(field: &str, size: usize, least: usize) -> Result<(), Error> {
    check(&format!("objectives.{field}"), format!("{least} to 65536"), size, (least..=65536).contains(&size))
}
