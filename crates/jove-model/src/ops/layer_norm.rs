//! Dropout, residual and layer norm in one.

use dfdx::prelude::{Axis, BroadcastTo, HasShape, Tape, TryAdd, TryMul};

use crate::error::device;
use crate::{Backend, DropMask, Error, Matrix, Vector};

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

pub(crate) fn composed<D: Backend, T: Tape<f32, D>>(
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
