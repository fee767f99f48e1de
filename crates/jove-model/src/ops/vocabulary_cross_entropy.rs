//! The loss over a whole vocabulary.

use dfdx::prelude::{Device, HasShape, Tape};

use super::{cross_entropy, linear};
use crate::error::Error;
use crate::tensors::{Matrix, Scalar, Vector};

/// The composed form of [`Backend::vocabulary_cross_entropy`](super::backend::Backend::vocabulary_cross_entropy).
///
/// # Errors
/// As there.
pub fn composed<D: Device<f32>, T: Tape<f32, D>>(
    x: Matrix<D, T>,
    weight: &Matrix<D>,
    bias: &Vector<D>,
    targets: &[u32],
) -> Result<Scalar<D, T>, Error> {
    cross_entropy::check("vocabulary_cross_entropy", (x.shape().0, weight.shape().0), targets)?;
    cross_entropy::composed(linear::composed(x, weight, Some(bias))?, targets)
}
