//! The devices that a model runs on.

use dfdx::prelude::{Cpu, Device, Tape};

use crate::ops::{self, AttentionArgs, AttentionWeights, FeedForwardWeights, NormWeights, SublayerPass, Tables};
use crate::{DropMask, Error, Gradients, Matrix, Moments, PackedBatch, Scalar, Vector};

/// A device of dfdx with the encoder's differentiable operators.
///
/// Every default method composes dfdx's own operators, so it runs on any device and is the specification. The CPU
/// replaces them with fused kernels, which are tested against the composed forms. Shapes in the signatures: `t` packed
/// tokens, `h` hidden size, `f` feed-forward size, `v` vocabulary.
pub trait Backend: Device<f32> {
    /// The sum of the token, position and segment embeddings: `[t, h]`.
    ///
    /// # Errors
    /// If the device fails.
    fn embed<T: Tape<f32, Self>>(
        tables: &Tables<'_, Self>,
        batch: &PackedBatch,
        tape: T,
    ) -> Result<Matrix<Self, T>, Error> {
        ops::embedding::composed(tables, batch, tape)
    }

    /// `x wᵀ + b`: `[n, in]` by `[out, in]` to `[n, out]`; PyTorch's `nn.Linear`.
    ///
    /// # Errors
    /// If the sizes do not fit or the device fails.
    fn linear<T: Tape<f32, Self>>(
        x: Matrix<Self, T>,
        weight: &Matrix<Self>,
        bias: Option<&Vector<Self>>,
    ) -> Result<Matrix<Self, T>, Error> {
        ops::linear::composed(x, weight, bias)
    }

    /// The exact GELU, `x Φ(x)` ("Gaussian Error Linear Units", arXiv 1606.08415), elementwise.
    ///
    /// # Errors
    /// If the device fails.
    fn gelu<T: Tape<f32, Self>>(x: Matrix<Self, T>) -> Result<Matrix<Self, T>, Error> {
        ops::gelu::composed(x)
    }

    /// Sets the masked elements to 0 and scales the rest so that the mean stays.
    ///
    /// # Errors
    /// If the device fails.
    fn dropout<T: Tape<f32, Self>>(x: Matrix<Self, T>, mask: Option<DropMask>) -> Result<Matrix<Self, T>, Error> {
        ops::dropout::composed(x, mask)
    }

    /// `norm(dropout(x) + residual)`, rows normalised to mean 0 and variance 1, then scaled and shifted ("Layer
    /// Normalization", arXiv 1607.06450).
    ///
    /// # Errors
    /// If the sizes do not fit or the device fails.
    fn add_norm<T: Tape<f32, Self>>(
        x: Matrix<Self, T>,
        residual: Option<Matrix<Self, T>>,
        norm: &NormWeights<'_, Self>,
        mask: Option<DropMask>,
    ) -> Result<Matrix<Self, T>, Error> {
        ops::layer_norm::composed(x, residual, norm, mask)
    }

    /// Scaled dot-product attention within each sequence ("Attention Is All You Need", arXiv 1706.03762, equation 1);
    /// `query`, `key`, `value` and the result are packed, `[t, h]`, heads side by side.
    ///
    /// # Errors
    /// If the sizes do not fit or the device fails.
    fn attention<T: Tape<f32, Self>>(
        query: Matrix<Self, T>,
        key: Matrix<Self, T>,
        value: Matrix<Self, T>,
        how: &AttentionArgs<'_>,
    ) -> Result<Matrix<Self, T>, Error> {
        ops::attention::composed(query, key, value, how)
    }

    /// The attention half of a layer: `norm(x + dropout(attention(x) woᵀ + bo))`, `[t, h]` to `[t, h]`, or to `[n, h]`
    /// where the pass asks for `n` rows.
    ///
    /// # Errors
    /// If the sizes do not fit, a row asked for does not exist, or the device fails.
    fn attention_sublayer<T: Tape<f32, Self>>(
        x: Matrix<Self, T>,
        weights: &AttentionWeights<'_, Self>,
        how: &AttentionArgs<'_>,
        pass: &SublayerPass<'_>,
    ) -> Result<Matrix<Self, T>, Error> {
        ops::sublayer::composed_attention(x, weights, how, pass)
    }

    /// The feed-forward half of a layer: `norm(x + dropout(gelu(x w1ᵀ + b1) w2ᵀ + b2))`. Where the pass asks for `n`
    /// rows, `x` holds those alone, `[n, h]`, and their numbers decide what is dropped.
    ///
    /// # Errors
    /// If the sizes do not fit or the device fails.
    fn feed_forward_sublayer<T: Tape<f32, Self>>(
        x: Matrix<Self, T>,
        weights: &FeedForwardWeights<'_, Self>,
        pass: &SublayerPass<'_>,
    ) -> Result<Matrix<Self, T>, Error> {
        ops::sublayer::composed_feed_forward(x, weights, pass)
    }

    /// The rows of `x` at `positions`, which may repeat: `[n, h]`.
    ///
    /// # Errors
    /// If a position is beyond the last row or the device fails.
    fn rows<T: Tape<f32, Self>>(x: Matrix<Self, T>, positions: &[u32]) -> Result<Matrix<Self, T>, Error> {
        ops::rows::composed(x, positions)
    }

    /// The mean of the rows `start..end` for each span, `[n, h]`; spans may overlap.
    ///
    /// # Errors
    /// If a span is empty or ends beyond the last row, or the device fails.
    fn span_mean<T: Tape<f32, Self>>(x: Matrix<Self, T>, spans: &[(u32, u32)]) -> Result<Matrix<Self, T>, Error> {
        ops::span_mean::composed(x, spans)
    }

    /// Scales every row to length 1.
    ///
    /// # Errors
    /// If the device fails.
    fn l2_normalize<T: Tape<f32, Self>>(x: Matrix<Self, T>) -> Result<Matrix<Self, T>, Error> {
        ops::l2_normalize::composed(x)
    }

    /// `a bᵀ`: all dot products between the rows of `a` `[n, h]` and of `b` `[m, h]`, as `[n, m]`.
    ///
    /// # Errors
    /// If the sizes do not fit or the device fails.
    fn similarity<T: Tape<f32, Self>>(a: Matrix<Self, T>, b: Matrix<Self, T>) -> Result<Matrix<Self, T>, Error> {
        ops::similarity::composed(a, b)
    }

    /// The sum over rows of `-log softmax(logits)[target]`, for `[n, m]` logits and one target column for each row; 0
    /// without rows.
    ///
    /// # Errors
    /// If a target is beyond the last column, the numbers of rows and targets differ, or the device fails.
    fn cross_entropy<T: Tape<f32, Self>>(x: Matrix<Self, T>, targets: &[u32]) -> Result<Scalar<Self, T>, Error> {
        ops::cross_entropy::composed(x, targets)
    }

    /// `cross_entropy(x wᵀ + b, targets)` for a vocabulary-sized `w`, `[v, h]`; the CPU never holds all `[n, v]`
    /// logits.
    ///
    /// # Errors
    /// As [`Backend::cross_entropy`] and [`Backend::linear`].
    fn vocabulary_cross_entropy<T: Tape<f32, Self>>(
        x: Matrix<Self, T>,
        weight: &Matrix<Self>,
        bias: &Vector<Self>,
        targets: &[u32],
    ) -> Result<Scalar<Self, T>, Error> {
        ops::vocabulary::composed(x, weight, bias, targets)
    }

    /// One AdamW update of one parameter, see [`ops::adamw`]; `scale` multiplies the gradient first.
    ///
    /// # Errors
    /// If the device fails.
    fn adamw_update<S: dfdx::prelude::Shape>(
        parameter: &mut dfdx::prelude::Tensor<S, f32, Self>,
        gradients: &mut Gradients<Self>,
        moments: &mut Moments<Self>,
        rates: &ops::adamw::Rates,
    ) -> Result<(), Error> {
        ops::adamw::composed(parameter, gradients, moments, rates)
    }

    /// The sum of squares of one parameter's gradient, in double precision; 0 if it has none.
    ///
    /// # Errors
    /// If the device fails.
    fn gradient_square_sum<S: dfdx::prelude::Shape>(
        parameter: &dfdx::prelude::Tensor<S, f32, Self>,
        gradients: &mut Gradients<Self>,
    ) -> Result<f64, Error> {
        ops::norm::composed(parameter, gradients)
    }
}

/// Fused, multi-threaded kernels; the same numbers, bit for bit, for any number of threads.
impl Backend for Cpu {
    fn embed<T: Tape<f32, Self>>(
        tables: &Tables<'_, Self>,
        batch: &PackedBatch,
        tape: T,
    ) -> Result<Matrix<Self, T>, Error> {
        ops::embedding::fused(tables, batch, tape)
    }

    fn linear<T: Tape<f32, Self>>(
        x: Matrix<Self, T>,
        weight: &Matrix<Self>,
        bias: Option<&Vector<Self>>,
    ) -> Result<Matrix<Self, T>, Error> {
        ops::linear::fused(x, weight, bias)
    }

    fn gelu<T: Tape<f32, Self>>(x: Matrix<Self, T>) -> Result<Matrix<Self, T>, Error> {
        ops::gelu::fused(x)
    }

    fn dropout<T: Tape<f32, Self>>(x: Matrix<Self, T>, mask: Option<DropMask>) -> Result<Matrix<Self, T>, Error> {
        ops::dropout::fused(x, mask)
    }

    fn add_norm<T: Tape<f32, Self>>(
        x: Matrix<Self, T>,
        residual: Option<Matrix<Self, T>>,
        norm: &NormWeights<'_, Self>,
        mask: Option<DropMask>,
    ) -> Result<Matrix<Self, T>, Error> {
        ops::layer_norm::fused(x, residual, norm, mask)
    }

    fn attention<T: Tape<f32, Self>>(
        query: Matrix<Self, T>,
        key: Matrix<Self, T>,
        value: Matrix<Self, T>,
        how: &AttentionArgs<'_>,
    ) -> Result<Matrix<Self, T>, Error> {
        ops::attention::fused(query, key, value, how)
    }

    fn attention_sublayer<T: Tape<f32, Self>>(
        x: Matrix<Self, T>,
        weights: &AttentionWeights<'_, Self>,
        how: &AttentionArgs<'_>,
        pass: &SublayerPass<'_>,
    ) -> Result<Matrix<Self, T>, Error> {
        ops::fused_attention_sublayer::fused(x, weights, how, pass)
    }

    fn feed_forward_sublayer<T: Tape<f32, Self>>(
        x: Matrix<Self, T>,
        weights: &FeedForwardWeights<'_, Self>,
        pass: &SublayerPass<'_>,
    ) -> Result<Matrix<Self, T>, Error> {
        ops::fused_feed_forward_sublayer::fused(x, weights, pass)
    }

    fn rows<T: Tape<f32, Self>>(x: Matrix<Self, T>, positions: &[u32]) -> Result<Matrix<Self, T>, Error> {
        ops::rows::fused(x, positions)
    }

    fn vocabulary_cross_entropy<T: Tape<f32, Self>>(
        x: Matrix<Self, T>,
        weight: &Matrix<Self>,
        bias: &Vector<Self>,
        targets: &[u32],
    ) -> Result<Scalar<Self, T>, Error> {
        ops::vocabulary::fused(x, weight, bias, targets)
    }

    fn adamw_update<S: dfdx::prelude::Shape>(
        parameter: &mut dfdx::prelude::Tensor<S, f32, Self>,
        gradients: &mut Gradients<Self>,
        moments: &mut Moments<Self>,
        rates: &ops::adamw::Rates,
    ) -> Result<(), Error> {
        ops::adamw::fused(parameter, gradients, moments, rates)
    }

    fn gradient_square_sum<S: dfdx::prelude::Shape>(
        parameter: &dfdx::prelude::Tensor<S, f32, Self>,
        gradients: &mut Gradients<Self>,
    ) -> Result<f64, Error> {
        ops::norm::fused(parameter, gradients)
    }
}

#[cfg(feature = "cuda")]
impl Backend for dfdx::prelude::Cuda {}
