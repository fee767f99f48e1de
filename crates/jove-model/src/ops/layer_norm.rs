//! Dropout, residual and layer norm in one.

use dfdx::prelude::{
    Axis, BroadcastTo, Cpu, CpuError, HasShape, PutTape, ReshapeTo, SplitTape, Tape, TensorFromVec, TryAdd, TryMul,
};

use super::take_gradient;
use crate::error::device;
use crate::kernels::columns::add_all;
use crate::kernels::norm as kernels;
use crate::kernels::pool::{self, Buffer};
use crate::view::slice;
use crate::{Backend, DropMask, Error, Gradients, Matrix, Vector};

/// The parameters of a layer norm.
#[derive(Clone, Copy, Debug)]
pub struct NormWeights<'a, D: Backend> {
    /// `[h]`, multiplied last but one.
    pub gain: &'a Vector<D>,
    /// `[h]`, added last.
    pub bias: &'a Vector<D>,
    /// Added to the variance.
    pub epsilon: f64,
}

pub(crate) fn check<D: Backend, T>(x: &Matrix<D, T>, norm: &NormWeights<'_, D>) -> Result<(), Error> {
    let (width, gain, bias) = (x.shape().1, norm.gain.shape().0, norm.bias.shape().0);
    if width == gain && width == bias {
        Ok(())
    } else {
        Err(Error::shape("layer_norm", format!("gain and bias of {width}"), format!("{gain} and {bias}")))
    }
}

/// The composed form of [`Backend::add_norm`].
///
/// # Errors
/// As there.
pub fn composed<D: Backend, T: Tape<f32, D>>(
    x: Matrix<D, T>,
    residual: Option<Matrix<D, T>>,
    norm: &NormWeights<'_, D>,
    mask: Option<DropMask>,
) -> Result<Matrix<D, T>, Error> {
    check(&x, norm)?;
    let mut x = super::dropout::composed(x, mask)?;
    if let Some(residual) = residual {
        x = x.try_add(residual).map_err(device)?;
    }
    let shape = *x.shape();
    let normal = x.try_normalize::<Axis<1>>(norm.epsilon).map_err(device)?;
    let gain = norm.gain.retaped::<T>().try_broadcast_like::<_, Axis<0>>(&shape).map_err(device)?;
    let bias = norm.bias.retaped::<T>().try_broadcast_like::<_, Axis<0>>(&shape).map_err(device)?;
    normal.try_mul(gain).map_err(device)?.try_add(bias).map_err(device)
}

/// One pass over each row forwards, two backwards.
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
    let inputs = kernels::Inputs { x: slice(&x), bias: None, mask: of_all, residual: residual.as_ref().map(slice) };
    let mut y = vec![0.0; shape.0 * shape.1];
    let saved = Normalized::forward(&inputs, norm, &mut y);
    let y = x.device().try_tensor_from_vec(y, shape).map_err(device)?;
    if T::OWNS_TAPE {
        let (x_ghost, y_ghost, residual_ghost) = (x.ghost(), y.ghost(), residual.map(|r| r.ghost()));
        let (gain, bias) = (norm.gain.clone(), norm.bias.clone());
        tape.add_backward_op(move |grads| {
            let mut d = take_gradient!(grads, &y_ghost);
            saved.backward(&mut d, &gain, &bias, grads)?;
            if let Some(residual) = &residual_ghost {
                add_all(grads.get_or_alloc_mut(residual)?, &d);
            }
            if let Some(mask) = mask {
                kernels::apply_mask(&mut d, shape.1, mask.of_rows(None));
            }
            add_all(grads.get_or_alloc_mut(&x_ghost)?, &d);
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
    pub(crate) fn forward(inputs: &kernels::Inputs<'_>, norm: &NormWeights<'_, Cpu>, y: &mut [f32]) -> Self {
        let (gain, bias) = (slice(norm.gain), slice(norm.bias));
        let mut saved = Self { normal: pool::take(y.len()), inverse: pool::take(y.len() / gain.len()) };
        let affine = kernels::Affine { gain, bias, epsilon: norm.epsilon as f32 };
        kernels::forward(inputs, &affine, y, &mut saved.normal, &mut saved.inverse);
        saved
    }

    /// Turns the gradient of the output, in `d`, into that of the sum that was normalised.
    pub(crate) fn backward(
        &self,
        d: &mut [f32],
        gain: &Vector<Cpu>,
        bias: &Vector<Cpu>,
        gradients: &mut Gradients<Cpu>,
    ) -> Result<(), CpuError> {
        let width = gain.shape().0;
        let mut sums = vec![0.0; 2 * width];
        let (d_gain, d_bias) = sums.split_at_mut(width);
        kernels::backward(d, &self.normal, &self.inverse, slice(gain), d_gain, d_bias);
        add_all(gradients.get_or_alloc_mut(gain)?, d_gain);
        add_all(gradients.get_or_alloc_mut(bias)?, d_bias);
        Ok(())
    }
}
