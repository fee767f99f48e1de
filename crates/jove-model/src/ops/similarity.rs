//! Dot products between rows.

use dfdx::prelude::{Axes2, Device, HasShape, PermuteTo, Tape, TryMatMul, TryMul};

use crate::error::{Error, device};
use crate::tensors::Matrix;

pub(crate) fn check<D: Device<f32>, T>(a: &Matrix<D, T>, b: &Matrix<D, T>) -> Result<(), Error> {
    let (left, right) = (a.shape().1, b.shape().1);
    if left == right { Ok(()) } else { Err(Error::shape("similarity", format!("rows of {left}"), right.to_string())) }
}

/// The composed form of [`Backend::similarity`](super::backend::Backend::similarity).
///
/// # Errors
/// As there.
pub fn composed<D: Device<f32>, T: Tape<f32, D>>(a: Matrix<D, T>, b: Matrix<D, T>) -> Result<Matrix<D, T>, Error> {
    check(&a, &b)?;
    // A copy, because dfdx's products refuse two handles on the same tensor.
    let b = b.try_mul(1.0f32).map_err(device)?;
    a.try_matmul(b.try_permute::<_, Axes2<1, 0>>().map_err(device)?).map_err(device)
}
