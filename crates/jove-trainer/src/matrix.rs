//! Values of tensors on the host.

use dfdx::prelude::HasShape as _;
use jove_model::{Backend, Matrix};

/// The values of a matrix, row by row.
pub(crate) fn to_rows<D: Backend>(x: &Matrix<D>) -> Vec<f32> {
    let mut out = vec![0.0; x.shape().0 * x.shape().1];
    D::copy_into(x, &mut out);
    out
}
