//! Dropout with masks that can be computed for any element in any order.

use dfdx::prelude::{HasShape, Tape, TryMul};

use crate::error::device;
use crate::{Backend, DropMask, Error, Matrix};

/// Multiplies by a mask made on the host.
pub(crate) fn composed<D: Backend, T: Tape<f32, D>>(
    x: Matrix<D, T>,
    mask: Option<DropMask>,
) -> Result<Matrix<D, T>, Error> {
    let Some(mask) = mask else { return Ok(x) };
    let shape = *x.shape();
    let factors = x.device().try_tensor_from_vec(mask.factors(shape.0, shape.1), shape).map_err(device)?;
    x.try_mul(factors).map_err(device)
}
