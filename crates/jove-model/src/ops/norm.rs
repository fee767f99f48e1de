//! The norm of all gradients together.

use dfdx::prelude::{Shape, Tensor};

use crate::{Backend, Error, Gradients, ParameterRef, Parameters};

pub(crate) fn composed<S: Shape, D: Backend>(
    parameter: &Tensor<S, f32, D>,
    gradients: &mut Gradients<D>,
) -> Result<f64, Error> {
    let gradient = super::tape::gradient(parameter, gradients)?;
    Ok(gradient.iter().map(|&g| f64::from(g) * f64::from(g)).sum())
}

/// The Euclidean norm of all gradients of `model` together; not finite if one of them is not. PyTorch's
/// `clip_grad_norm_` divides the clipping norm by this plus 1e-6.
///
/// # Errors
/// If the device fails.
pub fn global<D: Backend>(model: &impl Parameters<D>, gradients: &mut Gradients<D>) -> Result<f64, Error> {
    let mut result = Ok(0.0);
    model.visit(&mut |parameter: ParameterRef<'_, D>| {
        if let Ok(sum) = &mut result {
            match parameter.square_sum(gradients) {
                Ok(more) => *sum += more,
                Err(error) => result = Err(error),
            }
        }
    });
    result.map(f64::sqrt)
}
