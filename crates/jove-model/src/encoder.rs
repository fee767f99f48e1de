//! The encoder: embeddings and transformer layers.

use dfdx::prelude::Tape;
use jove_core::{Layout, ModelConfig, Seed};

use crate::layer::Layer;
use crate::ops::Tables;
use crate::{
    Backend, Error, LayerNorm, Matrix, PackedBatch, ParameterMut, ParameterRef, Parameters, Pass, ValueMut, ValueRef,
    init,
};

/// A transformer encoder in BERT's or XLM-R's layout ("BERT", arXiv 1810.04805; "Unsupervised Cross-lingual
/// Representation Learning at Scale", arXiv 1911.02116).
#[derive(Clone, Debug)]
pub struct Encoder<D: Backend> {
    config: ModelConfig,
    dev: D,
    tokens: Matrix<D>,
    positions: Matrix<D>,
    segments: Matrix<D>,
    norm: LayerNorm<D>,
    layers: Vec<Layer<D>>,
}

/// What a forward pass returns. `t` is the number of packed tokens, `h` the hidden size.
#[derive(Clone, Debug)]
pub struct Hidden<D: Backend, T> {
    /// `[t, h]` after the last layer; holds the tape.
    pub last: Matrix<D, T>,
    /// `[t, h]` after the layer asked for in [`Pass::layer`], with an empty tape of its own: a loss made of it merges
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
        let prefix = prefix(config.layout);
        let table = |name: &str, rows: usize| {
            let name = format!("{prefix}.embeddings.{name}_embeddings.weight");
            init::normal(dev, (rows, config.hidden_size), config.initializer_range, seed, &name)
        };
        let layer = |n| Layer::new(dev, &format!("{prefix}.encoder.layer.{n}"), config, seed);
        let norm = format!("{prefix}.embeddings.LayerNorm");
        Ok(Self {
            config: config.clone(),
            dev: dev.clone(),
            tokens: table("word", config.vocab_size)?,
            positions: table("position", config.max_position_embeddings)?,
            segments: table("token_type", config.type_vocab_size)?,
            norm: LayerNorm::new(dev, norm, config.hidden_size, config.layer_norm_eps)?,
            layers: (0..config.num_hidden_layers).map(layer).collect::<Result<_, _>>()?,
        })
    }

    /// The hidden states of a batch. Pass `NoneTape` to evaluate and `OwnedTape::default()` to train.
    ///
    /// # Errors
    /// If the batch was built for another configuration, an asked-for layer does not exist, or the device fails.
    pub fn forward<T: Tape<f32, D>>(&self, batch: &PackedBatch, tape: T, pass: &Pass) -> Result<Hidden<D, T>, Error> {
        self.run(batch, tape, pass, None)
    }

    /// The hidden states of a batch at the packed rows `rows` alone, in any order and with repeats: row `i` of
    /// [`Hidden::last`], `[n, h]`, is row `rows[i]` of what [`Self::forward`] gives. A loss that reads few rows, as that
    /// of masked tokens does, needs no more of the last layer than their queries, what their attention reads, and what
    /// becomes of them. [`Hidden::layer`] still has all rows.
    ///
    /// The rows are the same bit for bit where both sizes of a layer are 16 or more, the inner one at most 512 or the
    /// hidden one a multiple of 256, and no sequence longer than 512: smaller products add up in another order when they
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
        let computed = rows_to_compute(batch, rows);
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
        let tables = Tables { tokens: &self.tokens, positions: &self.positions, segments: &self.segments };
        let x = D::embed(&tables, batch, tape)?;
        let x = D::add_norm(x, None, &self.norm.weights(), None)?;
        let mut x = D::dropout(x, pass.mask(0, self.config.hidden_dropout_prob))?;
        let mut kept = None;
        for (number, layer) in self.layers.iter().enumerate() {
            if pass.layer == Some(number) {
                kept = Some(x.retaped::<T>());
            }
            let rows = rows.filter(|_| number + 1 == self.layers.len());
            x = layer.forward(x, batch.bounds(), &self.config, number as u32, pass, rows)?;
        }
        if pass.layer == Some(self.layers.len()) {
            kept = Some(x.retaped::<T>());
        }
        Ok(Hidden { last: x, layer: kept })
    }

    /// The word embeddings `[v, h]`, which the masked-language-model head shares.
    pub fn token_table(&self) -> &Matrix<D> {
        &self.tokens
    }

    /// Sizes and constants.
    pub fn config(&self) -> &ModelConfig {
        &self.config
    }

    /// Where the parameters live.
    pub fn device(&self) -> &D {
        &self.dev
    }

    fn table_names(&self) -> [String; 3] {
        let prefix = prefix(self.config.layout);
        ["word", "position", "token_type"].map(|name| format!("{prefix}.embeddings.{name}_embeddings.weight"))
    }
}

/// Fewer rows than these the last layer does not compute: matrix products of very few rows add up in another order, and
/// rows would not be those of the full pass, bit for bit.
const ROWS_MIN: usize = 65;
/// As [`ROWS_MIN`], for the product of the queries and the keys of one sequence: numbers in it.
const SCORES_MIN: usize = 257;

/// The rows asked for in ascending order, and as many more as it takes for each product in the last layer to have its
/// usual form; all rows where few would be left out.
fn rows_to_compute(batch: &PackedBatch, rows: &[u32]) -> Vec<u32> {
    let tokens = batch.token_count();
    let mut asked = vec![false; tokens];
    for &row in rows {
        // A row that does not exist is found when rows are picked from all of them.
        match asked.get_mut(row as usize) {
            Some(asked) => *asked = true,
            None => return (0..tokens as u32).collect(),
        }
    }
    for bounds in batch.bounds().windows(2) {
        let asked = &mut asked[bounds[0]..bounds[1]];
        let count = asked.iter().filter(|&&asked| asked).count();
        let fewest = SCORES_MIN.div_ceil(asked.len()).max(2);
        if count > 0 && count < fewest {
            asked.iter_mut().filter(|asked| !**asked).take(fewest - count).for_each(|asked| *asked = true);
        }
    }
    let computed: Vec<u32> = (0..tokens as u32).filter(|&row| asked[row as usize]).collect();
    let few = computed.len() < ROWS_MIN || computed.len() * 5 > tokens * 4;
    if few { (0..tokens as u32).collect() } else { computed }
}

/// The first part of all names.
fn prefix(layout: Layout) -> &'static str {
    match layout {
        Layout::Bert => "bert",
        Layout::XlmRoberta => "roberta",
    }
}

impl<D: Backend> Parameters<D> for Encoder<D> {
    fn visit<'a>(&'a self, f: &mut dyn FnMut(ParameterRef<'a, D>)) {
        for (name, table) in self.table_names().into_iter().zip([&self.tokens, &self.positions, &self.segments]) {
            f(ParameterRef { name, value: ValueRef::Matrix(table) });
        }
        self.norm.visit(f);
        self.layers.visit(f);
    }

    fn visit_mut<'a>(&'a mut self, f: &mut dyn FnMut(ParameterMut<'a, D>)) {
        let tables = [&mut self.tokens, &mut self.positions, &mut self.segments];
        let prefix = prefix(self.config.layout);
        for (name, table) in ["word", "position", "token_type"].into_iter().zip(tables) {
            let name = format!("{prefix}.embeddings.{name}_embeddings.weight");
            f(ParameterMut { name, value: ValueMut::Matrix(table) });
        }
        self.norm.visit_mut(f);
        self.layers.visit_mut(f);
    }
}
