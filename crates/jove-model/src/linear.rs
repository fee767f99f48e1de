//! A linear layer and a layer norm with their names.

use dfdx::prelude::Tape;
use jove_core::Seed;

use crate::ops::NormWeights;
use crate::{Backend, Error, Matrix, ParameterMut, ParameterRef, Parameters, ValueMut, ValueRef, Vector, init};

/// `x wᵀ + b` with parameters `NAME.weight` and `NAME.bias`; PyTorch's `nn.Linear`.
#[derive(Clone, Debug)]
pub struct Linear<D: Backend> {
    name: String,
    weight: Matrix<D>,
    bias: Vector<D>,
}

impl<D: Backend> Linear<D> {
    /// A layer from `inputs` to `outputs` columns, with normal weights of the given deviation and a bias of 0.
    ///
    /// # Errors
    /// If the device fails.
    pub fn new(
        dev: &D,
        name: impl Into<String>,
        (inputs, outputs): (usize, usize),
        deviation: f64,
        seed: Seed,
    ) -> Result<Self, Error> {
        let name = name.into();
        let weight = init::normal(dev, (outputs, inputs), deviation, seed, &format!("{name}.weight"))?;
        Ok(Self { name, weight, bias: init::constant(dev, outputs, 0.0)? })
    }

    /// `[n, inputs]` to `[n, outputs]`.
    ///
    /// # Errors
    /// If the sizes do not fit or the device fails.
    pub fn forward<T: Tape<f32, D>>(&self, x: Matrix<D, T>) -> Result<Matrix<D, T>, Error> {
        D::linear(x, &self.weight, Some(&self.bias))
    }

    /// Weight `[outputs, inputs]` and bias `[outputs]`.
    pub fn weights(&self) -> (&Matrix<D>, &Vector<D>) {
        (&self.weight, &self.bias)
    }
}

impl<D: Backend> Parameters<D> for Linear<D> {
    fn visit<'a>(&'a self, f: &mut dyn FnMut(ParameterRef<'a, D>)) {
        f(ParameterRef { name: format!("{}.weight", self.name), value: ValueRef::Matrix(&self.weight) });
        f(ParameterRef { name: format!("{}.bias", self.name), value: ValueRef::Vector(&self.bias) });
    }

    fn visit_mut<'a>(&'a mut self, f: &mut dyn FnMut(ParameterMut<'a, D>)) {
        f(ParameterMut { name: format!("{}.weight", self.name), value: ValueMut::Matrix(&mut self.weight) });
        f(ParameterMut { name: format!("{}.bias", self.name), value: ValueMut::Vector(&mut self.bias) });
    }
}

/// A layer norm with parameters `NAME.weight` and `NAME.bias`; PyTorch's `nn.LayerNorm`.
#[derive(Clone, Debug)]
pub struct LayerNorm<D: Backend> {
    name: String,
    gain: Vector<D>,
    bias: Vector<D>,
    epsilon: f64,
}

impl<D: Backend> LayerNorm<D> {
    /// A norm over rows of `width` columns that does nothing but normalise.
    ///
    /// # Errors
    /// If the device fails.
    pub fn new(dev: &D, name: impl Into<String>, width: usize, epsilon: f64) -> Result<Self, Error> {
        let (gain, bias) = (init::constant(dev, width, 1.0)?, init::constant(dev, width, 0.0)?);
        Ok(Self { name: name.into(), gain, bias, epsilon })
    }

    /// Normalises each row.
    ///
    /// # Errors
    /// If the sizes do not fit or the device fails.
    pub fn forward<T: Tape<f32, D>>(&self, x: Matrix<D, T>) -> Result<Matrix<D, T>, Error> {
        D::add_norm(x, None, &self.weights(), None)
    }

    /// The parameters, for the operators.
    pub fn weights(&self) -> NormWeights<'_, D> {
        NormWeights { gain: &self.gain, bias: &self.bias, epsilon: self.epsilon }
    }
}

impl<D: Backend> Parameters<D> for LayerNorm<D> {
    fn visit<'a>(&'a self, f: &mut dyn FnMut(ParameterRef<'a, D>)) {
        f(ParameterRef { name: format!("{}.weight", self.name), value: ValueRef::Vector(&self.gain) });
        f(ParameterRef { name: format!("{}.bias", self.name), value: ValueRef::Vector(&self.bias) });
    }

    fn visit_mut<'a>(&'a mut self, f: &mut dyn FnMut(ParameterMut<'a, D>)) {
        f(ParameterMut { name: format!("{}.weight", self.name), value: ValueMut::Vector(&mut self.gain) });
        f(ParameterMut { name: format!("{}.bias", self.name), value: ValueMut::Vector(&mut self.bias) });
    }
}
