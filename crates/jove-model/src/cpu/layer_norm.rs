//! Dropout, residual and layer norm: one pass over each row forwards, two backwards.

use dfdx::prelude::{Cpu, CpuError, HasShape, PutTape, ReshapeTo, SplitTape, Tape, TensorFromVec};

use super::gradient::take_gradient;
use super::kernels::columns::add_all;
use super::kernels::layer_norm as kernel;
use super::kernels::pool::{self, Buffer};
use crate::dropout::DropMask;
use crate::error::{Error, device};
use crate::ops::layer_norm::{NormWeights, check};
use crate::tensors::{Gradients, Matrix, Vector};
use crate::view::slice;

pub(crate) fn fused<T: Tape<f32, Cpu>>(
    x: Matrix<Cpu, T>,
    residual: Option<Matrix<Cpu, T>>,
    norm: &NormWeights<'_, Cpu>,
    mask: Option<DropMask>,
) -> Result<Matrix<Cpu, T>, Error> {
    check(&x, norm)?;
    let (x, mut tape) = x.try_contiguous().map_err(device)?.split_tape();
    let shape = *x.shape();
    let residual = match residual {
        Some(residual) if *residual.shape() != shape => {
            return Err(Error::shape(
                "layer_norm",
                format!("a residual of {shape:?}"),
                format!("{:?}", residual.shape()),
            ));
        }
        Some(residual) => {
            let (residual, other) = residual.try_contiguous().map_err(device)?.split_tape();
            tape = tape.merge(other);
            Some(residual)
        }
        None => None,
    };
    let of_all = mask.map(|mask| mask.of_rows(None));
    let inputs = kernel::Inputs { x: slice(&x), bias: None, mask: of_all, residual: residual.as_ref().map(slice) };
    let mut y = vec![0.0; shape.0 * shape.1];
    let saved = Normalized::forward(&inputs, norm, &mut y);
    let y = x.device().try_tensor_from_vec(y, shape).map_err(device)?;
    if T::OWNS_TAPE {
        let (x_ghost, y_ghost, residual_ghost) = (x.ghost(), y.ghost(), residual.map(|r| r.ghost()));
        let (weight, bias) = (norm.weight.clone(), norm.bias.clone());
        tape.add_backward_op(move |grads| {
            let mut grad_out = take_gradient!(grads, &y_ghost);
            saved.backward(&mut grad_out, &weight, &bias, grads)?;
            if let Some(residual) = &residual_ghost {
                add_all(grads.get_or_alloc_mut(residual)?, &grad_out);
            }
            if let Some(mask) = mask {
                kernel::apply_mask(&mut grad_out, shape.1, mask.of_rows(None));
            }
            add_all(grads.get_or_alloc_mut(&x_ghost)?, &grad_out);
            Ok(())
        });
    }
    Ok(y.put_tape(tape))
}

/// What a norm keeps for its backward pass.
pub(crate) struct Normalized {
    normal: Buffer,
    inverse: Buffer,
}

impl Normalized {
    pub(crate) fn forward(inputs: &kernel::Inputs<'_>, norm: &NormWeights<'_, Cpu>, y: &mut [f32]) -> Self {
        let (weight, bias) = (slice(norm.weight), slice(norm.bias));
        let mut saved = Self { normal: pool::take(y.len()), inverse: pool::take(y.len() / weight.len()) };
        let affine = kernel::Affine { weight, bias, epsilon: norm.epsilon as f32 };
        kernel::forward(inputs, &affine, y, &mut saved.normal, &mut saved.inverse);
        saved
    }

    /// Turns the gradient of the output, in `grad_out`, into that of the sum that was normalised.
    pub(crate) fn backward(
        &self,
        grad_out: &mut [f32],
        weight: &Vector<Cpu>,
        bias: &Vector<Cpu>,
        gradients: &mut Gradients<Cpu>,
    ) -> Result<(), CpuError> {
        let width = weight.shape().0;
        let mut sums = vec![0.0; 2 * width];
        let (grad_weight, grad_bias) = sums.split_at_mut(width);
        kernel::backward(grad_out, &self.normal, &self.inverse, slice(weight), grad_weight, grad_bias);
        add_all(gradients.get_or_alloc_mut(weight)?, grad_weight);
        add_all(gradients.get_or_alloc_mut(bias)?, grad_bias);
        Ok(())
    }
}
