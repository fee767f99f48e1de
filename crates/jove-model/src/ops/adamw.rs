//! AdamW ("Decoupled Weight Decay Regularization", arXiv 1711.05101), as PyTorch computes it.

use std::collections::BTreeMap;

use dfdx::prelude::{Cpu, HasShape, ReshapeTo, Shape, Tensor, TryAdd, TryDiv, TryMul};

use rayon::prelude::*;

use crate::error::device;
use crate::kernels::vectorized;
use crate::view::slice_mut;
use crate::{Backend, Error, Gradients, Parameters, Vector};

/// The constants of AdamW.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamW {
    /// Decay of the mean of gradients, in [0, 1).
    pub beta1: f64,
    /// Decay of the mean of squared gradients, in [0, 1).
    pub beta2: f64,
    /// Added to the root of the mean square.
    pub epsilon: f64,
    /// Share of a matrix that is taken off in a step, times the learning rate. Biases and norms do not decay.
    pub weight_decay: f64,
}

impl Default for AdamW {
    fn default() -> Self {
        Self { beta1: 0.9, beta2: 0.98, epsilon: 1e-6, weight_decay: 0.01 }
    }
}

/// The running means that AdamW keeps for one parameter, flattened.
#[derive(Debug)]
pub struct Moments<D: Backend> {
    /// Mean of the gradients.
    pub first: Vector<D>,
    /// Mean of the squared gradients.
    pub second: Vector<D>,
}

/// All that AdamW remembers between steps.
#[derive(Debug)]
pub struct AdamState<D: Backend> {
    /// Steps taken.
    pub steps: u64,
    moments: BTreeMap<String, Moments<D>>,
}

impl<D: Backend> Default for AdamState<D> {
    fn default() -> Self {
        Self { steps: 0, moments: BTreeMap::new() }
    }
}

impl<D: Backend> AdamState<D> {
    /// Calls `f` with each parameter's name and its first and second moments, by name in order.
    pub fn export(&self, f: &mut dyn FnMut(&str, Vec<f32>, Vec<f32>)) {
        for (name, moments) in &self.moments {
            f(name, to_vec(&moments.first), to_vec(&moments.second));
        }
    }

    /// Sets the moments of one parameter, replacing what was there.
    ///
    /// # Errors
    /// If the two differ in length or the device fails.
    pub fn insert(&mut self, dev: &D, name: &str, first: Vec<f32>, second: Vec<f32>) -> Result<(), Error> {
        let count = (first.len(),);
        if second.len() != count.0 {
            return Err(Error::ParameterSize { name: name.to_owned(), expected: count.0, found: second.len() });
        }
        let first = dev.try_tensor_from_vec(first, count).map_err(device)?;
        let second = dev.try_tensor_from_vec(second, count).map_err(device)?;
        self.moments.insert(name.to_owned(), Moments { first, second });
        Ok(())
    }

    fn moments(&mut self, dev: &D, name: &str, count: usize) -> Result<&mut Moments<D>, Error> {
        if !self.moments.contains_key(name) {
            let zeros = || dev.try_zeros_like(&(count,)).map_err(device);
            self.moments.insert(name.to_owned(), Moments { first: zeros()?, second: zeros()? });
        }
        let moments = self.moments.get_mut(name).expect("it was just inserted");
        let found = moments.first.shape().0;
        if found == count {
            Ok(moments)
        } else {
            Err(Error::ParameterSize { name: name.to_owned(), expected: count, found })
        }
    }
}

fn to_vec<D: Backend>(x: &Vector<D>) -> Vec<f32> {
    let mut out = vec![0.0; x.shape().0];
    D::copy_into(x, &mut out);
    out
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
    /// Which rows of a matrix are updated.
    pub rows: Rows,
}

/// Which rows of a matrix an update touches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rows {
    /// All of them: AdamW as published and as PyTorch has it. A row without gradient still loses its share to weight
    /// decay, moves on by what is left of its mean gradient, and its moments fade.
    #[default]
    All,
    /// Only those with a gradient that is not 0, as PyTorch's `SparseAdam` does. A row left out keeps its value and its
    /// moments as they are, however many steps go by, so it does not decay, does not drift, and takes up its old
    /// moments undiminished when it is met again; the corrections for moments that began at 0 count all steps. Pays for
    /// a large embedding table whose gradient comes from the tokens of the batch alone; a masked-language-model loss
    /// reaches every row through the shared decoder, so nothing is saved there. Only the CPU heeds it.
    Touched,
}

impl Rates {
    /// The corrections `1 / (1 - beta1^t)` and `1 / (1 - beta2^t)` for moments that began at 0.
    pub fn corrections(&self) -> (f64, f64) {
        let correct = |beta: f64| 1.0 / (1.0 - beta.powf(self.step as f64));
        (correct(self.constants.beta1), correct(self.constants.beta2))
    }
}

/// Updates every parameter: `p *= 1 - lr wd`, then `p -= lr m̂ / (√v̂ + ε)`. The gradients are multiplied by `scale`
/// first. A parameter that no gradient reached counts as one with gradient 0. Afterwards the gradients are 0, so that
/// their memory can be used again, see [`super::tape::recycle`].
///
/// # Errors
/// If the state belongs to a model of other sizes, or the device fails. Parameters may then be partly updated.
pub fn update<D: Backend>(
    model: &mut impl Parameters<D>,
    gradients: &mut Gradients<D>,
    state: &mut AdamState<D>,
    constants: &AdamW,
    learning_rate: f64,
    scale: f64,
) -> Result<(), Error> {
    update_rows(model, gradients, state, constants, learning_rate, scale, Rows::All)
}

/// [`update`] of all rows, or of those alone that the gradient touches.
///
/// # Errors
/// As [`update`].
pub fn update_rows<D: Backend>(
    model: &mut impl Parameters<D>,
    gradients: &mut Gradients<D>,
    state: &mut AdamState<D>,
    constants: &AdamW,
    learning_rate: f64,
    scale: f64,
    rows: Rows,
) -> Result<(), Error> {
    state.steps += 1;
    let step = state.steps;
    let mut result = Ok(());
    model.visit_mut(&mut |mut parameter| {
        if result.is_err() {
            return;
        }
        let weight_decay = if parameter.decays() { constants.weight_decay } else { 0.0 };
        let rates = Rates { learning_rate, scale, step, constants: AdamW { weight_decay, ..*constants }, rows };
        result = state
            .moments(&parameter.device(), &parameter.name, parameter.count())
            .and_then(|moments| parameter.adamw(gradients, moments, &rates));
    });
    result
}

/// The composed form of [`Backend::adamw_update`].
///
/// # Errors
/// As there.
pub fn composed<S: Shape, D: Backend>(
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

/// Numbers that one thread updates at a time.
const BLOCK: usize = 1 << 14;

/// One pass over parameter, gradient and moments.
pub(crate) fn fused<S: Shape>(
    parameter: &mut Tensor<S, f32, Cpu>,
    gradients: &mut Gradients<Cpu>,
    moments: &mut Moments<Cpu>,
    rates: &Rates,
) -> Result<(), Error> {
    let gradient = &mut ***gradients.get_or_alloc_mut(parameter).map_err(device)?;
    let step = Step::new(rates);
    let (first, second) = (slice_mut(&mut moments.first), slice_mut(&mut moments.second));
    let width = match (rates.rows, S::NUM_DIMS) {
        (Rows::Touched, 2) => parameter.shape().concrete()[1],
        _ => 0,
    };
    // Whole rows in each block.
    let block = if width == 0 { BLOCK } else { BLOCK.next_multiple_of(width) };
    slice_mut(parameter)
        .par_chunks_mut(block)
        .zip(gradient.par_chunks_mut(block))
        .zip(first.par_chunks_mut(block).zip(second.par_chunks_mut(block)))
        .for_each(|((p, g), (m, v))| {
            vectorized(
                #[inline(always)]
                || if width == 0 { step.update(p, g, m, v) } else { step.update_touched(p, g, m, v, width) },
            );
        });
    Ok(())
}

/// The factors of an update in single precision.
struct Step {
    beta1: f32,
    beta2: f32,
    scale: f32,
    keep: f32,
    rate: f32,
    inverse_root: f32,
    epsilon: f32,
}

impl Step {
    fn new(rates: &Rates) -> Self {
        let (first, second) = rates.corrections();
        Self {
            beta1: rates.constants.beta1 as f32,
            beta2: rates.constants.beta2 as f32,
            scale: rates.scale as f32,
            keep: (1.0 - rates.learning_rate * rates.constants.weight_decay) as f32,
            rate: (rates.learning_rate * first) as f32,
            inverse_root: second.sqrt() as f32,
            epsilon: rates.constants.epsilon as f32,
        }
    }

    #[inline(always)]
    fn update_touched(&self, p: &mut [f32], g: &mut [f32], m: &mut [f32], v: &mut [f32], width: usize) {
        let rows = p.chunks_exact_mut(width).zip(g.chunks_exact_mut(width));
        for ((p, g), (m, v)) in rows.zip(m.chunks_exact_mut(width).zip(v.chunks_exact_mut(width))) {
            if g.iter().any(|g| *g != 0.0) {
                self.update(p, g, m, v);
            }
        }
    }

    #[inline(always)]
    fn update(&self, p: &mut [f32], g: &mut [f32], m: &mut [f32], v: &mut [f32]) {
        for (((p, g), m), v) in p.iter_mut().zip(g).zip(m).zip(v) {
            let scaled = *g * self.scale;
            *g = 0.0;
            *m = self.beta1.mul_add(*m, (1.0 - self.beta1) * scaled);
            *v = self.beta2.mul_add(*v, (1.0 - self.beta2) * scaled * scaled);
            let root = v.sqrt().mul_add(self.inverse_root, self.epsilon);
            *p = self.keep.mul_add(*p, -self.rate * *m / root);
        }
    }
}
