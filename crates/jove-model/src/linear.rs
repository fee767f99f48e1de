//! A linear layer and a layer norm with their names.

use dfdx::prelude::Tape;
use jove_core::Seed;

use crate::error::Error;
use crate::init;
use crate::ops::backend::Backend;
use crate::ops::layer_norm::NormWeights;
use crate::parameters;
use crate::parameters::Parameter;
use crate::tensors::{Matrix, Vector};

/// `x wᵀ + b` with parameters `NAME.weight` and `NAME.bias`; PyTorch's `nn.Linear`.
#[derive(Clone, Debug)]
pub struct Linear<D: Backend> {
    weight: Parameter<Matrix<D>>,
    bias: Parameter<Vector<D>>,
}

impl<D: Backend> Linear<D> {
    /// A layer from `inputs` to `outputs` columns, with normal weights of the given standard deviation and a bias of 0.
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
        let weight = init::normal_parameter(dev, format!("{name}.weight"), (outputs, inputs), deviation, seed)?;
        Ok(Self { weight, bias: init::constant_parameter(dev, format!("{name}.bias"), outputs, 0.0)? })
    }

    /// `[n, inputs]` to `[n, outputs]`.
    ///
    /// # Errors
    /// If the sizes do not fit or the device fails.
    pub fn forward<T: Tape<f32, D>>(&self, x: Matrix<D, T>) -> Result<Matrix<D, T>, Error> {
        D::linear(x, &self.weight.value, Some(&self.bias.value))
    }

    /// Weight `[outputs, inputs]` and bias `[outputs]`.
    pub fn weights(&self) -> (&Matrix<D>, &Vector<D>) {
        (&self.weight.value, &self.bias.value)
    }
}

parameters!(impl<D: Backend> Linear<D> { weight, bias });

/// A layer norm with parameters `NAME.weight` and `NAME.bias`; PyTorch's `nn.LayerNorm`.
#[derive(Clone, Debug)]
pub struct LayerNorm<D: Backend> {
    weight: Parameter<Vector<D>>,
    bias: Parameter<Vector<D>>,
    epsilon: f64,
}

impl<D: Backend> LayerNorm<D> {
    /// A norm over rows of `width` columns with a weight of 1 and a bias of 0.
    ///
    /// # Errors
    /// If the device fails.
    pub fn new(dev: &D, name: impl Into<String>, width: usize, epsilon: f64) -> Result<Self, Error> {
        let name = name.into();
        let weight = init::constant_parameter(dev, format!("{name}.weight"), width, 1.0)?;
        let bias = init::constant_parameter(dev, format!("{name}.bias"), width, 0.0)?;
        Ok(Self { weight, bias, epsilon })
    }

    /// Normalises each row of `[n, width]`.
    ///
    /// # Errors
    /// If the sizes do not fit or the device fails.
    pub fn forward<T: Tape<f32, D>>(&self, x: Matrix<D, T>) -> Result<Matrix<D, T>, Error> {
        D::add_norm(x, None, &self.weights(), None)
    }

    /// The parameters, for the operators.
    pub fn weights(&self) -> NormWeights<'_, D> {
        NormWeights { weight: &self.weight.value, bias: &self.bias.value, epsilon: self.epsilon }
    }
}

parameters!(impl<D: Backend> LayerNorm<D> { weight, bias });

#[cfg(test)]
mod tests {
    use dfdx::prelude::{Cpu, HasShape as _, TensorFromVec as _};

    use super::*;
    use crate::parameters::Parameters as _;

    fn names(parameters: &impl crate::parameters::Parameters<Cpu>) -> Vec<String> {
        let mut names = Vec::new();
        parameters.visit(&mut |parameter| names.push(parameter.name));
        names
    }

    #[test]
    fn a_new_layer_has_the_sizes_and_names_asked_for() {
        let layer = Linear::new(&Cpu::default(), "头.dense", (3, 5), 0.5, Seed(1)).unwrap();
        assert_eq!((*layer.weights().0.shape(), *layer.weights().1.shape()), ((5, 3), (5,)));
        assert_eq!(names(&layer), ["头.dense.weight", "头.dense.bias"]);
        assert_eq!(layer.parameter_count(), 20);
    }

    #[test]
    fn a_new_norm_leaves_mean_zero_and_variance_one() {
        let dev = Cpu::default();
        let norm = LayerNorm::new(&dev, "norm", 4, 1e-12).unwrap();
        assert_eq!(names(&norm), ["norm.weight", "norm.bias"]);
        let x = dev.tensor_from_vec(vec![1.0, 2.0, 3.0, 6.0, -5.0, 0.0, 5.0, 100.0], (2, 4));
        for row in norm.forward(x).unwrap().as_vec().chunks(4) {
            let mean = row.iter().sum::<f32>() / 4.0;
            let variance = row.iter().map(|x| (x - mean) * (x - mean)).sum::<f32>() / 4.0;
            assert!(mean.abs() < 1e-5 && (variance - 1.0).abs() < 1e-4, "{row:?}");
        }
    }

    #[test]
    fn rows_of_another_width_are_refused() {
        let dev = Cpu::default();
        let x = dev.tensor_from_vec(vec![0.0; 6], (2, 3));
        let linear = Linear::new(&dev, "l", (4, 2), 0.1, Seed(1)).unwrap();
        assert_eq!(linear.forward(x.clone()).unwrap_err().to_string(), "linear: expected rows of 4, found 3");
        let norm = LayerNorm::new(&dev, "n", 4, 1e-5).unwrap();
        let message = norm.forward(x).unwrap_err().to_string();
        assert_eq!(message, "layer_norm: expected weight and bias of 3, found 4 and 4");
    }
}
