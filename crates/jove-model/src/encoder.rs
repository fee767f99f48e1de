//! The encoder: embeddings and transformer layers.

use dfdx::prelude::Tape;
use jove_core::parameter_names::Part;
use jove_core::{ModelConfig, Seed};

use crate::error::Error;
use crate::layer::Layer;
use crate::linear::LayerNorm;
use crate::names::name;
use crate::ops::backend::Backend;
use crate::ops::embedding::Tables;
use crate::packed_batch::PackedBatch;
use crate::parameters::Parameter;
use crate::pass::Pass;
use crate::tensors::Matrix;
use crate::{init, parameters};

/// A transformer encoder in BERT's or XLM-R's layout ("BERT", arXiv 1810.04805; "Unsupervised Cross-lingual
/// Representation Learning at Scale", arXiv 1911.02116).
#[derive(Clone, Debug)]
pub struct Encoder<D: Backend> {
    config: ModelConfig,
    dev: D,
    words: Parameter<Matrix<D>>,
    positions: Parameter<Matrix<D>>,
    segments: Parameter<Matrix<D>>,
    norm: LayerNorm<D>,
    layers: Vec<Layer<D>>,
}

/// What a forward pass returns. `t` is the number of packed tokens, `h` the hidden size.
#[derive(Clone, Debug)]
pub struct Hidden<D: Backend, T> {
    /// `[t, h]` after the last layer; holds the tape.
    pub last: Matrix<D, T>,
    /// `[t, h]` after the layer of [`Pass::layer`], with an empty tape of its own: a loss made of it merges
    /// with the others when they are added.
    pub layer: Option<Matrix<D, T>>,
}

impl<D: Backend> Encoder<D> {
    /// An encoder with random weights.
    ///
    /// # Errors
    /// If the configuration is not valid or the device fails.
    pub fn new(config: &ModelConfig, dev: &D, seed: Seed) -> Result<Self, Error> {
        config.validate()?;
        let table = |part: Part, rows: usize| {
            let name = format!("{}.weight", name(config, part, 0));
            init::normal_parameter(dev, name, (rows, config.hidden_size), config.initializer_range, seed)
        };
        let norm = name(config, Part::EmbeddingNorm, 0);
        Ok(Self {
            config: config.clone(),
            dev: dev.clone(),
            words: table(Part::WordEmbeddings, config.vocab_size)?,
            positions: table(Part::PositionEmbeddings, config.max_position_embeddings)?,
            segments: table(Part::TokenTypeEmbeddings, config.type_vocab_size)?,
            norm: LayerNorm::new(dev, norm, config.hidden_size, config.layer_norm_eps)?,
            layers: (0..config.num_hidden_layers)
                .map(|layer| Layer::new(dev, layer, config, seed))
                .collect::<Result<_, _>>()?,
        })
    }

    /// The hidden states of a batch. Pass `NoneTape` to evaluate and `OwnedTape::default()` to train.
    ///
    /// # Errors
    /// If the batch was built for another configuration, there is no such layer, or the device fails.
    pub fn forward<T: Tape<f32, D>>(&self, batch: &PackedBatch, tape: T, pass: &Pass) -> Result<Hidden<D, T>, Error> {
        self.run(batch, tape, pass, None)
    }

    /// The hidden states of a batch at the packed rows `rows` alone, in any order and with repeats: row `i` of
    /// [`Hidden::last`], `[n, h]`, is row `rows[i]` of what [`Self::forward`] gives. For a loss
    /// that reads few rows, as that of masked tokens does, the last layer computes keys and values of all rows, and
    /// everything else of those rows alone. [`Hidden::layer`] still has all rows.
    ///
    /// The rows are the same bit for bit where both sizes of a layer are 16 or more, the intermediate one at most 512 or
    /// the hidden one a multiple of 256, and no sequence longer than 512: smaller products add up in another order when they
    /// have fewer rows. Gradients are sums over fewer rows, and the same but for rounding.
    ///
    /// # Errors
    /// As [`Self::forward`]; also if a row does not exist.
    pub fn forward_rows<T: Tape<f32, D>>(
        &self,
        batch: &PackedBatch,
        rows: &[u32],
        tape: T,
        pass: &Pass,
    ) -> Result<Hidden<D, T>, Error> {
        let computed = D::last_layer_rows(batch, rows);
        if computed.len() == batch.token_count() || pass.layer == Some(self.layers.len()) {
            let hidden = self.run(batch, tape, pass, None)?;
            return Ok(Hidden { last: D::rows(hidden.last, rows)?, layer: hidden.layer });
        }
        let hidden = self.run(batch, tape, pass, Some(&computed))?;
        if computed == rows {
            return Ok(hidden);
        }
        let places: Vec<u32> = rows.iter().map(|row| computed.partition_point(|other| other < row) as u32).collect();
        Ok(Hidden { last: D::rows(hidden.last, &places)?, layer: hidden.layer })
    }

    /// A forward pass; the last layer computes only the ascending `rows`, if there are any to choose.
    fn run<T: Tape<f32, D>>(
        &self,
        batch: &PackedBatch,
        tape: T,
        pass: &Pass,
        rows: Option<&[u32]>,
    ) -> Result<Hidden<D, T>, Error> {
        if let Some(layer) = pass.layer.filter(|&layer| layer > self.layers.len()) {
            return Err(Error::shape("encoder", format!("a layer up to {}", self.layers.len()), layer.to_string()));
        }
        let tables =
            Tables { words: &self.words.value, positions: &self.positions.value, segments: &self.segments.value };
        let x = D::embed(&tables, batch, tape)?;
        let x = D::add_norm(x, None, &self.norm.weights(), None)?;
        let mut x = D::dropout(x, pass.mask(0, self.config.hidden_dropout_prob))?;
        let mut kept = None;
        for (number, layer) in self.layers.iter().enumerate() {
            if pass.layer == Some(number) {
                kept = Some(x.retaped::<T>());
            }
            let rows = rows.filter(|_| number + 1 == self.layers.len());
            x = layer.forward(x, batch.cu_seqlens(), &self.config, number as u32, pass, rows)?;
        }
        if pass.layer == Some(self.layers.len()) {
            kept = Some(x.retaped::<T>());
        }
        Ok(Hidden { last: x, layer: kept })
    }

    /// The word embeddings `[v, h]`, which the masked-language-model head shares.
    pub fn word_embeddings(&self) -> &Matrix<D> {
        &self.words.value
    }

    /// Sizes and constants.
    pub fn config(&self) -> &ModelConfig {
        &self.config
    }

    /// Where the parameters live.
    pub fn device(&self) -> &D {
        &self.dev
    }
}

parameters!(impl<D: Backend> Encoder<D> { words, positions, segments, norm, layers });
