//! The feed-forward half of a layer as one operator of the tape. `f` is the width between its two linear layers.

use dfdx::prelude::{Cpu, CpuError, HasShape, PutTape, ReshapeTo, SplitTape, Tape, TensorFromVec};

use super::gradient::take_gradient;
use super::kernels::columns::{self, add_all};
use super::kernels::layer_norm::{self as norm_kernel, apply_mask};
use super::kernels::math;
use super::kernels::matmul::{self, Tiles, matmul_then};
use super::kernels::pool::{self, Buffer};
use super::kernels::vectorized::vectorized;
use super::layer_norm::Normalized;
use super::shared::{Dense, Norm};
use crate::dropout::{DropMask, RowsMask};
use crate::error::{Error, device};
use crate::ops::sublayer::{FeedForwardWeights, SublayerPass};
use crate::ops::{layer_norm, linear};
use crate::tensors::{Gradients, Matrix};
use crate::view::{Part, View, slice};

/// Everything the half is computed with.
struct FeedForwardBlock {
    intermediate: Dense,
    output: Dense,
    norm: Norm,
    mask: Option<DropMask>,
    /// The numbers of the rows in the mask, where they are not all.
    rows: Option<Vec<u32>>,
}

/// What the forward pass leaves for the backward pass.
struct Saved {
    /// `[t, f]` before the GELU.
    before: Buffer,
    normalized: Normalized,
}

pub(crate) fn fused<T: Tape<f32, Cpu>>(
    x: Matrix<Cpu, T>,
    weights: &FeedForwardWeights<'_, Cpu>,
    pass: &SublayerPass<'_>,
) -> Result<Matrix<Cpu, T>, Error> {
    linear::check(&x, weights.intermediate.0, Some(weights.intermediate.1))?;
    layer_norm::check(&x, &weights.norm)?;
    pass.check_picked(x.shape().0)?;
    let (f, h) = *weights.intermediate.0.shape();
    if *weights.output.0.shape() != (h, f) || weights.output.1.shape().0 != h {
        let found = format!("{:?} and {:?}", weights.output.0.shape(), weights.output.1.shape());
        return Err(Error::shape("feed_forward", format!("an output weight of {h} by {f}"), found));
    }
    let half = FeedForwardBlock {
        intermediate: Dense::new(weights.intermediate),
        output: Dense::new(weights.output),
        norm: Norm::new(&weights.norm),
        mask: pass.mask,
        rows: pass.rows.map(<[u32]>::to_vec),
    };
    let (x, mut tape) = x.try_contiguous().map_err(device)?.split_tape();
    let mut y = vec![0.0; slice(&x).len()];
    let saved = half.forward(slice(&x), &mut y);
    let y = x.device().try_tensor_from_vec(y, *x.shape()).map_err(device)?;
    if T::OWNS_TAPE {
        let saved = (!pass.recompute).then_some(saved);
        let y_ghost = y.ghost();
        tape.add_backward_op(move |grads| {
            let grad_out = take_gradient!(grads, &y_ghost);
            let saved = saved.unwrap_or_else(|| half.forward(slice(&x), &mut pool::take(grad_out.len())));
            half.backward(&x, saved, grad_out, grads)
        });
    }
    Ok(y.put_tape(tape))
}

impl FeedForwardBlock {
    fn mask(&self) -> Option<RowsMask<'_>> {
        self.mask.map(|mask| mask.of_rows(self.rows.as_deref()))
    }

    fn forward(&self, x: &[f32], y: &mut [f32]) -> Saved {
        let (f, h) = *self.intermediate.weight.shape();
        let rows = x.len() / h;
        let mut before = pool::take(rows * f);
        let mut after = pool::take(rows * f);
        self.intermediate_forward(x, &mut before, &mut after);
        let out = self.output.product(&after);
        drop(after);
        let sum =
            norm_kernel::Inputs { x: &out, bias: Some(slice(&self.output.bias)), mask: self.mask(), residual: Some(x) };
        let normalized = Normalized::forward(&sum, &self.norm.weights(), y);
        Saved { before, normalized }
    }

    /// `before = x w1ᵀ + b1` and `after = gelu(before)`, a tile at a time.
    fn intermediate_forward(&self, x: &[f32], before: &mut [f32], after: &mut [f32]) {
        let (f, h) = *self.intermediate.weight.shape();
        let rows = x.len() / h;
        let weight = View::new(slice(&self.intermediate.weight), f, h).transposed();
        let bias = slice(&self.intermediate.bias);
        let (row_bounds, column_bounds) = matmul::tiles(rows, f);
        let after = Tiles::new(Part::new(after, rows, f).split(&row_bounds, &column_bounds));
        matmul_then(Part::new(before, rows, f), View::new(x, rows, h), weight, false, |tile, number, _, column| {
            let mut after = after.take(number);
            vectorized(
                #[inline(always)]
                || {
                    for r in 0..tile.rows() {
                        let row = tile.row_mut(r);
                        columns::add(row, &bias[column..column + row.len()]);
                        after.row_mut(r).iter_mut().zip(row).for_each(|(a, x)| *a = math::gelu(*x));
                    }
                },
            );
        });
    }

    fn backward(
        &self,
        x: &Matrix<Cpu>,
        saved: Saved,
        mut grad_out: Vec<f32>,
        grads: &mut Gradients<Cpu>,
    ) -> Result<(), CpuError> {
        let &(rows, h) = x.shape();
        let f = self.intermediate.weight.shape().0;
        saved.normalized.backward(&mut grad_out, &self.norm.weight, &self.norm.bias, grads)?;
        add_all(grads.get_or_alloc_mut(x)?, &grad_out);
        if let Some(mask) = self.mask() {
            apply_mask(&mut grad_out, h, mask);
        }
        // The gradient before the GELU replaces that after it, and the GELU's value what came before it.
        let mut before = saved.before;
        let mut grad_before = pool::take(rows * f);
        self.output_backward(&grad_out, &mut grad_before, &mut before);
        self.output.add_gradients(&before, &grad_out, grads)?;
        drop(before);
        self.intermediate.add_gradients(slice(x), &grad_before, grads)?;
        self.intermediate.backward(&grad_before, Part::new(grads.get_or_alloc_mut(x)?, rows, h), true);
        Ok(())
    }

    /// `grad_before = (grad_out w2) gelu'(before)`, then `before = gelu(before)`, a tile at a time.
    fn output_backward(&self, grad_out: &[f32], grad_before: &mut [f32], before: &mut [f32]) {
        let (h, f) = *self.output.weight.shape();
        let rows = grad_out.len() / h;
        let (row_bounds, column_bounds) = matmul::tiles(rows, f);
        let before = Tiles::new(Part::new(before, rows, f).split(&row_bounds, &column_bounds));
        let weight = View::new(slice(&self.output.weight), h, f);
        let grad_out = View::new(grad_out, rows, h);
        matmul_then(Part::new(grad_before, rows, f), grad_out, weight, false, |tile, number, _, _| {
            let mut before = before.take(number);
            vectorized(
                #[inline(always)]
                || {
                    for r in 0..tile.rows() {
                        for (grad, x) in tile.row_mut(r).iter_mut().zip(before.row_mut(r)) {
                            let (slope, value) = math::gelu_slope(*x);
                            *grad *= slope;
                            *x = value;
                        }
                    }
                },
            );
        });
    }
}
