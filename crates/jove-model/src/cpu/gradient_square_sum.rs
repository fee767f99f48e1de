//! The sum of squares of one gradient: single precision within a block, double precision between blocks.

use dfdx::prelude::{Cpu, Shape, Tensor};
use rayon::prelude::*;

use super::kernels::math;
use super::kernels::vectorized::vectorized;
use crate::error::{Error, device};
use crate::tensors::Gradients;

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
