//! The norm of all gradients together.

use super::backend::Backend;
use crate::error::Error;
use crate::parameters::{ParameterRef, Parameters, ValueRef};
use crate::tensors::Gradients;

/// The Euclidean norm of all gradients of `model` together; not finite if one of them is not. PyTorch's
/// `clip_grad_norm_` divides the clipping norm by this plus 1e-6.
///
/// # Errors
/// If the device fails.
pub fn global<D: Backend>(model: &impl Parameters<D>, gradients: &mut Gradients<D>) -> Result<f64, Error> {
    let mut result = Ok(0.0);
    model.visit(&mut |parameter: ParameterRef<'_, D>| {
        if let Ok(sum) = &mut result {
            let square_sum = match parameter.value {
                ValueRef::Matrix(x) => D::gradient_square_sum(x, gradients),
                ValueRef::Vector(x) => D::gradient_square_sum(x, gradients),
            };
            match square_sum {
                Ok(more) => *sum += more,
                Err(error) => result = Err(error),
            }
        }
    });
    result.map(f64::sqrt)
}
