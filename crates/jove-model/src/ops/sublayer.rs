//! The two halves of a transformer layer.

use dfdx::prelude::{Cpu, HasShape, PutTape, SplitTape, Tape};

use super::{AttentionArgs, NormWeights, attention, dropout, gelu, layer_norm, linear};
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
pub struct SublayerPass<'a> {
    /// Dropout before the residual.
    pub mask: Option<DropMask>,
    /// Keep only the input and compute the rest again in the backward pass.
    pub recompute: bool,
    /// The packed rows that are asked for, ascending, none twice: row `i` of the output is that of packed row `rows[i]`.
    /// All rows if `None`.
    pub rows: Option<&'a [u32]>,
}

impl SublayerPass<'_> {
    /// The rows asked for must exist among `tokens` and ascend.
    pub(crate) fn check(&self, tokens: usize) -> Result<(), Error> {
        match self.rows {
            Some(rows) if !rows.is_sorted_by(|a, b| a < b) => {
                Err(Error::shape("sublayer", "rows that ascend", format!("{rows:?}")))
            }
            Some(rows) => super::rows::check("sublayer", tokens, rows),
            None => Ok(()),
        }
    }

    /// Where only the rows asked for are there, each must have its number.
    pub(crate) fn check_picked(&self, found: usize) -> Result<(), Error> {
        match self.rows {
            Some(rows) if rows.len() != found => {
                Err(Error::shape("feed_forward", format!("{} rows", rows.len()), found.to_string()))
            }
            _ => Ok(()),
        }
    }
}

/// The composed form of [`Backend::attention_sublayer`].
///
/// Computes all rows and picks those that are asked for.
///
/// # Errors
/// As there.
pub fn composed_attention<D: Backend, T: Tape<f32, D>>(
    x: Matrix<D, T>,
    weights: &AttentionWeights<'_, D>,
    how: &AttentionArgs<'_>,
    pass: &SublayerPass<'_>,
) -> Result<Matrix<D, T>, Error> {
    pass.check(x.shape().0)?;
    let (x, tape) = x.split_tape();
    let [query, key, value] = weights.inputs;
    let query = linear::composed(x.clone().put_tape(tape), query.0, Some(query.1))?;
    let key = linear::composed(x.retaped::<T>(), key.0, Some(key.1))?;
    let value = linear::composed(x.retaped::<T>(), value.0, Some(value.1))?;
    let mixed = attention::composed(query, key, value, how)?;
    let out = linear::composed(mixed, weights.output.0, Some(weights.output.1))?;
    let y = layer_norm::composed(out, Some(x.retaped::<T>()), &weights.norm, pass.mask)?;
    match pass.rows {
        Some(rows) => super::rows::composed(y, rows),
        None => Ok(y),
    }
}

/// The composed form of [`Backend::feed_forward_sublayer`].
///
/// # Errors
/// As there.
pub fn composed_feed_forward<D: Backend, T: Tape<f32, D>>(
    x: Matrix<D, T>,
    weights: &FeedForwardWeights<'_, D>,
    pass: &SublayerPass<'_>,
) -> Result<Matrix<D, T>, Error> {
    pass.check_picked(x.shape().0)?;
    let residual = x.retaped::<T>();
    let inner = gelu::composed(linear::composed(x, weights.inner.0, Some(weights.inner.1))?)?;
    let out = linear::composed(inner, weights.outer.0, Some(weights.outer.1))?;
    let out = dropout::composed_rows(out, pass.mask, pass.rows)?;
    layer_norm::composed(out, Some(residual), &weights.norm, None)
}

/// A linear layer's parameters, shared with the model: what an operator keeps for its backward pass.
pub(crate) struct Dense {
    pub(crate) weight: Matrix<Cpu>,
    pub(crate) bias: Vector<Cpu>,
}

impl Dense {
    pub(crate) fn new((weight, bias): (&Matrix<Cpu>, &Vector<Cpu>)) -> Self {
        Self { weight: weight.clone(), bias: bias.clone() }
    }
}

/// A layer norm's parameters, shared with the model.
pub(crate) struct Norm {
    pub(crate) gain: Vector<Cpu>,
    pub(crate) bias: Vector<Cpu>,
    epsilon: f64,
}

impl Norm {
    pub(crate) fn new(norm: &NormWeights<'_, Cpu>) -> Self {
        Self { gain: norm.gain.clone(), bias: norm.bias.clone(), epsilon: norm.epsilon }
    }

    pub(crate) fn weights(&self) -> NormWeights<'_, Cpu> {
        NormWeights { gain: &self.gain, bias: &self.bias, epsilon: self.epsilon }
    }

    pub(crate) fn width(&self) -> usize {
        self.gain.shape().0
    }
}
