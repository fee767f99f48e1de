//! The masked-language-model head, and encoder and head as one model.

use dfdx::prelude::Tape;
use jove_core::parameter_names::Part;
use jove_core::{ModelConfig, Seed};

use crate::encoder::{Encoder, Hidden};
use crate::error::Error;
use crate::linear::{LayerNorm, Linear};
use crate::names::name;
use crate::ops::backend::Backend;
use crate::packed_batch::PackedBatch;
use crate::parameters::Parameter;
use crate::pass::Pass;
use crate::tensors::{LossSum, Matrix, Vector};
use crate::{init, parameters};

/// Dense layer, GELU, layer norm, and a decoder that shares its weight with the word embeddings.
#[derive(Clone, Debug)]
pub struct MlmHead<D: Backend> {
    dense: Linear<D>,
    norm: LayerNorm<D>,
    bias: Parameter<Vector<D>>,
}

impl<D: Backend> MlmHead<D> {
    /// A head with random weights.
    ///
    /// # Errors
    /// If the device fails.
    pub fn new(config: &ModelConfig, dev: &D, seed: Seed) -> Result<Self, Error> {
        let h = config.hidden_size;
        let name = |part| name(config, part, 0);
        let bias = format!("{}.bias", name(Part::HeadBias));
        Ok(Self {
            dense: Linear::new(dev, name(Part::HeadDense), (h, h), config.initializer_range, seed)?,
            norm: LayerNorm::new(dev, name(Part::HeadNorm), h, config.layer_norm_eps)?,
            bias: init::constant_parameter(dev, bias, config.vocab_size, 0.0)?,
        })
    }

    /// The sum of the losses at `positions`, packed rows of `hidden`, each against the token that stood there. No
    /// other row's logits are computed, and never those of the whole vocabulary at once on the CPU.
    ///
    /// # Errors
    /// If positions and targets differ in number or do not exist, or the device fails.
    pub fn loss<T: Tape<f32, D>>(
        &self,
        word_embeddings: &Matrix<D>,
        hidden: Matrix<D, T>,
        positions: &[u32],
        targets: &[u32],
    ) -> Result<LossSum<D, T>, Error> {
        let x = self.transform(hidden, positions)?;
        let sum = D::vocabulary_cross_entropy(x, word_embeddings, &self.bias.value, targets)?;
        Ok(LossSum { sum, count: targets.len() })
    }

    /// The logits at `positions`: `[positions, v]`, all of them in memory.
    ///
    /// # Errors
    /// If a position does not exist or the device fails.
    pub fn logits<T: Tape<f32, D>>(
        &self,
        word_embeddings: &Matrix<D>,
        hidden: Matrix<D, T>,
        positions: &[u32],
    ) -> Result<Matrix<D, T>, Error> {
        D::linear(self.transform(hidden, positions)?, word_embeddings, Some(&self.bias.value))
    }

    fn transform<T: Tape<f32, D>>(&self, hidden: Matrix<D, T>, positions: &[u32]) -> Result<Matrix<D, T>, Error> {
        let x = D::rows(hidden, positions)?;
        self.norm.forward(D::gelu(self.dense.forward(x)?)?)
    }
}

parameters!(impl<D: Backend> MlmHead<D> { dense, norm, bias });

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
        self.head.loss(self.encoder.word_embeddings(), hidden, positions, targets)
    }

    /// See [`MlmHead::logits`].
    ///
    /// # Errors
    /// As [`MlmHead::logits`].
    pub fn logits<T: Tape<f32, D>>(&self, hidden: Matrix<D, T>, positions: &[u32]) -> Result<Matrix<D, T>, Error> {
        self.head.logits(self.encoder.word_embeddings(), hidden, positions)
    }
}

parameters!(impl<D: Backend> MaskedLm<D> { encoder, head });
