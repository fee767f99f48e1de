//! `x wᵀ + b`.

use dfdx::prelude::{Axes2, Axis, BroadcastTo, Device, HasShape, PermuteTo, Tape, TryAdd, TryMatMul};

use crate::error::{Error, device};
use crate::tensors::{Matrix, Vector};

pub(crate) fn check<D: Device<f32>, T>(
    x: &Matrix<D, T>,
    weight: &Matrix<D>,
    bias: Option<&Vector<D>>,
) -> Result<(), Error> {
    let ((_, found), &(out, columns)) = (*x.shape(), weight.shape());
    if found != columns {
        return Err(Error::shape("linear", format!("rows of {columns}"), found.to_string()));
    }
    match bias {
        Some(bias) if bias.shape().0 != out => {
            Err(Error::shape("linear", format!("a bias of {out}"), bias.shape().0.to_string()))
        }
        _ => Ok(()),
    }
}

/// The composed form of [`Backend::linear`](super::backend::Backend::linear).
///
/// # Errors
/// As there.
pub fn composed<D: Device<f32>, T: Tape<f32, D>>(
    x: Matrix<D, T>,
    weight: &Matrix<D>,
    bias: Option<&Vector<D>>,
) -> Result<Matrix<D, T>, Error> {
    check(&x, weight, bias)?;
    let transposed = weight.retaped::<T>().try_permute::<_, Axes2<1, 0>>().map_err(device)?;
    let y = x.try_matmul(transposed).map_err(device)?;
    let Some(bias) = bias else { return Ok(y) };
    let shape = *y.shape();
    let bias = bias.retaped::<T>().try_broadcast_like::<_, Axis<0>>(&shape).map_err(device)?;
    y.try_add(bias).map_err(device)
}
