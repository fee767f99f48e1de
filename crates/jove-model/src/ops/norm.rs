//! The norm of all gradients together.

use dfdx::prelude::{Cpu, Shape, Tensor};
use rayon::prelude::*;

use crate::error::device;
use crate::kernels::{math, vectorized};
use crate::{Backend, Error, Gradients, ParameterRef, Parameters};

/// The composed form of [`Backend::gradient_square_sum`].
///
/// # Errors
/// As there.
pub fn composed<S: Shape, D: Backend>(
    parameter: &Tensor<S, f32, D>,
    gradients: &mut Gradients<D>,
) -> Result<f64, Error> {
    let gradient = super::tape::gradient(parameter, gradients)?;
    Ok(gradient.iter().map(|&g| f64::from(g) * f64::from(g)).sum())
}

/// Numbers that are added up in single precision.
const BLOCK: usize = 1 << 12;

pub(crate) fn fused<S: Shape>(parameter: &Tensor<S, f32, Cpu>, gradients: &mut Gradients<Cpu>) -> Result<f64, Error> {
    let gradient = &***gradients.get_or_alloc_mut(parameter).map_err(device)?;
    let sums: Vec<f64> = gradient
        .par_chunks(BLOCK)
        .with_min_len(8)
        .map(|block| {
            f64::from(vectorized(
                #[inline(always)]
                || math::square_sum(block, 0.0),
            ))
        })
        .collect();
    Ok(sums.iter().sum())
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
