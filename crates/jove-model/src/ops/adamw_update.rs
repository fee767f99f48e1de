//! One update of one parameter by AdamW ("Decoupled Weight Decay Regularization", arXiv 1711.05101), as PyTorch computes
//! it.

use dfdx::prelude::{Device, HasShape, ReshapeTo, Shape, Tensor, TryAdd, TryDiv, TryMul};

use crate::error::{Error, device};
use crate::tensors::{Gradients, Vector};

/// The constants of AdamW.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamW {
    /// Decay of the mean of gradients, in [0, 1).
    pub beta1: f64,
    /// Decay of the mean of squared gradients, in [0, 1).
    pub beta2: f64,
    /// Added to the root of the mean square.
    pub epsilon: f64,
    /// Weight decay: every matrix is multiplied by `1 - learning rate · weight decay` in each step. Biases and norms do not
    /// decay.
    pub weight_decay: f64,
}

impl Default for AdamW {
    fn default() -> Self {
        Self { beta1: 0.9, beta2: 0.98, epsilon: 1e-6, weight_decay: 0.01 }
    }
}

/// The running means that AdamW keeps for one parameter, flattened.
#[derive(Debug)]
pub struct Moments<D: Device<f32>> {
    /// Mean of the gradients.
    pub first: Vector<D>,
    /// Mean of the squared gradients.
    pub second: Vector<D>,
}

/// What one update of one parameter is computed with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rates {
    /// Learning rate of this step.
    pub learning_rate: f64,
    /// Multiplies the gradient first: clipping and the mean over the batch.
    pub scale: f64,
    /// Number of this step, from 1.
    pub step: u64,
    /// The optimizer's constants; its weight decay is 0 here for biases and norms.
    pub constants: AdamW,
}

impl Rates {
    /// The corrections `1 / (1 - beta1^t)` and `1 / (1 - beta2^t)` for moments that began at 0.
    pub fn corrections(&self) -> (f64, f64) {
        let correct = |beta: f64| 1.0 / (1.0 - beta.powf(self.step as f64));
        (correct(self.constants.beta1), correct(self.constants.beta2))
    }
}

/// The composed form of [`Backend::adamw_update`](super::backend::Backend::adamw_update).
///
/// # Errors
/// As there.
pub fn composed<S: Shape, D: Device<f32>>(
    parameter: &mut Tensor<S, f32, D>,
    gradients: &mut Gradients<D>,
    moments: &mut Moments<D>,
    rates: &Rates,
) -> Result<(), Error> {
    gradients.try_alloc_for(parameter).map_err(device)?;
    let AdamW { beta1, beta2, epsilon, weight_decay } = rates.constants;
    let count = (parameter.shape().num_elements(),);
    let gradient = gradients.get(parameter).try_reshape_like(&count).map_err(device)?;
    moments.first.try_axpy(beta1, &gradient, (1.0 - beta1) * rates.scale).map_err(device)?;
    let square = gradient.try_square().map_err(device)?;
    moments.second.try_axpy(beta2, &square, (1.0 - beta2) * rates.scale * rates.scale).map_err(device)?;
    let (first, second) = rates.corrections();
    let root = moments.second.clone().try_mul(second as f32).map_err(device)?.try_sqrt().map_err(device)?;
    let root = root.try_add(epsilon as f32).map_err(device)?;
    let update = moments.first.clone().try_mul(first as f32).map_err(device)?.try_div(root).map_err(device)?;
    let update = update.try_reshape_like(parameter.shape()).map_err(device)?;
    let keep = 1.0 - rates.learning_rate * weight_decay;
    parameter.try_axpy(keep, &update, -rates.learning_rate).map_err(device)?;
    let gradient = gradients.get_or_alloc_mut(parameter).map_err(device)?;
    parameter.device().try_fill_with_zeros(gradient).map_err(device)
}
