//! Dropout, residual and layer norm in one.

use dfdx::prelude::{Axis, BroadcastTo, Device, HasShape, Tape, TryAdd, TryMul};

use super::dropout;
use crate::dropout::DropMask;
use crate::error::{Error, device};
use crate::tensors::{Matrix, Vector};

/// The parameters of a layer norm.
#[derive(Clone, Copy, Debug)]
pub struct NormWeights<'a, D: Device<f32>> {
    /// `[h]`, multiplied last but one.
    pub weight: &'a Vector<D>,
    /// `[h]`, added last.
    pub bias: &'a Vector<D>,
    /// Added to the variance.
    pub epsilon: f64,
}

pub(crate) fn check<D: Device<f32>, T>(x: &Matrix<D, T>, norm: &NormWeights<'_, D>) -> Result<(), Error> {
    let (width, weight, bias) = (x.shape().1, norm.weight.shape().0, norm.bias.shape().0);
    if width == weight && width == bias {
        Ok(())
    } else {
        Err(Error::shape("layer_norm", format!("weight and bias of {width}"), format!("{weight} and {bias}")))
    }
}

/// The composed form of [`Backend::add_norm`](super::backend::Backend::add_norm).
///
/// # Errors
/// As there.
pub fn composed<D: Device<f32>, T: Tape<f32, D>>(
    x: Matrix<D, T>,
    residual: Option<Matrix<D, T>>,
    norm: &NormWeights<'_, D>,
    mask: Option<DropMask>,
) -> Result<Matrix<D, T>, Error> {
    check(&x, norm)?;
    let mut x = dropout::composed(x, mask)?;
    if let Some(residual) = residual {
        x = x.try_add(residual).map_err(device)?;
    }
    let shape = *x.shape();
    let normal = x.try_normalize::<Axis<1>>(norm.epsilon).map_err(device)?;
    let weight = norm.weight.retaped::<T>().try_broadcast_like::<_, Axis<0>>(&shape).map_err(device)?;
    let bias = norm.bias.retaped::<T>().try_broadcast_like::<_, Axis<0>>(&shape).map_err(device)?;
    normal.try_mul(weight).map_err(device)?.try_add(bias).map_err(device)
}
