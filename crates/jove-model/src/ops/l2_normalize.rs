//! Rows of length 1.

use dfdx::prelude::{Axis, BroadcastTo, Device, HasShape, SumTo, Tape, TryAdd, TryDiv};

use crate::error::{Error, device};
use crate::tensors::Matrix;

/// Added to a row's square sum, so that a row of zeros stays one.
pub(crate) const EPSILON: f64 = 1e-12;

/// The composed form of [`Backend::l2_normalize`](super::backend::Backend::l2_normalize).
///
/// # Errors
/// As there.
pub fn composed<D: Device<f32>, T: Tape<f32, D>>(x: Matrix<D, T>) -> Result<Matrix<D, T>, Error> {
    let shape = *x.shape();
    let square_sum = x.retaped::<T>().try_square().map_err(device)?.try_sum::<_, Axis<1>>().map_err(device)?;
    let length = square_sum.try_add(EPSILON as f32).map_err(device)?.try_sqrt().map_err(device)?;
    x.try_div(length.try_broadcast_like::<_, Axis<1>>(&shape).map_err(device)?).map_err(device)
}
