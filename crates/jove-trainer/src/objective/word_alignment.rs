//! Word alignment: a masked word of a pair has to point at its counterpart in the translation. (XLM-Align,
//! arXiv 2106.06381.)

use std::ops::Range;

use dfdx::prelude::NoneTape;
use jove_core::{ModelConfig, Seed};
use jove_model::{Backend, PackedBatch, Pass};
use jove_objectives::{Model, PairRows, Pointer, Transport, label_words, word_alignment};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::batch::Batch;
use crate::error::{Error, check};
use crate::example::ExampleSource;
use crate::metrics::Diagnostics;
use crate::objective::kind::Objective;
use crate::objective::rules::{LossInput, Part, Rules, Train, check_layer, need};
use crate::packing::Packing;
use crate::source::TrainingData;
use crate::targets::{MaskedTokens, Targets, single_row};

/// Word alignment: a masked word of a pair has to point at its counterpart in the translation. The counterparts are found
/// by the model itself, by optimal transport between the words of the pair with nothing masked, which takes one more
/// forward pass over the pairs; its tokens are not counted. (XLM-Align, arXiv 2106.06381.)
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct WordAlignmentOptions {
    /// Loss weight: factor on the mean loss per masked word that has a counterpart; 0 is off.
    pub weight: f64,
    /// Part of a batch's tokens that pairs may take, in (0, 0.5]; with `tlm` the two read the same pairs, and the larger
    /// part counts.
    #[serde(alias = "share")]
    pub token_fraction: f64,
    /// The layer whose hidden states find the counterparts, counted from 1; XLM-Align takes 10 of 12; default: the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layer: Option<usize>,
    /// Rounds of Sinkhorn's iteration, 1 to 1000.
    pub iterations: usize,
    /// Entropy regularization: cosines are divided by it before the transport; above 0; the smaller, the sharper the
    /// alignment.
    pub regularization: f64,
    /// Rounds of alignment, 1 to 10: with 1 both directions have to agree; each further round aligns what is left.
    pub rounds: usize,
}

impl Default for WordAlignmentOptions {
    fn default() -> Self {
        let Transport { iterations, regularization, rounds } = Transport::default();
        Self { weight: 0.0, token_fraction: 0.25, layer: None, iterations, regularization, rounds }
    }
}

/// Masked words of pairs and their counterparts.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Pointers(pub(crate) Vec<Pointer>);

impl Targets for Pointers {
    fn count(&self) -> usize {
        self.0.len()
    }

    fn for_each_range(&mut self, f: &mut dyn FnMut(&mut Range<usize>)) {
        for pointer in &mut self.0 {
            single_row(&mut pointer.row, f);
            f(&mut pointer.among);
            single_row(&mut pointer.target, f);
        }
    }

    fn boxed(&self) -> Box<dyn Targets> {
        Box::new(self.clone())
    }
}

impl Rules for WordAlignmentOptions {
    fn weight(&self) -> f64 {
        self.weight
    }

    fn token_fraction(&self) -> Option<f64> {
        Some(self.token_fraction)
    }

    fn validate(&self) -> Result<(), Error> {
        let field = |name| format!("objectives.word-alignment.{name}");
        check(&field("iterations"), "1 to 1000", self.iterations, (1..=1000).contains(&self.iterations))?;
        check(&field("rounds"), "1 to 10", self.rounds, (1..=10).contains(&self.rounds))?;
        let holds = (0.001..=100.0).contains(&self.regularization);
        check(&field("regularization"), "0.001 to 100", self.regularization, holds)?;
        check_layer("word-alignment", self.layer, usize::MAX)
    }

    fn validate_for(&self, model: &ModelConfig) -> Result<(), Error> {
        check_layer("word-alignment", self.layer, model.num_hidden_layers)
    }

    fn check_data(&self, data: &TrainingData) -> Result<(), Error> {
        need("word-alignment", "at least one translation pair", data.pairs.len(), 1)
    }

    fn reads(&self) -> ExampleSource {
        ExampleSource::Tlm
    }

    fn tokens_min(&self, max_length: usize) -> usize {
        max_length
    }

    /// Adds nothing: it reads the sequences of translation language modelling.
    fn fill(&self, _: &mut Packing, _: &mut Batch, _: usize) -> Result<(), Error> {
        Ok(())
    }
}

impl WordAlignmentOptions {
    /// How counterparts are found.
    fn transport(&self) -> Transport {
        Transport { iterations: self.iterations, regularization: self.regularization, rounds: self.rounds }
    }
}

impl<D: Backend> Train<D> for WordAlignmentOptions {
    fn add_head(&self, model: Model<D>, seed: Seed) -> Result<Model<D>, Error> {
        Ok(model.with_pointer(seed)?)
    }

    /// Finds the counterparts of the masked words of the batch's pairs: the pairs are read once more with nothing masked,
    /// without a tape and without dropout.
    fn prepare(&self, model: &Model<D>, batch: &mut Batch) -> Result<(), Error> {
        if batch.pairs.is_empty() {
            return Ok(());
        }
        let (sequences, start) = unmasked(model, batch)?;
        let pass = Pass { layer: self.layer, ..Pass::eval() };
        let hidden = model.forward(&sequences, NoneTape, &pass)?;
        let hidden = hidden.layer.unwrap_or(hidden.last);
        let back = |range: &Range<usize>| range.start - start..range.end - start;
        let pairs: Vec<PairRows> =
            batch.pairs.iter().map(|pair| PairRows { first: back(&pair.first), second: back(&pair.second) }).collect();
        let masked: Vec<usize> = masked_rows(batch).iter().map(|row| row - start).collect();
        let mut pointers = Pointers(label_words(&hidden, &pairs, &masked, &self.transport())?);
        pointers.for_each_range(&mut |rows| *rows = rows.start + start..rows.end + start);
        batch.targets.insert(Objective::WordAlignment, Box::new(pointers));
        Ok(())
    }

    fn loss(&self, input: &LossInput<'_, D>, _: &mut Diagnostics) -> Part<D> {
        let (Some(head), Some(pointers)) = (&input.model.pointer, input.items::<Pointers>()) else { return Ok(None) };
        Ok(Some(word_alignment(head, input.hidden.retaped(), &pointers.0)?))
    }
}

fn masked_rows(batch: &Batch) -> &[usize] {
    batch.get::<MaskedTokens>(Objective::Tlm).map_or(&[], |masked| masked.rows.as_slice())
}

/// The sequences of a batch's pairs as they were before masking, and the row of the batch that they begin at; pairs stand
/// one behind the other.
fn unmasked<D: Backend>(model: &Model<D>, batch: &Batch) -> Result<(PackedBatch, usize), Error> {
    let first = batch.cu_seqlens.partition_point(|&bound| bound < batch.pairs[0].first.start) - 1;
    let bounds = &batch.cu_seqlens[first..=first + batch.pairs.len()];
    let (start, end) = (bounds[0], bounds[bounds.len() - 1]);
    let mut tokens = batch.tokens[start..end].to_vec();
    if let Some(masked) = batch.get::<MaskedTokens>(Objective::Tlm) {
        for (&row, &label) in masked.rows.iter().zip(&masked.labels) {
            tokens[row - start] = label;
        }
    }
    let mut builder = PackedBatch::builder(model.config());
    for rows in bounds.windows(2) {
        builder.push_with_segments(&tokens[rows[0] - start..rows[1] - start], &batch.segments[rows[0]..rows[1]])?;
    }
    Ok((builder.build(), start))
}

#[cfg(test)]
mod tests {
    use dfdx::prelude::Cpu;
    use jove_core::{ModelConfig, Seed};

    use super::*;

    /// Two pairs behind a single text; the model sees 39 where a token is hidden.
    fn batch() -> Batch {
        let mut batch = Batch::new();
        batch.push([1, 20, 2], |_| 0);
        for pair in 0..2 {
            let start = batch.push([1, 5 + pair, 39, 7, 2, 7, 39, 5 + pair, 2], |_| 0);
            batch.pairs.push(PairRows { first: start + 1..start + 4, second: start + 5..start + 8 });
        }
        *batch.entry(Objective::Tlm) = MaskedTokens { rows: vec![5, 9, 14], labels: vec![6, 6, 6] };
        batch
    }

    fn model() -> Model<Cpu> {
        let config = ModelConfig { max_position_embeddings: 20, ..ModelConfig::bert(40, 16, 2, 2, 16) };
        Model::new(&config, &Cpu::default(), Seed(1)).unwrap()
    }

    #[test]
    fn pairs_are_read_with_nothing_hidden() {
        let (sequences, start) = unmasked(&model(), &batch()).unwrap();
        assert_eq!(start, 3);
        assert_eq!(sequences.tokens(), [1, 5, 6, 7, 2, 7, 6, 5, 2, 1, 6, 6, 7, 2, 7, 39, 6, 2]);
        assert_eq!(sequences.cu_seqlens(), [0, 9, 18]);
    }

    #[test]
    fn counterparts_lie_on_the_other_side() {
        let mut options = WordAlignmentOptions { weight: 1.0, rounds: 2, ..WordAlignmentOptions::default() };
        let mut empty = Batch::new();
        options.prepare(&model(), &mut empty).unwrap();
        assert_eq!(empty.count(Objective::WordAlignment), 0);
        for layer in [None, Some(1)] {
            options.layer = layer;
            let mut batch = batch();
            options.prepare(&model(), &mut batch).unwrap();
            let pointers = &batch.get::<Pointers>(Objective::WordAlignment).unwrap().0;
            assert!(!pointers.is_empty());
            for pointer in pointers {
                let holds = |pair: &&PairRows| pair.first.contains(&pointer.row) || pair.second.contains(&pointer.row);
                let pair = batch.pairs.iter().find(holds).unwrap();
                let other = if pair.first.contains(&pointer.row) { &pair.second } else { &pair.first };
                assert_eq!(&pointer.among, other);
                assert!(other.contains(&pointer.target) && masked_rows(&batch).contains(&pointer.row));
            }
        }
    }
}
