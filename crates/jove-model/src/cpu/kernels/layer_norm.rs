//! Bias, dropout, residual and layer norm, forwards and backwards.

use rayon::prelude::*;

use super::columns::ROWS;
use super::vectorized::vectorized;
use super::{columns, math, pool};
use crate::dropout::RowsMask;

/// What is added up and normalised. All matrices are `[rows, width]`.
#[derive(Clone, Copy)]
pub(crate) struct Inputs<'a> {
    pub(crate) x: &'a [f32],
    pub(crate) bias: Option<&'a [f32]>,
    pub(crate) mask: Option<RowsMask<'a>>,
    pub(crate) residual: Option<&'a [f32]>,
}

/// The norm's own numbers.
#[derive(Clone, Copy)]
pub(crate) struct Affine<'a> {
    pub(crate) weight: &'a [f32],
    pub(crate) bias: &'a [f32],
    pub(crate) epsilon: f32,
}

/// Writes `norm(dropout(x + bias) + residual)` to `y`, the normalised rows to `normal` and one over their deviations to
/// `inverse`.
pub(crate) fn forward(
    inputs: &Inputs<'_>,
    affine: &Affine<'_>,
    y: &mut [f32],
    normal: &mut [f32],
    inverse: &mut [f32],
) {
    let width = affine.weight.len();
    let block = ROWS * width;
    let outputs = y.par_chunks_mut(block).zip(normal.par_chunks_mut(block)).zip(inverse.par_chunks_mut(ROWS));
    outputs.enumerate().for_each(|(n, ((y, normal), inverse))| {
        vectorized(
            #[inline(always)]
            || {
                let rows = y.chunks_exact_mut(width).zip(normal.chunks_exact_mut(width)).zip(inverse);
                for (r, ((y, normal), inverse)) in rows.enumerate() {
                    let row = n * ROWS + r;
                    add_up(inputs, row, width, normal);
                    *inverse = normalize(normal, affine.epsilon);
                    for (((y, x), weight), bias) in y.iter_mut().zip(&*normal).zip(affine.weight).zip(affine.bias) {
                        *y = x.mul_add(*weight, *bias);
                    }
                }
            },
        );
    });
}

/// `dropout(x + bias) + residual` of one row.
#[inline(always)]
fn add_up(inputs: &Inputs<'_>, row: usize, width: usize, out: &mut [f32]) {
    let x = &inputs.x[row * width..][..width];
    match inputs.bias {
        Some(bias) => out.iter_mut().zip(x).zip(bias).for_each(|((o, x), b)| *o = x + b),
        None => out.copy_from_slice(x),
    }
    if let Some(mask) = &inputs.mask {
        let mask = mask.row(row);
        out.iter_mut().enumerate().for_each(|(c, o)| *o *= mask.factor(c as u32));
    }
    if let Some(residual) = inputs.residual {
        columns::add(out, &residual[row * width..][..width]);
    }
}

/// Brings a row to mean 0 and variance 1; returns one over its deviation.
#[inline(always)]
fn normalize(row: &mut [f32], epsilon: f32) -> f32 {
    let mean = math::sum(row) / row.len() as f32;
    let variance = math::square_sum(row, mean) / row.len() as f32;
    let inverse = 1.0 / (variance + epsilon).sqrt();
    for x in row.iter_mut() {
        *x = (*x - mean) * inverse;
    }
    inverse
}

/// Turns the gradient of the output, in `grad_out`, into that of the sum that was normalised; adds to the gradients of weight and
/// bias.
pub(crate) fn backward(
    grad_out: &mut [f32],
    normal: &[f32],
    inverse: &[f32],
    weight: &[f32],
    grad_weight: &mut [f32],
    grad_bias: &mut [f32],
) {
    let width = weight.len();
    let (block, blocks) = (ROWS * width, inverse.len().div_ceil(ROWS));
    let mut partial = pool::take(blocks * 2 * width);
    grad_out
        .par_chunks_mut(block)
        .zip(normal.par_chunks(block))
        .zip(inverse.par_chunks(ROWS))
        .zip(partial.par_chunks_mut(2 * width))
        .for_each(|(((grad_out, normal), inverse), partial)| {
            let (grad_weight, grad_bias) = partial.split_at_mut(width);
            vectorized(
                #[inline(always)]
                || {
                    grad_weight.fill(0.0);
                    grad_bias.fill(0.0);
                    for ((grad_out, normal), inverse) in
                        grad_out.chunks_exact_mut(width).zip(normal.chunks_exact(width)).zip(inverse)
                    {
                        backward_row(grad_out, normal, *inverse, weight, grad_weight, grad_bias);
                    }
                },
            );
        });
    for partial in partial.chunks_exact(2 * width) {
        columns::add_rows(grad_weight, &partial[..width]);
        columns::add_rows(grad_bias, &partial[width..]);
    }
}

#[inline(always)]
fn backward_row(
    grad_out: &mut [f32],
    normal: &[f32],
    inverse: f32,
    weight: &[f32],
    grad_weight: &mut [f32],
    grad_bias: &mut [f32],
) {
    let width = grad_out.len();
    for i in 0..width {
        grad_weight[i] = grad_out[i].mul_add(normal[i], grad_weight[i]);
        grad_bias[i] += grad_out[i];
        grad_out[i] *= weight[i];
    }
    let mean = math::sum(grad_out) / width as f32;
    let along = math::dot(grad_out, normal) / width as f32;
    for i in 0..width {
        grad_out[i] = inverse * (grad_out[i] - mean - normal[i] * along);
    }
}

/// Multiplies the `[rows, width]` matrix `x` by the mask.
pub(crate) fn apply_mask(x: &mut [f32], width: usize, mask: RowsMask<'_>) {
    x.par_chunks_mut(ROWS * width).enumerate().for_each(|(n, rows)| {
        vectorized(
            #[inline(always)]
            || {
                for (r, row) in rows.chunks_exact_mut(width).enumerate() {
                    let mask = mask.row(n * ROWS + r);
                    row.iter_mut().enumerate().for_each(|(c, x)| *x *= mask.factor(c as u32));
                }
            },
        );
    });
}
