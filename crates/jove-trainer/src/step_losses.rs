//! One batch through the model: the losses of all objectives on one tape.

use std::collections::BTreeMap;

use dfdx::prelude::{PutTape as _, SplitTape as _};
use jove_model::ops::tape;
use jove_model::{Backend, OwnedTape, PackedBatch, Pass, Scalar};
use jove_objectives::Model;

use crate::batch::Batch;
use crate::error::Error;
use crate::loss_rows::LossRows;
use crate::metrics::{Diagnostics, Loss, Losses, add_losses};
use crate::momentum::MomentumEncoder;
use crate::objective::Objectives;
use crate::objective::kind::Objective;
use crate::objective::rules::LossInput;
use crate::queue::QueuedKeys;
use crate::step::BatchLosses;

/// The number of items of each objective.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts(BTreeMap<Objective, usize>);

impl Counts {
    /// Those of several batches together.
    pub(crate) fn of(batches: &[Batch]) -> Self {
        let mut counts = BTreeMap::new();
        for (&objective, targets) in batches.iter().flat_map(|batch| &batch.targets) {
            *counts.entry(objective).or_default() += targets.count();
        }
        Self(counts)
    }
}

/// What all batches of a step share.
#[derive(Debug)]
pub struct StepShared<D: Backend> {
    /// Whether diagnostics are read.
    pub(crate) diagnosed: bool,
    /// Keys of former steps.
    pub(crate) queues: BTreeMap<&'static str, QueuedKeys<D>>,
    /// The items of the whole step: each loss is divided by its count here, so that a step does not depend on how it is
    /// cut into batches.
    pub(crate) counts: Counts,
}

/// The objectives of a run in one step.
pub(crate) struct StepLosses<'a, D: Backend> {
    pub(crate) options: &'a Objectives,
    /// The encoder of the keys in queues, where there is one.
    pub(crate) momentum: Option<&'a MomentumEncoder<D>>,
    pub(crate) shared: &'a StepShared<D>,
}

impl<D: Backend> StepLosses<'_, D> {
    /// The losses of one batch, of the given objectives as far as they are on.
    pub(crate) fn evaluate(
        &self,
        model: &Model<D>,
        batch: &Batch,
        tape: OwnedTape<D>,
        pass: &Pass,
        objectives: &[Objective],
    ) -> Result<BatchLosses<D>, Error> {
        let sequences = sequences(model, batch)?;
        let layer_of = |objective| self.options.rules(objective).layer();
        let pass = Pass { layer: self.options.active().find_map(layer_of), ..*pass };
        let rows = LossRows::of(batch, |objective| layer_of(objective).is_some());
        let hidden = model.lm.forward_rows(&sequences, &rows.rows, tape, &pass)?;
        let inner = hidden.layer.map(|inner| inner.split_tape().0);
        let (last, tape) = hidden.last.split_tape();
        let zero: Scalar<D> = model
            .device()
            .try_tensor_from_vec(vec![0.0], ())
            .map_err(|error| jove_model::Error::Device(format!("{error:?}")))?;
        let (mut losses, mut diagnostics) = (Losses::new(), Diagnostics::new());
        let mut total = zero.put_tape(tape);
        for &objective in objectives.iter().filter(|&&objective| self.is_on(objective)) {
            // The rows of a loss on another layer are those of the whole batch.
            let (hidden, targets) = match (&inner, layer_of(objective)) {
                (Some(inner), Some(_)) => (inner, batch.targets.get(&objective)),
                _ => (&last, rows.targets.get(&objective)),
            };
            let Some(targets) = targets else { continue };
            let StepShared { queues, diagnosed, .. } = self.shared;
            let (momentum, diagnosed) = (self.momentum, *diagnosed);
            let input = LossInput { model, batch, hidden, targets: &**targets, queues, momentum, diagnosed };
            let Some(part) = self.options.get(objective).loss(&input, &mut diagnostics)? else { continue };
            let loss = Loss { sum: f64::from(tape::value(&part.sum)), count: part.count as u64 };
            add_losses(&mut losses, &Losses::from([(objective.name().to_owned(), loss)]));
            total = tape::add(total, tape::scale(part.sum, self.factor(objective))?)?;
        }
        Ok(BatchLosses { loss: total, losses, diagnostics })
    }

    /// Whether an objective has a weight and items in this step.
    pub(crate) fn is_on(&self, objective: Objective) -> bool {
        self.options.weight(objective) > 0.0 && self.count(objective) > 0
    }

    /// An objective's items in the whole step.
    fn count(&self, objective: Objective) -> usize {
        self.shared.counts.0.get(&objective).copied().unwrap_or(0)
    }

    /// What an objective's summed loss is multiplied by: its weight over its items in the whole step.
    fn factor(&self, objective: Objective) -> f32 {
        (self.options.weight(objective) / self.count(objective) as f64) as f32
    }
}

fn sequences<D: Backend>(model: &Model<D>, batch: &Batch) -> Result<PackedBatch, Error> {
    let mut builder = PackedBatch::builder(model.config());
    for bounds in batch.cu_seqlens.windows(2) {
        let rows = bounds[0]..bounds[1];
        builder.push_with_segments(&batch.tokens[rows.clone()], &batch.segments[rows])?;
    }
    Ok(builder.build())
}
