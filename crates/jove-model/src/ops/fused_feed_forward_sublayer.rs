//! The feed-forward half of a layer as one operator of the tape.

use dfdx::prelude::{Cpu, CpuError, HasShape, PutTape, ReshapeTo, SplitTape, Tape, TensorFromVec};

use super::layer_norm::Normalized;
use super::sublayer::{Dense, Norm};
use super::{FeedForwardWeights, SublayerPass, take_gradient};
use crate::dropout::RowsMask;
use crate::error::device;
use crate::kernels::columns::add_all;
use crate::kernels::matmul::{self, Tiles, matmul_then};
use crate::kernels::pool::{self, Buffer};
use crate::kernels::{columns, math, norm, vectorized};
use crate::view::{Part, View, slice};
use crate::{DropMask, Error, Gradients, Matrix};

/// Everything the half is computed with; `f` inner columns.
struct FeedForwardBlock {
    inner: Dense,
    outer: Dense,
    norm: Norm,
    mask: Option<DropMask>,
    /// What the rows are numbered in the mask, where they are not all.
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
    super::linear::check(&x, weights.inner.0, Some(weights.inner.1))?;
    super::layer_norm::check(&x, &weights.norm)?;
    pass.check_picked(x.shape().0)?;
    let (f, h) = *weights.inner.0.shape();
    if *weights.outer.0.shape() != (h, f) || weights.outer.1.shape().0 != h {
        let found = format!("{:?} and {:?}", weights.outer.0.shape(), weights.outer.1.shape());
        return Err(Error::shape("feed_forward", format!("an outer weight of {h} by {f}"), found));
    }
    let half = FeedForwardBlock {
        inner: Dense::new(weights.inner),
        outer: Dense::new(weights.outer),
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
            let d = take_gradient!(grads, &y_ghost);
            let saved = saved.unwrap_or_else(|| half.forward(slice(&x), &mut pool::take(d.len())));
            half.backward(&x, saved, d, grads)
        });
    }
    Ok(y.put_tape(tape))
}

impl FeedForwardBlock {
    fn mask(&self) -> Option<RowsMask<'_>> {
        self.mask.map(|mask| mask.of_rows(self.rows.as_deref()))
    }

    fn forward(&self, x: &[f32], y: &mut [f32]) -> Saved {
        let (f, h) = *self.inner.weight.shape();
        let rows = x.len() / h;
        let mut before = pool::take(rows * f);
        let mut after = pool::take(rows * f);
        self.widen(x, &mut before, &mut after);
        let out = self.outer.product(&after);
        drop(after);
        let sum = norm::Inputs { x: &out, bias: Some(slice(&self.outer.bias)), mask: self.mask(), residual: Some(x) };
        let normalized = Normalized::forward(&sum, &self.norm.weights(), y);
        Saved { before, normalized }
    }

    /// `before = x w1ᵀ + b1` and `after = gelu(before)`, a tile at a time.
    fn widen(&self, x: &[f32], before: &mut [f32], after: &mut [f32]) {
        let (f, h) = *self.inner.weight.shape();
        let rows = x.len() / h;
        let weight = View::new(slice(&self.inner.weight), f, h).transposed();
        let bias = slice(&self.inner.bias);
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
        mut d: Vec<f32>,
        grads: &mut Gradients<Cpu>,
    ) -> Result<(), CpuError> {
        let &(rows, h) = x.shape();
        let f = self.inner.weight.shape().0;
        saved.normalized.backward(&mut d, &self.norm.gain, &self.norm.bias, grads)?;
        add_all(grads.get_or_alloc_mut(x)?, &d);
        if let Some(mask) = self.mask() {
            norm::apply_mask(&mut d, h, mask);
        }
        // The gradient before the GELU replaces that after it, and the GELU's value what came before it.
        let mut before = saved.before;
        let mut d_inner = pool::take(rows * f);
        self.narrow_backward(&d, &mut d_inner, &mut before);
        self.outer.add_gradients(&before, &d, grads)?;
        drop(before);
        self.inner.add_gradients(slice(x), &d_inner, grads)?;
        self.inner.backward(&d_inner, Part::new(grads.get_or_alloc_mut(x)?, rows, h), true);
        Ok(())
    }

    /// `d_inner = (d w2) gelu'(before)`, then `before = gelu(before)`, a tile at a time.
    fn narrow_backward(&self, d: &[f32], d_inner: &mut [f32], before: &mut [f32]) {
        let (h, f) = *self.outer.weight.shape();
        let rows = d.len() / h;
        let (row_bounds, column_bounds) = matmul::tiles(rows, f);
        let before = Tiles::new(Part::new(before, rows, f).split(&row_bounds, &column_bounds));
        let weight = View::new(slice(&self.outer.weight), h, f);
        matmul_then(Part::new(d_inner, rows, f), View::new(d, rows, h), weight, false, |tile, number, _, _| {
            let mut before = before.take(number);
            vectorized(
                #[inline(always)]
                || {
                    for r in 0..tile.rows() {
                        for (d, x) in tile.row_mut(r).iter_mut().zip(before.row_mut(r)) {
                            let (slope, value) = math::gelu_slope(*x);
                            *d *= slope;
                            *x = value;
                        }
                    }
                },
            );
        });
    }
}
