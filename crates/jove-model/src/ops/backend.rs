//! The signatures of all operators.

use dfdx::prelude::{Device, Shape, Tape, Tensor};

use super::adamw_update::{Moments, Rates};
use super::attention::AttentionArgs;
use super::embedding::Tables;
use super::layer_norm::NormWeights;
use super::sublayer::{AttentionWeights, FeedForwardWeights, SublayerPass};
use super::{composed, rows};
use crate::dropout::DropMask;
use crate::error::Error;
use crate::packed_batch::PackedBatch;
use crate::tensors::{Gradients, Matrix, Scalar, Vector};

/// A device of dfdx with the encoder's differentiable operators.
///
/// Every default method is the composed form: it calls dfdx's own operators, so it runs on any device, and it is the
/// specification. A device replaces those for which it has something faster, see the crate's page. Letters in shapes:
/// `t` packed tokens, `n` rows of any matrix, `h` hidden size, `f` feed-forward size, `v` vocabulary.
pub trait Backend: Device<f32> {
    /// The sum of the token, position and segment embeddings of every token.
    ///
    /// # Shapes
    /// - tables: `[v, h]`, `[positions, h]`, `[segments, h]`
    /// - output: `[t, h]`
    ///
    /// # Errors
    /// If an id is beyond its table or the device fails.
    fn embed<T: Tape<f32, Self>>(
        tables: &Tables<'_, Self>,
        batch: &PackedBatch,
        tape: T,
    ) -> Result<Matrix<Self, T>, Error> {
        composed::embed(tables, batch, tape)
    }

    /// `x wᵀ + b`; PyTorch's `nn.Linear`.
    ///
    /// # Shapes
    /// - x: `[n, in]`
    /// - weight: `[out, in]`; bias: `[out]`
    /// - output: `[n, out]`
    ///
    /// # Errors
    /// If the sizes do not fit or the device fails.
    fn linear<T: Tape<f32, Self>>(
        x: Matrix<Self, T>,
        weight: &Matrix<Self>,
        bias: Option<&Vector<Self>>,
    ) -> Result<Matrix<Self, T>, Error> {
        composed::linear(x, weight, bias)
    }

    /// The exact GELU, `x Φ(x)` ("Gaussian Error Linear Units", arXiv 1606.08415), elementwise; PyTorch's `nn.GELU`.
    ///
    /// # Shapes
    /// - x and output: `[n, h]`
    ///
    /// # Errors
    /// If the device fails.
    fn gelu<T: Tape<f32, Self>>(x: Matrix<Self, T>) -> Result<Matrix<Self, T>, Error> {
        composed::gelu(x)
    }

    /// Sets the masked elements to 0 and multiplies the others by `1 / (1 - rate)`, so that the mean stays; returns `x`
    /// as it is without a mask.
    ///
    /// # Shapes
    /// - x and output: `[n, h]`
    ///
    /// # Errors
    /// If the device fails.
    fn dropout<T: Tape<f32, Self>>(x: Matrix<Self, T>, mask: Option<DropMask>) -> Result<Matrix<Self, T>, Error> {
        composed::dropout(x, mask)
    }

    /// `norm(dropout(x) + residual)`: rows normalised to mean 0 and variance 1, then scaled and shifted ("Layer
    /// Normalization", arXiv 1607.06450); PyTorch's `nn.LayerNorm` after the sum.
    ///
    /// # Shapes
    /// - x, residual and output: `[n, h]`
    /// - weight and bias: `[h]`
    ///
    /// # Errors
    /// If the sizes do not fit or the device fails.
    fn add_norm<T: Tape<f32, Self>>(
        x: Matrix<Self, T>,
        residual: Option<Matrix<Self, T>>,
        norm: &NormWeights<'_, Self>,
        mask: Option<DropMask>,
    ) -> Result<Matrix<Self, T>, Error> {
        composed::add_norm(x, residual, norm, mask)
    }

    /// Scaled dot-product attention within each sequence, heads side by side ("Attention Is All You Need",
    /// arXiv 1706.03762, equation 1); PyTorch's `scaled_dot_product_attention` without a causal mask.
    ///
    /// # Shapes
    /// - query, key, value and output: `[t, h]`, head `i` in columns `i h / heads` to `(i + 1) h / heads`
    /// - `args.cu_seqlens`: one more entry than sequences, from 0 to `t`
    ///
    /// # Errors
    /// If the sizes do not fit or the device fails.
    fn attention<T: Tape<f32, Self>>(
        query: Matrix<Self, T>,
        key: Matrix<Self, T>,
        value: Matrix<Self, T>,
        args: &AttentionArgs<'_>,
    ) -> Result<Matrix<Self, T>, Error> {
        composed::attention(query, key, value, args)
    }

    /// The attention half of a layer: `norm(x + dropout(attention(x) woᵀ + bo))`.
    ///
    /// # Shapes
    /// - x: `[t, h]`
    /// - weights of queries, keys, values and output: `[h, h]`; biases: `[h]`
    /// - output: `[t, h]`, or `[n, h]` where `pass.rows` selects `n` rows
    ///
    /// # Errors
    /// If the sizes do not fit, a selected row does not exist, or the device fails.
    fn attention_sublayer<T: Tape<f32, Self>>(
        x: Matrix<Self, T>,
        weights: &AttentionWeights<'_, Self>,
        args: &AttentionArgs<'_>,
        pass: &SublayerPass<'_>,
    ) -> Result<Matrix<Self, T>, Error> {
        composed::attention_sublayer(x, weights, args, pass)
    }

    /// The feed-forward half of a layer: `norm(x + dropout(gelu(x w1ᵀ + b1) w2ᵀ + b2))`.
    ///
    /// # Shapes
    /// - x and output: `[t, h]`, or `[n, h]` where `pass.rows` says which `n` packed rows those of `x` are; the numbers of
    ///   the rows decide what is dropped
    /// - `intermediate`: `[f, h]` and `[f]`; `output`: `[h, f]` and `[h]`
    ///
    /// # Errors
    /// If the sizes do not fit or the device fails.
    fn feed_forward_sublayer<T: Tape<f32, Self>>(
        x: Matrix<Self, T>,
        weights: &FeedForwardWeights<'_, Self>,
        pass: &SublayerPass<'_>,
    ) -> Result<Matrix<Self, T>, Error> {
        composed::feed_forward_sublayer(x, weights, pass)
    }

    /// The packed rows that the last layer should compute where a loss reads `rows`: ascending, without repeats, `rows`
    /// among them. All rows if there is nothing to choose. A device adds rows where its products of few rows would round
    /// differently from those of many.
    fn last_layer_rows(batch: &PackedBatch, rows: &[u32]) -> Vec<u32> {
        rows::selected(batch.token_count(), rows).unwrap_or_else(|| (0..batch.token_count() as u32).collect())
    }

    /// The rows of `x` at `positions`, which may repeat; PyTorch's `index_select`.
    ///
    /// # Shapes
    /// - x: `[t, h]`; positions: `[n]`
    /// - output: `[n, h]`
    ///
    /// # Errors
    /// If a position is beyond the last row or the device fails.
    fn rows<T: Tape<f32, Self>>(x: Matrix<Self, T>, positions: &[u32]) -> Result<Matrix<Self, T>, Error> {
        composed::rows(x, positions)
    }

    /// The mean of the rows `start..end` for each span; spans may overlap.
    ///
    /// # Shapes
    /// - x: `[t, h]`; spans: `[n]`
    /// - output: `[n, h]`
    ///
    /// # Errors
    /// If a span is empty or ends beyond the last row, or the device fails.
    fn span_mean<T: Tape<f32, Self>>(x: Matrix<Self, T>, spans: &[(u32, u32)]) -> Result<Matrix<Self, T>, Error> {
        composed::span_mean(x, spans)
    }

    /// Scales every row to length 1; a row of zeros stays one.
    ///
    /// # Shapes
    /// - x and output: `[n, h]`
    ///
    /// # Errors
    /// If the device fails.
    fn l2_normalize<T: Tape<f32, Self>>(x: Matrix<Self, T>) -> Result<Matrix<Self, T>, Error> {
        composed::l2_normalize(x)
    }

    /// `a bᵀ`: all dot products between the rows of `a` and of `b`.
    ///
    /// # Shapes
    /// - a: `[n, h]`; b: `[m, h]`
    /// - output: `[n, m]`
    ///
    /// # Errors
    /// If the sizes do not fit or the device fails.
    fn similarity<T: Tape<f32, Self>>(a: Matrix<Self, T>, b: Matrix<Self, T>) -> Result<Matrix<Self, T>, Error> {
        composed::similarity(a, b)
    }

    /// The sum over rows of `-log softmax(logits)[target]`; 0 without rows. PyTorch's `cross_entropy` with
    /// `reduction="sum"`.
    ///
    /// # Shapes
    /// - logits: `[n, m]`; targets: `[n]`, columns below `m`
    /// - output: one number
    ///
    /// # Errors
    /// If a target is beyond the last column, the numbers of rows and targets differ, or the device fails.
    fn cross_entropy<T: Tape<f32, Self>>(logits: Matrix<Self, T>, targets: &[u32]) -> Result<Scalar<Self, T>, Error> {
        composed::cross_entropy(logits, targets)
    }

    /// `cross_entropy(x wᵀ + b, targets)` for a weight of the vocabulary's size; the CPU never holds all `[n, v]` logits.
    ///
    /// # Shapes
    /// - x: `[n, h]`; targets: `[n]`
    /// - weight: `[v, h]`; bias: `[v]`
    /// - output: one number
    ///
    /// # Errors
    /// As [`Backend::cross_entropy`] and [`Backend::linear`].
    fn vocabulary_cross_entropy<T: Tape<f32, Self>>(
        x: Matrix<Self, T>,
        weight: &Matrix<Self>,
        bias: &Vector<Self>,
        targets: &[u32],
    ) -> Result<Scalar<Self, T>, Error> {
        composed::vocabulary_cross_entropy(x, weight, bias, targets)
    }

    /// One AdamW update of one parameter in place, see [`super::adamw::update`]; sets its gradient to 0.
    ///
    /// # Shapes
    /// - parameter: any shape of `n` numbers
    /// - moments: `[n]` each
    ///
    /// # Errors
    /// If the device fails.
    fn adamw_update<S: Shape>(
        parameter: &mut Tensor<S, f32, Self>,
        gradients: &mut Gradients<Self>,
        moments: &mut Moments<Self>,
        rates: &Rates,
    ) -> Result<(), Error> {
        composed::adamw_update(parameter, gradients, moments, rates)
    }

    /// The sum of squares of one parameter's gradient, in double precision; 0 if it has none.
    ///
    /// # Shapes
    /// - parameter: any
    ///
    /// # Errors
    /// If the device fails.
    fn gradient_square_sum<S: Shape>(
        parameter: &Tensor<S, f32, Self>,
        gradients: &mut Gradients<Self>,
    ) -> Result<f64, Error> {
        composed::gradient_square_sum(parameter, gradients)
    }
}
