//! The two halves of a transformer layer.

use dfdx::prelude::{Device, HasShape, PutTape, SplitTape, Tape};

use super::attention::AttentionArgs;
use super::layer_norm::NormWeights;
use super::{attention, dropout, gelu, layer_norm, linear, rows};
use crate::dropout::DropMask;
use crate::error::Error;
use crate::tensors::{Matrix, Vector};

/// The parameters of the attention half.
#[derive(Clone, Copy, Debug)]
pub struct AttentionWeights<'a, D: Device<f32>> {
    /// Weight `[h, h]` and bias `[h]` of queries, keys and values.
    pub qkv: [(&'a Matrix<D>, &'a Vector<D>); 3],
    /// Weight `[h, h]` and bias `[h]` of the output.
    pub output: (&'a Matrix<D>, &'a Vector<D>),
    /// The norm after the residual.
    pub norm: NormWeights<'a, D>,
}

/// The parameters of the feed-forward half.
#[derive(Clone, Copy, Debug)]
pub struct FeedForwardWeights<'a, D: Device<f32>> {
    /// Weight `[f, h]` and bias `[f]` before the GELU.
    pub intermediate: (&'a Matrix<D>, &'a Vector<D>),
    /// Weight `[h, f]` and bias `[h]` after it.
    pub output: (&'a Matrix<D>, &'a Vector<D>),
    /// The norm after the residual.
    pub norm: NormWeights<'a, D>,
}

/// How one half is computed in this pass.
#[derive(Clone, Copy, Debug, Default)]
pub struct SublayerPass<'a> {
    /// Dropout before the residual.
    pub mask: Option<DropMask>,
    /// Keep only the input and compute the rest again in the backward pass.
    pub recompute: bool,
    /// The packed rows of the output, ascending, none twice: row `i` of the output is that of packed row `rows[i]`.
    /// All rows if `None`.
    pub rows: Option<&'a [u32]>,
}

impl SublayerPass<'_> {
    /// The selected rows must exist among `tokens` and ascend.
    pub(crate) fn check(&self, tokens: usize) -> Result<(), Error> {
        match self.rows {
            Some(rows) if !rows.is_sorted_by(|a, b| a < b) => {
                Err(Error::shape("sublayer", "rows that ascend", format!("{rows:?}")))
            }
            Some(rows) => rows::check("sublayer", tokens, rows),
            None => Ok(()),
        }
    }

    /// Where `x` holds only the selected rows, each must have its number.
    pub(crate) fn check_picked(&self, found: usize) -> Result<(), Error> {
        match self.rows {
            Some(rows) if rows.len() != found => {
                Err(Error::shape("feed_forward", format!("{} rows", rows.len()), found.to_string()))
            }
            _ => Ok(()),
        }
    }
}

/// The composed form of [`Backend::attention_sublayer`](super::backend::Backend::attention_sublayer).
///
/// Computes all rows and picks the selected ones.
///
/// # Errors
/// As there.
pub fn composed_attention<D: Device<f32>, T: Tape<f32, D>>(
    x: Matrix<D, T>,
    weights: &AttentionWeights<'_, D>,
    args: &AttentionArgs<'_>,
    pass: &SublayerPass<'_>,
) -> Result<Matrix<D, T>, Error> {
    pass.check(x.shape().0)?;
    let (x, tape) = x.split_tape();
    let [query, key, value] = weights.qkv;
    let query = linear::composed(x.clone().put_tape(tape), query.0, Some(query.1))?;
    let key = linear::composed(x.retaped::<T>(), key.0, Some(key.1))?;
    let value = linear::composed(x.retaped::<T>(), value.0, Some(value.1))?;
    let mixed = attention::composed(query, key, value, args)?;
    let out = linear::composed(mixed, weights.output.0, Some(weights.output.1))?;
    let y = layer_norm::composed(out, Some(x.retaped::<T>()), &weights.norm, pass.mask)?;
    match pass.rows {
        Some(rows) => rows::composed(y, rows),
        None => Ok(y),
    }
}

/// The composed form of [`Backend::feed_forward_sublayer`](super::backend::Backend::feed_forward_sublayer).
///
/// # Errors
/// As there.
pub fn composed_feed_forward<D: Device<f32>, T: Tape<f32, D>>(
    x: Matrix<D, T>,
    weights: &FeedForwardWeights<'_, D>,
    pass: &SublayerPass<'_>,
) -> Result<Matrix<D, T>, Error> {
    pass.check_picked(x.shape().0)?;
    let residual = x.retaped::<T>();
    let (weight, bias) = weights.intermediate;
    let intermediate = gelu::composed(linear::composed(x, weight, Some(bias))?)?;
    let (weight, bias) = weights.output;
    let out = linear::composed(intermediate, weight, Some(bias))?;
    let out = dropout::composed_rows(out, pass.mask, pass.rows)?;
    layer_norm::composed(out, Some(residual), &weights.norm, None)
}
