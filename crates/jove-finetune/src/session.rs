//! One training: a model, a seed, measured again and again; the best one is kept.

use std::path::{Path, PathBuf};

use jove_checkpoint::{AtomicFolder, ExtraFile};
use jove_core::{Progress, Seed};
use jove_files::{Kind, Output as File, read_small};
use jove_model::Backend;
use jove_objectives::Model;
use jove_tasks::{Answer, Example, Measure, TaskData};
use jove_trainer::{FineTuning, FineTuningOptions, LoopOptions, Output, TaskModel, Trainer};
use serde::{Deserialize, Serialize};

use crate::card::TaskCard;
use crate::decode;
use crate::encode::{EncodedText, TextEncoder};
use crate::error::Error;
use crate::labelled;

/// Examples that are answered between two looks at whether the user wants to stop.
const CHUNK: usize = 256;
const BYTES_MAX: u64 = 16 << 20;

/// One measurement on `dev`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Evaluation {
    pub(crate) step: u64,
    pub(crate) score: f64,
}

/// What a training is made of.
pub(crate) struct Session<'a> {
    pub(crate) data: &'a TaskData,
    pub(crate) encoder: &'a TextEncoder,
    pub(crate) card: &'a TaskCard,
    pub(crate) measure: Measure,
    /// The checkpoint that it begins with.
    pub(crate) start: &'a Path,
    pub(crate) own: FineTuningOptions,
    pub(crate) options: LoopOptions,
    /// The steps after which it is measured, ascending.
    pub(crate) measured_at: Vec<u64>,
    pub(crate) patience: usize,
    /// Its folder.
    pub(crate) dir: PathBuf,
    /// Files that checkpoints hold besides the weights.
    pub(crate) files: &'a [ExtraFile],
}

/// How a training ended.
#[derive(Clone, Debug)]
pub(crate) struct Finished {
    pub(crate) best: Evaluation,
    /// The best model's answers.
    pub(crate) dev: Vec<Answer>,
    pub(crate) test: Option<Vec<Answer>>,
}

impl Session<'_> {
    /// The folder of the best model.
    pub(crate) fn best(&self) -> PathBuf {
        self.dir.join("best")
    }

    /// Trains from where it stopped, and answers with the best model as it was saved.
    pub(crate) fn run<D: Backend>(&self, device: &D, progress: &dyn Progress) -> Result<Finished, Error> {
        let evaluations = self.train(device, progress)?;
        let best = best_of(&evaluations).expect("a training is measured at its end");
        let model = TaskModel::open(&self.best(), device, self.card.options(self.own.batch_tokens))?;
        let dev = self.answers(&model, &self.data.dev, progress)?;
        let test = self.data.test.as_ref().map(|test| self.answers(&model, test, progress)).transpose()?;
        Ok(Finished { best, dev, test })
    }

    fn train<D: Backend>(&self, device: &D, progress: &dyn Progress) -> Result<Vec<Evaluation>, Error> {
        let output = Output { dir: self.dir.clone(), files: self.files.to_vec() };
        let sequences = labelled::sequences(&self.data.train, self.encoder, self.card)?;
        let task = FineTuning::new(&self.options, self.model(device)?, sequences)?;
        let mut trainer = Trainer::resume(self.options.clone(), task, output)?;
        let mut evaluations = self.read()?;
        evaluations.retain(|evaluation| evaluation.step <= trainer.steps_taken());
        for &step in &self.measured_at {
            if self.is_over(&evaluations) {
                break;
            }
            if evaluations.iter().any(|evaluation| evaluation.step == step) {
                continue;
            }
            if trainer.steps_taken() > step {
                let found = format!("none of step {step}, and a checkpoint of step {}", trainer.steps_taken());
                let advice = "delete the folder of this seed, and its training begins anew";
                return Err(Error::file(&self.record(), "the measurements of all steps so far", found, advice));
            }
            trainer.run_to(step, progress)?;
            evaluations.push(self.evaluate(trainer.model(), step, &evaluations, progress)?);
            self.write(&evaluations)?;
        }
        Ok(evaluations)
    }

    /// The model before the first step: with a new head, or one that was fine-tuned on the same labels.
    fn model<D: Backend>(&self, device: &D) -> Result<TaskModel<D>, Error> {
        match TaskCard::of(self.start)? {
            None => {
                let seed = self.options.seed;
                Ok(TaskModel::new(Model::start(self.start, device, seed)?, self.own, Seed(seed.0))?)
            }
            Some(card) if card.labels == self.card.labels && card.head() == self.card.head() => {
                Ok(TaskModel::open(self.start, device, self.own)?)
            }
            Some(card) => {
                let expected = format!("a checkpoint with the labels of the task ({})", self.card.labels.join(", "));
                let advice =
                    "set task.labels to those of the checkpoint, or begin with a checkpoint that was not fine-tuned";
                Err(Error::file(self.start, expected, format!("one with {}", card.labels.join(", ")), advice))
            }
        }
    }

    /// Measures a model, and keeps it where it is the best so far.
    fn evaluate<D: Backend>(
        &self,
        model: &TaskModel<D>,
        step: u64,
        before: &[Evaluation],
        progress: &dyn Progress,
    ) -> Result<Evaluation, Error> {
        let predicted = self.answers(model, &self.data.dev, progress)?;
        let gold: Vec<Answer> = self.data.dev.iter().filter_map(|example| example.answer.clone()).collect();
        let score = self.measure.score(&gold, &predicted);
        if best_of(before).is_none_or(|best| score > best.score) {
            let making = AtomicFolder::create(&self.best())?;
            model.save(making.path(), self.files)?;
            making.commit()?;
        }
        tracing::info!(step, score, "measured on dev");
        Ok(Evaluation { step, score })
    }

    fn answers<D: Backend>(
        &self,
        model: &TaskModel<D>,
        examples: &[Example],
        progress: &dyn Progress,
    ) -> Result<Vec<Answer>, Error> {
        let mut answers = Vec::with_capacity(examples.len());
        progress.begin("measuring", Some(examples.len() as u64), "examples");
        for chunk in examples.chunks(CHUNK) {
            if progress.cancelled() {
                return Err(Error::Interrupted);
            }
            let encode = |example: &Example| self.encoder.encode(&example.first, example.second.as_deref());
            let encoded: Vec<EncodedText> = chunk.iter().map(encode).collect::<Result<_, _>>()?;
            let sequences: Vec<_> = encoded.iter().map(|encoded| encoded.sequence.clone()).collect();
            let scores = model.scores(&sequences)?;
            let answer =
                |(encoded, scores): (&EncodedText, &Vec<f32>)| decode::answer(self.card, encoded, scores).answer;
            answers.extend(encoded.iter().zip(&scores).map(answer));
            progress.advance(chunk.len() as u64);
        }
        progress.end();
        Ok(answers)
    }

    /// Whether the best measurement is so far back that the training ends.
    fn is_over(&self, evaluations: &[Evaluation]) -> bool {
        let Some(best) = best_of(evaluations) else { return false };
        let since = evaluations.iter().filter(|evaluation| evaluation.step > best.step).count();
        self.patience > 0 && since >= self.patience
    }

    fn record(&self) -> PathBuf {
        self.dir.join("evaluations.json")
    }

    fn read(&self) -> Result<Vec<Evaluation>, Error> {
        let path = self.record();
        if !path.exists() {
            return Ok(Vec::new());
        }
        let bytes = read_small(&path, BYTES_MAX).map_err(Error::io(&path))?;
        let advice = "delete the folder of this seed, and its training begins anew";
        serde_json::from_slice(&bytes)
            .map_err(|error| Error::file(&path, "a list of measurements", error.to_string(), advice))
    }

    fn write(&self, evaluations: &[Evaluation]) -> Result<(), Error> {
        let path = self.record();
        let text = serde_json::to_string_pretty(evaluations).expect("measurements are plain data");
        File::write(&path, Kind::ANY, text.as_bytes()).map_err(Error::io(&path))
    }
}

/// The best measurement, the first of several.
fn best_of(evaluations: &[Evaluation]) -> Option<Evaluation> {
    let better = |best: Evaluation, next: &Evaluation| if next.score > best.score { *next } else { best };
    let (first, rest) = evaluations.split_first()?;
    Some(rest.iter().fold(*first, better))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_equally_good_measurements_is_the_best() {
        let all = [(1, 0.5), (2, 0.7), (3, 0.7), (4, 0.6)].map(|(step, score)| Evaluation { step, score });
        assert_eq!(best_of(&all), Some(all[1]));
        assert_eq!(best_of(&[]), None);
    }
}
