//! An encoder with a head.

use std::path::Path;

use dfdx::prelude::{NoneTape, PutTape as _, Tape};
use jove_checkpoint::{ExtraFile, TensorFile, write_tensor_file};
use jove_core::{ModelConfig, Seed, Silent};
use jove_model::{
    Backend, DropMask, Dropout, Linear, Matrix, OwnedTape, PackedBatch, ParameterMut, ParameterRef, Parameters, Pass,
};
use jove_objectives::{Model, Tensors};

use super::options::{FineTuningOptions, HeadKind};
use super::sequence::TaskSequence;
use crate::error::Error;
use crate::matrix::to_rows;
use crate::step::same;

/// The head's parameters in a checkpoint.
const FILE: &str = "classifier.safetensors";
/// Parts what is dropped before the head from what is dropped in the encoder, whose operators count from 0.
const DROPOUT: u32 = u32::MAX;

/// An encoder with a linear head; its parameters are those that are trained.
#[derive(Clone, Debug)]
pub struct TaskModel<D: Backend> {
    model: Model<D>,
    head: Linear<D>,
    options: FineTuningOptions,
}

impl<D: Backend> Parameters<D> for TaskModel<D> {
    fn visit<'a>(&'a self, f: &mut dyn FnMut(ParameterRef<'a, D>)) {
        if !self.options.frozen {
            self.model.lm.encoder.visit(f);
        }
        self.head.visit(f);
    }

    fn visit_mut<'a>(&'a mut self, f: &mut dyn FnMut(ParameterMut<'a, D>)) {
        if !self.options.frozen {
            self.model.lm.encoder.visit_mut(f);
        }
        self.head.visit_mut(f);
    }
}

impl<D: Backend> TaskModel<D> {
    /// A new head on the encoder of `model`.
    ///
    /// # Errors
    /// Where an option is invalid or the device fails.
    pub fn new(model: Model<D>, options: FineTuningOptions, seed: Seed) -> Result<Self, Error> {
        options.validate()?;
        let sizes = (model.config().hidden_size, options.outputs);
        let head = Linear::new(model.device(), "classifier", sizes, model.config().initializer_range, seed)?;
        Ok(Self { model, head, options })
    }

    /// A model that was saved with its head.
    ///
    /// # Errors
    /// Where a file is missing or damaged, or the head has another number of outputs.
    pub fn open(dir: &Path, device: &D, options: FineTuningOptions) -> Result<Self, Error> {
        let mut model = Self::new(Model::open(dir, device)?, options, Seed(0))?;
        model.read_head(dir)?;
        Ok(model)
    }

    /// Replaces all weights by those that were saved in a folder.
    pub(crate) fn load_from(&mut self, dir: &Path) -> Result<(), Error> {
        let model = Model::open(dir, self.model.device())?;
        let shape = |model: &Model<D>| format!("{:?}", model.config());
        same(dir, "model", shape(&self.model), shape(&model))?;
        self.read_head(dir)?;
        self.model = model;
        Ok(())
    }

    fn read_head(&mut self, dir: &Path) -> Result<(), Error> {
        let file = TensorFile::open(&dir.join(FILE))?;
        let outputs = file.get("classifier.bias")?.data.len();
        same(dir, "number of classes", self.options.outputs.to_string(), outputs.to_string())?;
        let mut failure = None;
        let mut find =
            |name: &str| file.get(name).map(|tensor| tensor.data).map_err(|error| failure = Some(error)).ok();
        let loaded = self.head.load(&mut find);
        failure.map_or(Ok(()), Err)?;
        Ok(loaded?)
    }

    /// Writes the model into a folder: the files of Hugging Face, `files`, and the head.
    ///
    /// # Errors
    /// Where a file cannot be written.
    pub fn save(&self, dir: &Path, files: &[ExtraFile]) -> Result<(), Error> {
        self.model.save(dir, files)?;
        let head = Tensors::of(&self.head);
        Ok(write_tensor_file(&dir.join(FILE), &head, &std::collections::BTreeMap::new(), &Silent)?)
    }

    /// Sizes and constants of the encoder.
    pub fn config(&self) -> &ModelConfig {
        self.model.config()
    }

    /// Where the parameters live.
    pub fn device(&self) -> &D {
        self.model.device()
    }

    pub(crate) fn options(&self) -> &FineTuningOptions {
        &self.options
    }

    /// The scores of sequences: classes, the number, or for every token, special ones included, those of its tags one after another.
    ///
    /// # Errors
    /// Where a sequence is empty or too long, a token is none of the vocabulary, or the device fails.
    pub fn scores(&self, sequences: &[TaskSequence]) -> Result<Vec<Vec<f32>>, Error> {
        let mut scores = Vec::with_capacity(sequences.len());
        let mut start = 0;
        while start < sequences.len() {
            let lengths: Vec<usize> = sequences[start..].iter().map(|sequence| sequence.tokens.len()).collect();
            let end = start + fitting(&lengths, self.options.batch_tokens);
            let mut batch = PackedBatch::builder(self.config());
            sequences[start..end].iter().try_for_each(|sequence| sequence.push_to(&mut batch))?;
            let batch = batch.build();
            let rows = to_rows(&self.logits(&batch, NoneTape, &Pass::eval())?);
            let mut rest = rows.as_slice();
            for index in 0..batch.len() {
                let own = if self.options.head == HeadKind::Tags { batch.rows(index).len() } else { 1 };
                let (scored, later) = rest.split_at(own * self.options.outputs);
                scores.push(scored.to_vec());
                rest = later;
            }
            start = end;
        }
        Ok(scores)
    }

    /// Scores of every sequence of a batch, or of every token for tags: `[n, outputs]`.
    pub(crate) fn logits<T: Tape<f32, D>>(
        &self,
        batch: &PackedBatch,
        tape: T,
        pass: &Pass,
    ) -> Result<Matrix<D, T>, Error> {
        let x = if self.options.frozen {
            self.read_by_head(self.model.hidden(batch)?.put_tape(tape), batch)?
        } else if self.options.head != HeadKind::Tags && self.options.pooling == jove_objectives::Pooling::First {
            let starts: Vec<u32> = (0..batch.len()).map(|index| batch.rows(index).start as u32).collect();
            self.model.lm.forward_rows(batch, &starts, tape, pass)?.last
        } else {
            self.read_by_head(self.model.forward(batch, tape, pass)?.last, batch)?
        };
        let rate = self.config().hidden_dropout_prob;
        let mask = match pass.dropout {
            Dropout::On { seed, pass } if rate > 0.0 => Some(DropMask::new(seed, pass, DROPOUT, rate)),
            _ => None,
        };
        Ok(self.head.forward(D::dropout(x, mask)?)?)
    }

    /// Of all states those that the head reads: one for each sequence, or all for tags.
    fn read_by_head<T: Tape<f32, D>>(&self, hidden: Matrix<D, T>, batch: &PackedBatch) -> Result<Matrix<D, T>, Error> {
        if self.options.head == HeadKind::Tags {
            return Ok(hidden);
        }
        let span = |index: usize| {
            let rows = batch.rows(index);
            let pooled = self.options.pooling.rows(rows.start, rows.len().saturating_sub(2));
            (pooled.start as u32, pooled.end as u32)
        };
        Ok(D::span_mean(hidden, &(0..batch.len()).map(span).collect::<Vec<_>>())?)
    }
}

/// How many sequences of these lengths fit into a pass, at least one.
pub(crate) fn fitting(lengths: &[usize], tokens_max: usize) -> usize {
    let mut tokens = 0;
    let fits = lengths.iter().take_while(|&&length| {
        tokens += length;
        tokens <= tokens_max
    });
    fits.count().max(1)
}

/// A tape of the type that training uses.
pub(crate) type Tracked<D> = Matrix<D, OwnedTape<D>>;
