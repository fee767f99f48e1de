//! How much each objective pulls at the encoder.

use std::collections::BTreeMap;

use jove_model::ops::{norm, tape};
use jove_model::{Backend, Gradients, Pass};
use jove_objectives::Model;

use crate::batch::Batch;
use crate::error::Error;
use crate::objective::kind::Objective;
use crate::step_losses::StepLosses;

/// For each objective with items in `batch`, the norm of its weighted loss's gradient over all parameters of the encoder,
/// as a part of the sum of these norms; nothing where only one objective is on. Takes a forward and a backward pass for each
/// and leaves no trace: the training step after it is the same, bit for bit.
pub(crate) fn gradient_shares<D: Backend>(
    losses: &StepLosses<'_, D>,
    model: &Model<D>,
    batch: &Batch,
    pass: &Pass,
) -> Result<BTreeMap<String, f64>, Error> {
    let active: Vec<Objective> = Objective::ALL.into_iter().filter(|&objective| losses.is_on(objective)).collect();
    if active.len() < 2 {
        return Ok(BTreeMap::new());
    }
    let mut norms = BTreeMap::new();
    for objective in active {
        let tape = tape::resume(model.device(), Gradients::leaky())?;
        let evaluated = losses.evaluate(model, batch, tape, pass, &[objective])?;
        let mut gradients = tape::backward(evaluated.loss)?;
        norms.insert(objective.name().to_owned(), norm::global(&model.lm.encoder, &mut gradients)?);
    }
    let sum: f64 = norms.values().sum();
    for norm in norms.values_mut() {
        *norm /= sum.max(f64::MIN_POSITIVE);
    }
    Ok(norms)
}
