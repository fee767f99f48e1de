//! The loss over a whole vocabulary.

use dfdx::prelude::{HasShape, Tape};

use crate::{Backend, Error, Matrix, Scalar, Vector};

pub(crate) fn composed<D: Backend, T: Tape<f32, D>>(
    x: Matrix<D, T>,
    weight: &Matrix<D>,
    bias: &Vector<D>,
    targets: &[u32],
) -> Result<Scalar<D, T>, Error> {
    super::cross_entropy::check("vocabulary_cross_entropy", (x.shape().0, weight.shape().0), targets)?;
    super::cross_entropy::composed(super::linear::composed(x, weight, Some(bias))?, targets)
}
