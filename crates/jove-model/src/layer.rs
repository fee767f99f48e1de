//! One transformer layer, with the norm after each half as BERT has it.

use dfdx::prelude::Tape;
use jove_core::parameter_names::Part;
use jove_core::{ModelConfig, Seed};

use crate::error::Error;
use crate::linear::{LayerNorm, Linear};
use crate::ops::attention::AttentionArgs;
use crate::ops::backend::Backend;
use crate::ops::sublayer::{AttentionWeights, FeedForwardWeights, SublayerPass};
use crate::parameters;
use crate::pass::Pass;
use crate::tensors::Matrix;

/// Self-attention and feed-forward, each followed by dropout, residual and layer norm.
#[derive(Clone, Debug)]
pub(crate) struct Layer<D: Backend> {
    query: Linear<D>,
    key: Linear<D>,
    value: Linear<D>,
    attention_output: Linear<D>,
    attention_norm: LayerNorm<D>,
    intermediate: Linear<D>,
    output: Linear<D>,
    output_norm: LayerNorm<D>,
}

/// Numbers of the operators that drop activations: 0 is the embeddings', then three for each layer.
const DROPOUTS: u32 = 3;

impl<D: Backend> Layer<D> {
    pub(crate) fn new(dev: &D, number: usize, config: &ModelConfig, seed: Seed) -> Result<Self, Error> {
        let (h, f) = (config.hidden_size, config.intermediate_size);
        let name = |part| crate::names::name(config, part, number);
        let linear = |part, sizes| Linear::new(dev, name(part), sizes, config.initializer_range, seed);
        let norm = |part| LayerNorm::new(dev, name(part), h, config.layer_norm_eps);
        Ok(Self {
            query: linear(Part::Query, (h, h))?,
            key: linear(Part::Key, (h, h))?,
            value: linear(Part::Value, (h, h))?,
            attention_output: linear(Part::AttentionOutput, (h, h))?,
            attention_norm: norm(Part::AttentionNorm)?,
            intermediate: linear(Part::Intermediate, (h, f))?,
            output: linear(Part::Output, (f, h))?,
            output_norm: norm(Part::OutputNorm)?,
        })
    }

    /// The hidden states after this layer, `[t, h]`, or `[n, h]` where `rows` selects `n` of them; they must ascend.
    pub(crate) fn forward<T: Tape<f32, D>>(
        &self,
        x: Matrix<D, T>,
        cu_seqlens: &[usize],
        config: &ModelConfig,
        number: u32,
        pass: &Pass,
        rows: Option<&[u32]>,
    ) -> Result<Matrix<D, T>, Error> {
        let op = 1 + number * DROPOUTS;
        let half =
            |op| SublayerPass { mask: pass.mask(op, config.hidden_dropout_prob), recompute: pass.recompute, rows };
        let mask = pass.mask(op, config.attention_probs_dropout_prob);
        let args = AttentionArgs { cu_seqlens, heads: config.num_attention_heads, mask };
        let attention = AttentionWeights {
            qkv: [self.query.weights(), self.key.weights(), self.value.weights()],
            output: self.attention_output.weights(),
            norm: self.attention_norm.weights(),
        };
        let x = D::attention_sublayer(x, &attention, &args, &half(op + 1))?;
        let feed_forward = FeedForwardWeights {
            intermediate: self.intermediate.weights(),
            output: self.output.weights(),
            norm: self.output_norm.weights(),
        };
        D::feed_forward_sublayer(x, &feed_forward, &half(op + 2))
    }
}

parameters!(impl<D: Backend> Layer<D> {
    query, key, value, attention_output, attention_norm, intermediate, output, output_norm,
});
