//! One transformer layer, with the norm after each half as BERT has it.

use dfdx::prelude::Tape;
use jove_core::{ModelConfig, Seed};

use crate::ops::{AttentionArgs, AttentionWeights, FeedForwardWeights, SublayerPass};
use crate::{Backend, Error, LayerNorm, Linear, Matrix, ParameterMut, ParameterRef, Parameters, Pass};

/// Self-attention and feed-forward, each followed by dropout, residual and layer norm.
#[derive(Clone, Debug)]
pub(crate) struct Layer<D: Backend> {
    query: Linear<D>,
    key: Linear<D>,
    value: Linear<D>,
    output: Linear<D>,
    attention_norm: LayerNorm<D>,
    inner: Linear<D>,
    outer: Linear<D>,
    norm: LayerNorm<D>,
}

/// Numbers of the operators that drop activations: 0 is the embeddings', then three for each layer.
const DROPOUTS: u32 = 3;

impl<D: Backend> Layer<D> {
    pub(crate) fn new(dev: &D, name: &str, config: &ModelConfig, seed: Seed) -> Result<Self, Error> {
        let (h, f, eps) = (config.hidden_size, config.intermediate_size, config.layer_norm_eps);
        let linear =
            |part: &str, sizes| Linear::new(dev, format!("{name}.{part}"), sizes, config.initializer_range, seed);
        Ok(Self {
            query: linear("attention.self.query", (h, h))?,
            key: linear("attention.self.key", (h, h))?,
            value: linear("attention.self.value", (h, h))?,
            output: linear("attention.output.dense", (h, h))?,
            attention_norm: LayerNorm::new(dev, format!("{name}.attention.output.LayerNorm"), h, eps)?,
            inner: linear("intermediate.dense", (h, f))?,
            outer: linear("output.dense", (f, h))?,
            norm: LayerNorm::new(dev, format!("{name}.output.LayerNorm"), h, eps)?,
        })
    }

    /// The hidden states after this layer, `[t, h]`, or `[n, h]` where only `n` rows are asked for; they must ascend.
    pub(crate) fn forward<T: Tape<f32, D>>(
        &self,
        x: Matrix<D, T>,
        bounds: &[usize],
        config: &ModelConfig,
        number: u32,
        pass: &Pass,
        rows: Option<&[u32]>,
    ) -> Result<Matrix<D, T>, Error> {
        let op = 1 + number * DROPOUTS;
        let half =
            |op| SublayerPass { mask: pass.mask(op, config.hidden_dropout_prob), recompute: pass.recompute, rows };
        let mask = pass.mask(op, config.attention_probs_dropout_prob);
        let how = AttentionArgs { bounds, heads: config.num_attention_heads, mask };
        let attention = AttentionWeights {
            inputs: [self.query.weights(), self.key.weights(), self.value.weights()],
            output: self.output.weights(),
            norm: self.attention_norm.weights(),
        };
        let x = D::attention_sublayer(x, &attention, &how, &half(op + 1))?;
        let feed_forward =
            FeedForwardWeights { inner: self.inner.weights(), outer: self.outer.weights(), norm: self.norm.weights() };
        D::feed_forward_sublayer(x, &feed_forward, &half(op + 2))
    }
}

impl<D: Backend> Parameters<D> for Layer<D> {
    fn visit<'a>(&'a self, f: &mut dyn FnMut(ParameterRef<'a, D>)) {
        for linear in [&self.query, &self.key, &self.value, &self.output] {
            linear.visit(f);
        }
        self.attention_norm.visit(f);
        self.inner.visit(f);
        self.outer.visit(f);
        self.norm.visit(f);
    }

    fn visit_mut<'a>(&'a mut self, f: &mut dyn FnMut(ParameterMut<'a, D>)) {
        for linear in [&mut self.query, &mut self.key, &mut self.value, &mut self.output] {
            linear.visit_mut(f);
        }
        self.attention_norm.visit_mut(f);
        self.inner.visit_mut(f);
        self.outer.visit_mut(f);
        self.norm.visit_mut(f);
    }
}
