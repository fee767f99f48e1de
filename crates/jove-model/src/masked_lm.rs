//! The masked-language-model head, and encoder and head as one model.

use dfdx::prelude::Tape;
use jove_core::{Layout, ModelConfig, Seed};

use crate::{
    Backend, Encoder, Error, Hidden, LayerNorm, Linear, LossSum, Matrix, PackedBatch, ParameterMut, ParameterRef,
    Parameters, Pass, ValueMut, ValueRef, Vector, init,
};

/// Dense layer, GELU, layer norm, and a decoder that shares its weight with the word embeddings.
#[derive(Clone, Debug)]
pub struct MlmHead<D: Backend> {
    dense: Linear<D>,
    norm: LayerNorm<D>,
    bias: Vector<D>,
    bias_name: &'static str,
}

impl<D: Backend> MlmHead<D> {
    /// A head with random weights.
    ///
    /// # Errors
    /// If the device fails.
    pub fn new(config: &ModelConfig, dev: &D, seed: Seed) -> Result<Self, Error> {
        let (dense, norm, bias_name) = match config.layout {
            Layout::Bert => {
                ("cls.predictions.transform.dense", "cls.predictions.transform.LayerNorm", "cls.predictions.bias")
            }
            Layout::XlmRoberta => ("lm_head.dense", "lm_head.layer_norm", "lm_head.bias"),
        };
        let h = config.hidden_size;
        Ok(Self {
            dense: Linear::new(dev, dense, (h, h), config.initializer_range, seed)?,
            norm: LayerNorm::new(dev, norm, h, config.layer_norm_eps)?,
            bias: init::constant(dev, config.vocab_size, 0.0)?,
            bias_name,
        })
    }

    /// The sum of the losses at `positions`, packed rows of `hidden`, each against the token that stood there. No
    /// other row's logits are computed, and never those of the whole vocabulary at once on the CPU.
    ///
    /// # Errors
    /// If positions and targets differ in number or do not exist, or the device fails.
    pub fn loss<T: Tape<f32, D>>(
        &self,
        token_table: &Matrix<D>,
        hidden: Matrix<D, T>,
        positions: &[u32],
        targets: &[u32],
    ) -> Result<LossSum<D, T>, Error> {
        let x = self.transform(hidden, positions)?;
        let sum = D::vocabulary_cross_entropy(x, token_table, &self.bias, targets)?;
        Ok(LossSum { sum, count: targets.len() })
    }

    /// The logits at `positions`: `[positions, v]`, all of them in memory.
    ///
    /// # Errors
    /// If a position does not exist or the device fails.
    pub fn logits<T: Tape<f32, D>>(
        &self,
        token_table: &Matrix<D>,
        hidden: Matrix<D, T>,
        positions: &[u32],
    ) -> Result<Matrix<D, T>, Error> {
        D::linear(self.transform(hidden, positions)?, token_table, Some(&self.bias))
    }

    fn transform<T: Tape<f32, D>>(&self, hidden: Matrix<D, T>, positions: &[u32]) -> Result<Matrix<D, T>, Error> {
        let x = D::rows(hidden, positions)?;
        self.norm.forward(D::gelu(self.dense.forward(x)?)?)
    }
}

impl<D: Backend> Parameters<D> for MlmHead<D> {
    fn visit<'a>(&'a self, f: &mut dyn FnMut(ParameterRef<'a, D>)) {
        self.dense.visit(f);
        self.norm.visit(f);
        f(ParameterRef { name: self.bias_name.to_owned(), value: ValueRef::Vector(&self.bias) });
    }

    fn visit_mut<'a>(&'a mut self, f: &mut dyn FnMut(ParameterMut<'a, D>)) {
        self.dense.visit_mut(f);
        self.norm.visit_mut(f);
        f(ParameterMut { name: self.bias_name.to_owned(), value: ValueMut::Vector(&mut self.bias) });
    }
}

/// An encoder and its masked-language-model head; Hugging Face's `BertForMaskedLM` and `XLMRobertaForMaskedLM`.
#[derive(Clone, Debug)]
pub struct MaskedLm<D: Backend> {
    /// The encoder.
    pub encoder: Encoder<D>,
    /// The head.
    pub head: MlmHead<D>,
}

impl<D: Backend> MaskedLm<D> {
    /// A model with random weights.
    ///
    /// # Errors
    /// If the configuration is not valid or the device fails.
    pub fn new(config: &ModelConfig, dev: &D, seed: Seed) -> Result<Self, Error> {
        Ok(Self { encoder: Encoder::new(config, dev, seed)?, head: MlmHead::new(config, dev, seed)? })
    }

    /// See [`Encoder::forward`].
    ///
    /// # Errors
    /// As [`Encoder::forward`].
    pub fn forward<T: Tape<f32, D>>(&self, batch: &PackedBatch, tape: T, pass: &Pass) -> Result<Hidden<D, T>, Error> {
        self.encoder.forward(batch, tape, pass)
    }

    /// See [`Encoder::forward_rows`].
    ///
    /// # Errors
    /// As [`Encoder::forward_rows`].
    pub fn forward_rows<T: Tape<f32, D>>(
        &self,
        batch: &PackedBatch,
        rows: &[u32],
        tape: T,
        pass: &Pass,
    ) -> Result<Hidden<D, T>, Error> {
        self.encoder.forward_rows(batch, rows, tape, pass)
    }

    /// See [`MlmHead::loss`].
    ///
    /// # Errors
    /// As [`MlmHead::loss`].
    pub fn loss<T: Tape<f32, D>>(
        &self,
        hidden: Matrix<D, T>,
        positions: &[u32],
        targets: &[u32],
    ) -> Result<LossSum<D, T>, Error> {
        self.head.loss(self.encoder.token_table(), hidden, positions, targets)
    }

    /// See [`MlmHead::logits`].
    ///
    /// # Errors
    /// As [`MlmHead::logits`].
    pub fn logits<T: Tape<f32, D>>(&self, hidden: Matrix<D, T>, positions: &[u32]) -> Result<Matrix<D, T>, Error> {
        self.head.logits(self.encoder.token_table(), hidden, positions)
    }
}

impl<D: Backend> Parameters<D> for MaskedLm<D> {
    fn visit<'a>(&'a self, f: &mut dyn FnMut(ParameterRef<'a, D>)) {
        self.encoder.visit(f);
        self.head.visit(f);
    }

    fn visit_mut<'a>(&'a mut self, f: &mut dyn FnMut(ParameterMut<'a, D>)) {
        self.encoder.visit_mut(f);
        self.head.visit_mut(f);
    }
}
