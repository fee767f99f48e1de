//! Dropout with masks that can be computed for any element in any order.

use dfdx::prelude::{Device, HasShape, Tape, TryMul};

use crate::dropout::DropMask;
use crate::error::{Error, device};
use crate::tensors::Matrix;

/// The composed form of [`Backend::dropout`](super::backend::Backend::dropout).
///
/// Multiplies by a mask made on the host.
///
/// # Errors
/// As there.
pub fn composed<D: Device<f32>, T: Tape<f32, D>>(
    x: Matrix<D, T>,
    mask: Option<DropMask>,
) -> Result<Matrix<D, T>, Error> {
    composed_rows(x, mask, None)
}

/// [`composed`] for a matrix that holds only some of the masked rows, those numbered `rows`.
pub(crate) fn composed_rows<D: Device<f32>, T: Tape<f32, D>>(
    x: Matrix<D, T>,
    mask: Option<DropMask>,
    rows: Option<&[u32]>,
) -> Result<Matrix<D, T>, Error> {
    let Some(mask) = mask else { return Ok(x) };
    let shape = *x.shape();
    let factors =
        x.device().try_tensor_from_vec(mask.of_rows(rows).factors(shape.0, shape.1), shape).map_err(device)?;
    x.try_mul(factors).map_err(device)
}
