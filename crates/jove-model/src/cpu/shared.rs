//! Parameters that an operator shares with the model: what it keeps for its backward pass.

use dfdx::prelude::{Cpu, CpuError, HasShape};

use super::kernels::columns::add_sums;
use super::kernels::matmul::matmul;
use super::kernels::pool::{self, Buffer};
use super::linear;
use crate::ops::layer_norm::NormWeights;
use crate::tensors::{Gradients, Matrix, Vector};
use crate::view::{Part, View, slice};

/// A linear layer's parameters.
pub(crate) struct Dense {
    pub(crate) weight: Matrix<Cpu>,
    pub(crate) bias: Vector<Cpu>,
}

impl Dense {
    pub(crate) fn new((weight, bias): (&Matrix<Cpu>, &Vector<Cpu>)) -> Self {
        Self { weight: weight.clone(), bias: bias.clone() }
    }

    /// `x wᵀ + b`.
    pub(crate) fn forward(&self, x: &[f32]) -> Buffer {
        let (out, width) = *self.weight.shape();
        let rows = x.len() / width;
        let mut y = pool::take(rows * out);
        linear::forward(x, slice(&self.weight), Some(slice(&self.bias)), &mut y, (rows, width, out));
        y
    }

    /// `x wᵀ`.
    pub(crate) fn product(&self, x: &[f32]) -> Buffer {
        let (out, width) = *self.weight.shape();
        let rows = x.len() / width;
        let mut y = pool::take(rows * out);
        linear::forward(x, slice(&self.weight), None, &mut y, (rows, width, out));
        y
    }

    /// Writes or adds the gradient of `x` for the gradient `grad_out` of the output.
    pub(crate) fn backward(&self, grad_out: &[f32], grad_x: Part<'_>, add: bool) {
        let (out, width) = *self.weight.shape();
        let grad_out = View::new(grad_out, grad_out.len() / out, out);
        matmul(grad_x, grad_out, View::new(slice(&self.weight), out, width), add);
    }

    /// Adds the gradients of weight and bias.
    pub(crate) fn add_gradients(
        &self,
        x: &[f32],
        grad_out: &[f32],
        grads: &mut Gradients<Cpu>,
    ) -> Result<(), CpuError> {
        let (out, width) = *self.weight.shape();
        let rows = grad_out.len() / out;
        let (grad_view, x) = (View::new(grad_out, rows, out).transposed(), View::new(x, rows, width));
        matmul(Part::new(grads.get_or_alloc_mut(&self.weight)?, out, width), grad_view, x, true);
        add_sums(grads.get_or_alloc_mut(&self.bias)?, grad_out);
        Ok(())
    }
}

/// A layer norm's parameters.
pub(crate) struct Norm {
    pub(crate) weight: Vector<Cpu>,
    pub(crate) bias: Vector<Cpu>,
    epsilon: f64,
}

impl Norm {
    pub(crate) fn new(norm: &NormWeights<'_, Cpu>) -> Self {
        Self { weight: norm.weight.clone(), bias: norm.bias.clone(), epsilon: norm.epsilon }
    }

    pub(crate) fn weights(&self) -> NormWeights<'_, Cpu> {
        NormWeights { weight: &self.weight, bias: &self.bias, epsilon: self.epsilon }
    }

    pub(crate) fn width(&self) -> usize {
        self.weight.shape().0
    }
}
