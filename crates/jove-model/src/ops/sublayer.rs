//! The two halves of a transformer layer.

use dfdx::prelude::{PutTape, SplitTape, Tape};

use super::{Attend, NormWeights};
use crate::{Backend, DropMask, Error, Matrix, Vector};

/// The parameters of the attention half.
#[derive(Clone, Copy, Debug)]
pub struct AttentionWeights<'a, D: Backend> {
    /// Weight `[h, h]` and bias `[h]` of queries, keys and values.
    pub inputs: [(&'a Matrix<D>, &'a Vector<D>); 3],
    /// Weight `[h, h]` and bias `[h]` of the output.
    pub output: (&'a Matrix<D>, &'a Vector<D>),
    /// The norm after the residual.
    pub norm: NormWeights<'a, D>,
}

/// The parameters of the feed-forward half.
#[derive(Clone, Copy, Debug)]
pub struct FeedForwardWeights<'a, D: Backend> {
    /// Weight `[f, h]` and bias `[f]` before the GELU.
    pub inner: (&'a Matrix<D>, &'a Vector<D>),
    /// Weight `[h, f]` and bias `[h]` after it.
    pub outer: (&'a Matrix<D>, &'a Vector<D>),
    /// The norm after the residual.
    pub norm: NormWeights<'a, D>,
}

/// How one half is computed in this pass.
#[derive(Clone, Copy, Debug, Default)]
pub struct SublayerPass {
    /// Dropout before the residual.
    pub mask: Option<DropMask>,
    /// Keep only the input and compute the rest again in the backward pass.
    pub recompute: bool,
}

pub(crate) fn composed_attention<D: Backend, T: Tape<f32, D>>(
    x: Matrix<D, T>,
    weights: &AttentionWeights<'_, D>,
    how: &Attend<'_>,
    pass: &SublayerPass,
) -> Result<Matrix<D, T>, Error> {
    let (x, tape) = x.split_tape();
    let [query, key, value] = weights.inputs;
    let query = D::linear(x.clone().put_tape(tape), query.0, Some(query.1))?;
    let key = D::linear(x.retaped::<T>(), key.0, Some(key.1))?;
    let value = D::linear(x.retaped::<T>(), value.0, Some(value.1))?;
    let mixed = D::attention(query, key, value, how)?;
    let out = D::linear(mixed, weights.output.0, Some(weights.output.1))?;
    D::add_norm(out, Some(x.retaped::<T>()), &weights.norm, pass.mask)
}

pub(crate) fn composed_feed_forward<D: Backend, T: Tape<f32, D>>(
    x: Matrix<D, T>,
    weights: &FeedForwardWeights<'_, D>,
    pass: &SublayerPass,
) -> Result<Matrix<D, T>, Error> {
    let residual = x.retaped::<T>();
    let inner = D::gelu(D::linear(x, weights.inner.0, Some(weights.inner.1))?)?;
    let out = D::linear(inner, weights.outer.0, Some(weights.outer.1))?;
    D::add_norm(out, Some(residual), &weights.norm, pass.mask)
}
