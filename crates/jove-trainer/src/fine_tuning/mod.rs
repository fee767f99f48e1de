//! Fine-tuning an encoder with a linear head: classes of texts and pairs, tags of tokens, numbers.

mod model;
mod options;
mod sequence;

use std::collections::BTreeMap;
use std::path::Path;

use dfdx::prelude::{HasShape as _, NoneTape, Rank0, SumTo as _, TrySub as _};
use jove_checkpoint::ExtraFile;
use jove_core::Lang;
use jove_model::ops::tape;
use jove_model::{Backend, OwnedTape, PackedBatch, Pass, Scalar};
use serde::Serialize;

use self::model::{Tracked, fitting};
use crate::error::{Error, check};
use crate::example::{Example, ExampleSource};
use crate::loop_options::LoopOptions;
use crate::matrix::to_rows;
use crate::metrics::{Diagnostics, Loss, Losses};
use crate::sampler::{Sample, Sampler, SamplerState};
use crate::step::{BatchLosses, Step};

pub use self::model::TaskModel;
pub use self::options::{FineTuningOptions, HeadKind};
pub use self::sequence::{FineTuningBatch, HeadTarget, TaskSequence};

/// The loss's name in metrics.
const NAME: &str = "task";
/// Parts its sampler's random numbers from those of pretraining.
const SAMPLER: u64 = 128;

/// The loss of a batch as a sum, with its tape.
type SummedLoss<D> = Scalar<D, OwnedTape<D>>;

/// Fine-tuning of an encoder with a head, as a [`Step`].
#[derive(Debug)]
pub struct FineTuning<D: Backend> {
    model: TaskModel<D>,
    sequences: Vec<(TaskSequence, HeadTarget)>,
    sampler: Sampler,
}

impl<D: Backend> FineTuning<D> {
    /// Fine-tuning of `model` on sequences, in the loop that `options` describe. The loop's `gradient_accumulation_steps` should be
    /// the number of sequences in a step, which is the most passes that it may take.
    ///
    /// # Errors
    /// Where there is no sequence, one is longer than a pass may be, or a target is of another kind than the head's scores.
    pub fn new(
        options: &LoopOptions,
        model: TaskModel<D>,
        sequences: Vec<(TaskSequence, HeadTarget)>,
    ) -> Result<Self, Error> {
        check("texts", "at least one", sequences.len(), !sequences.is_empty())?;
        let own = *model.options();
        let longest = sequences.iter().map(|(sequence, _)| sequence.tokens.len()).max().unwrap_or(0);
        let room = own.batch_tokens;
        check("batch-tokens", format!("{longest} (the longest text) or more"), room, longest <= room)?;
        let stray = sequences.iter().find(|(sequence, target)| !fits(&own, sequence, target));
        let expected = format!("one of {} classes or tags for every text or token, or a number", own.outputs);
        check("label", expected, stray.map_or(String::new(), |(_, target)| format!("{target:?}")), stray.is_none())?;
        // In one group every text is read once an epoch.
        let sampler = Sampler::new(options.seed, SAMPLER, &vec![Lang::EN; sequences.len()], 1.0, std::iter::empty());
        Ok(Self { model, sequences, sampler })
    }

    /// The batches of some examples: as few passes as hold them.
    fn packed(&self, samples: &[Sample]) -> Result<Vec<FineTuningBatch>, Error> {
        let mut batches = Vec::new();
        let mut rest = samples;
        while !rest.is_empty() {
            let lengths: Vec<usize> = rest.iter().map(|sample| self.sequences[sample.index].0.tokens.len()).collect();
            let (own, later) = rest.split_at(fitting(&lengths, self.model.options().batch_tokens));
            let mut batch = PackedBatch::builder(self.model.config());
            own.iter().try_for_each(|sample| self.sequences[sample.index].0.push_to(&mut batch))?;
            let example =
                |sample: &Sample| Example { origin: ExampleSource::Text, index: sample.index, epoch: sample.epoch };
            batches.push(FineTuningBatch {
                sequences: batch.build(),
                members: own.iter().map(|sample| sample.index).collect(),
                examples: own.iter().map(example).collect(),
            });
            rest = later;
        }
        Ok(batches)
    }

    fn targets<'a>(&'a self, batch: &'a FineTuningBatch) -> impl Iterator<Item = &'a HeadTarget> {
        batch.members.iter().map(|&member| &self.sequences[member].1)
    }

    /// How many items a batch has: labelled sequences, or labelled tokens.
    fn items(&self, batch: &FineTuningBatch) -> usize {
        let of = |target: &HeadTarget| match target {
            HeadTarget::Tags(tags) => tags.iter().flatten().count(),
            HeadTarget::Class(_) | HeadTarget::Number(_) => 1,
        };
        self.targets(batch).map(of).sum()
    }

    /// The rows of a batch's scores that have a label, and the labels.
    fn labels(&self, batch: &FineTuningBatch) -> (Vec<u32>, Vec<u32>) {
        let (mut rows, mut labels, mut start) = (Vec::new(), Vec::new(), 0);
        for target in self.targets(batch) {
            let own = match target {
                HeadTarget::Class(class) => vec![Some(*class)],
                HeadTarget::Tags(tags) => tags.clone(),
                HeadTarget::Number(_) => vec![None],
            };
            for (row, label) in own.iter().enumerate() {
                rows.extend(label.map(|_| (start + row) as u32));
                labels.extend(label);
            }
            start += own.len();
        }
        (rows, labels)
    }

    /// The summed loss of a batch, and the part of its items that are right.
    fn loss(&self, batch: &FineTuningBatch, logits: Tracked<D>) -> Result<(SummedLoss<D>, Option<f64>), Error> {
        if self.model.options().head == HeadKind::Number {
            return Ok((self.squared_error(batch, logits)?, None));
        }
        let (rows, labels) = self.labels(batch);
        let all = rows.len() == logits.shape().0;
        let chosen = if all { logits } else { D::rows(logits, &rows)? };
        let scores = to_rows(&chosen.retaped::<NoneTape>());
        let right =
            largest(&scores, self.model.options().outputs).zip(&labels).filter(|(found, label)| found == *label);
        let accuracy = right.count() as f64 / labels.len().max(1) as f64;
        Ok((D::cross_entropy(chosen, &labels)?, Some(accuracy)))
    }

    fn squared_error(&self, batch: &FineTuningBatch, logits: Tracked<D>) -> Result<SummedLoss<D>, Error> {
        let number = |target: &HeadTarget| if let HeadTarget::Number(number) = target { *number } else { 0.0 };
        let numbers: Vec<f32> = self.targets(batch).map(number).collect();
        let shape = *logits.shape();
        let numbers = self.device().try_tensor_from_vec(numbers, shape).map_err(failed)?;
        let difference = logits.try_sub(numbers).map_err(failed)?;
        difference.try_square().map_err(failed)?.try_sum::<Rank0, _>().map_err(failed)
    }
}

fn failed(error: impl std::fmt::Debug) -> Error {
    Error::Model(jove_model::Error::Device(format!("{error:?}")))
}

/// Whether a target is one that the head can be trained on.
fn fits(options: &FineTuningOptions, sequence: &TaskSequence, target: &HeadTarget) -> bool {
    let known = |label: &u32| (*label as usize) < options.outputs;
    match (options.head, target) {
        (HeadKind::Classes, HeadTarget::Class(class)) => known(class),
        (HeadKind::Tags, HeadTarget::Tags(tags)) => {
            tags.len() == sequence.tokens.len() && tags.iter().flatten().all(known)
        }
        (HeadKind::Number, HeadTarget::Number(number)) => number.is_finite(),
        _ => false,
    }
}

impl<D: Backend> Step for FineTuning<D> {
    type Device = D;
    type Model = TaskModel<D>;
    type Batch = FineTuningBatch;
    /// Items of the step.
    type Shared = usize;
    type State = BTreeMap<String, SamplerState>;

    fn model(&self) -> &TaskModel<D> {
        &self.model
    }

    fn model_mut(&mut self) -> &mut TaskModel<D> {
        &mut self.model
    }

    fn device(&self) -> &D {
        self.model.device()
    }

    fn batches(&mut self, _: u64) -> Result<Vec<FineTuningBatch>, Error> {
        let samples: Vec<Sample> = (0..self.model.options().batch_size).filter_map(|_| self.sampler.draw()).collect();
        self.packed(&samples)
    }

    fn share(&self, batches: &[FineTuningBatch], _: bool) -> Result<usize, Error> {
        Ok(batches.iter().map(|batch| self.items(batch)).sum())
    }

    fn losses(
        &self,
        count: &usize,
        batch: &FineTuningBatch,
        tape: OwnedTape<D>,
        pass: &Pass,
    ) -> Result<BatchLosses<D>, Error> {
        let logits = self.model.logits(&batch.sequences, tape, pass)?;
        let (sum, accuracy) = self.loss(batch, logits)?;
        let loss = Loss { sum: f64::from(tape::value(&sum)), count: self.items(batch) as u64 };
        Ok(BatchLosses {
            loss: tape::scale(sum, 1.0 / (*count).max(1) as f32)?,
            losses: Losses::from([(NAME.to_owned(), loss)]),
            diagnostics: accuracy
                .map(|accuracy| (format!("{NAME}.accuracy"), accuracy))
                .into_iter()
                .collect::<Diagnostics>(),
        })
    }

    fn tokens(batch: &FineTuningBatch) -> u64 {
        batch.sequences.token_count() as u64
    }

    fn examples(batch: &FineTuningBatch) -> &[Example] {
        &batch.examples
    }

    fn rate_scale(&self, parameter: &str) -> f64 {
        self.model.options().rate_scale(self.model.config(), parameter)
    }

    fn settings_digest(&self, options: &LoopOptions) -> String {
        digest(&(options.outcome(), self.model.options()))
    }

    fn data_digest(&self) -> String {
        digest(&self.sequences)
    }

    fn state(&self) -> BTreeMap<String, SamplerState> {
        BTreeMap::from([(NAME.to_owned(), self.sampler.state().clone())])
    }

    fn restore(&mut self, dir: &Path, state: &BTreeMap<String, SamplerState>) -> Result<(), Error> {
        let fits = state.get(NAME).is_some_and(|state| self.sampler.restore(state));
        if fits { Ok(()) } else { Err(Error::damaged(dir, "expected a position within the data")) }
    }

    fn save(&self, dir: &Path, files: &[ExtraFile]) -> Result<(), Error> {
        self.model.save(dir, files)
    }

    fn load_model(&mut self, dir: &Path) -> Result<(), Error> {
        self.model.load_from(dir)
    }
}

/// The column of the largest number in every row; the first of several.
fn largest(scores: &[f32], outputs: usize) -> impl Iterator<Item = u32> + '_ {
    scores.chunks_exact(outputs).map(move |row| {
        let better = |best: usize, column: usize| if row[column] > row[best] { column } else { best };
        (1..outputs).fold(0, better) as u32
    })
}

fn digest(value: &impl Serialize) -> String {
    let text = serde_json::to_string(value).expect("settings are plain data");
    blake3::hash(text.as_bytes()).to_hex().to_string()
}
