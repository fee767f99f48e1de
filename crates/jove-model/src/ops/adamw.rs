//! AdamW over all parameters of a model, and what it keeps between steps.

use std::collections::BTreeMap;

use dfdx::prelude::{Device, HasShape};

use super::adamw_update::{AdamW, Moments, Rates};
use super::backend::Backend;
use crate::error::{Error, device};
use crate::parameters::{ParameterMut, Parameters, ValueMut};
use crate::tensors::{Gradients, Vector};

/// All that AdamW remembers between steps.
#[derive(Debug)]
pub struct AdamState<D: Device<f32>> {
    /// Steps taken.
    pub steps: u64,
    moments: BTreeMap<String, Moments<D>>,
}

impl<D: Device<f32>> Default for AdamState<D> {
    fn default() -> Self {
        Self { steps: 0, moments: BTreeMap::new() }
    }
}

impl<D: Device<f32>> AdamState<D> {
    /// The name of each parameter that has moments, in order, and how many numbers each of the two holds.
    pub fn sizes(&self) -> impl Iterator<Item = (&str, usize)> {
        self.moments.iter().map(|(name, moments)| (name.as_str(), moments.first.shape().0))
    }

    /// A copy of the first moments of a parameter; `None` where it has none.
    pub fn first(&self, name: &str) -> Option<Vec<f32>> {
        self.moments.get(name).map(|moments| to_vec(&moments.first))
    }

    /// A copy of the second moments of a parameter; `None` where it has none.
    pub fn second(&self, name: &str) -> Option<Vec<f32>> {
        self.moments.get(name).map(|moments| to_vec(&moments.second))
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

fn to_vec<D: Device<f32>>(x: &Vector<D>) -> Vec<f32> {
    let mut out = vec![0.0; x.shape().0];
    D::copy_into(x, &mut out);
    out
}

/// Updates every parameter: `p *= 1 - lr wd`, then `p -= lr m̂ / (√v̂ + ε)`. The gradients are multiplied by `scale`
/// first. A parameter that no gradient reached counts as one with gradient 0. Biases and norms do not decay. Afterwards the
/// gradients are 0, so that their memory can be used again, see [`super::tape::recycle`].
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
    update_each(model, gradients, state, constants, &|_| learning_rate, scale)
}

/// [`update`] with a learning rate for every parameter, by its name.
///
/// # Errors
/// As [`update`].
pub fn update_each<D: Backend>(
    model: &mut impl Parameters<D>,
    gradients: &mut Gradients<D>,
    state: &mut AdamState<D>,
    constants: &AdamW,
    learning_rate: &dyn Fn(&str) -> f64,
    scale: f64,
) -> Result<(), Error> {
    state.steps += 1;
    let step = state.steps;
    let mut result = Ok(());
    model.visit_mut(&mut |parameter| {
        if result.is_ok() {
            let rates = Rates { learning_rate: learning_rate(&parameter.name), scale, step, constants: *constants };
            result = update_one(parameter, gradients, state, rates);
        }
    });
    result
}

fn update_one<D: Backend>(
    parameter: ParameterMut<'_, D>,
    gradients: &mut Gradients<D>,
    state: &mut AdamState<D>,
    mut rates: Rates,
) -> Result<(), Error> {
    let moments = state.moments(&parameter.device(), &parameter.name, parameter.count())?;
    match parameter.value {
        ValueMut::Matrix(x) => D::adamw_update(x, gradients, moments, &rates),
        ValueMut::Vector(x) => {
            rates.constants.weight_decay = 0.0;
            D::adamw_update(x, gradients, moments, &rates)
        }
    }
}
