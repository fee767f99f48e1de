//! The sum of squares of one gradient.

use dfdx::prelude::{Device, Shape, Tensor};

use crate::error::Error;
use crate::gradient::gradient;
use crate::tensors::Gradients;

/// The composed form of [`Backend::gradient_square_sum`](super::backend::Backend::gradient_square_sum).
///
/// # Errors
/// As there.
pub fn composed<S: Shape, D: Device<f32>>(
    parameter: &Tensor<S, f32, D>,
    gradients: &mut Gradients<D>,
) -> Result<f64, Error> {
    let gradient = gradient(parameter, gradients)?;
    Ok(gradient.iter().map(|&g| f64::from(g) * f64::from(g)).sum())
}
