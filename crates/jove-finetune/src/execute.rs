//! A whole run: every baseline, every model, every seed.

use std::path::Path;

use jove_checkpoint::{AtomicFolder, ExtraFile};
use jove_core::{InvalidSetting, Progress, Seed};
use jove_corpus::Tokenizer;
use jove_files::{Kind, Output};
use jove_model::{Backend, Cpu};
use jove_objectives::{Device, cuda};
use jove_tasks::{
    Answer, Doctor, DoctorReport, Example, Interval, MajorityBaseline, NgramBaseline, TaskData, submission_lines,
};
use jove_trainer::FineTuningOptions;

use crate::card::TaskCard;
use crate::encode::TextEncoder;
use crate::error::Error;
use crate::labelled;
use crate::results::{FineTuneResults, ResultRow};
use crate::run_file::{FineTuneFile, ModelOptions};
use crate::session::{Finished, Session};

impl FineTuneFile {
    /// Trains and measures everything, from where a run before stopped, and writes the results.
    ///
    /// # Errors
    /// Where a setting, the data or a checkpoint is not what it should be, or the user stops the run.
    pub fn execute(&self, progress: &dyn Progress) -> Result<FineTuneResults, Error> {
        self.validate()?;
        let data = TaskData::read(&self.task)?;
        let mut rows = if self.baselines { self.baselines(&data) } else { Vec::new() };
        std::fs::create_dir_all(&self.output).map_err(Error::io(&self.output))?;
        for model in &self.models {
            rows.push(match self.train.device {
                Device::Cpu => self.model(model, &data, &Cpu::default(), progress)?,
                Device::Cuda => self.model(model, &data, &cuda()?, progress)?,
            });
        }
        let results = FineTuneResults {
            task: self.task.format,
            measure: self.task.measure(),
            not_comparable: self.task.not_comparable.clone(),
            examples: [data.train.len(), data.dev.len()],
            rows,
        };
        results.write(&self.output)?;
        Ok(results)
    }

    /// What in the data will mislead training; lengths count tokens of the first model, or characters where there is none.
    ///
    /// # Errors
    /// As [`FineTuneFile::execute`], before anything is trained.
    pub fn doctor(&self) -> Result<DoctorReport, Error> {
        let data = TaskData::read(&self.task)?;
        let recipe_length = self.train.max_length.unwrap_or(self.task.format.recipe().max_length);
        let Some(model) = self.models.first() else {
            let length = |example: &Example| texts(example).map(|text| text.chars().count()).sum();
            return Ok(Doctor { data: &data, length: &length, max_length: recipe_length }.report());
        };
        let encoder = self.encoder(&model.checkpoint)?;
        // Texts that cannot be tokenized stop the training itself with their reason.
        let length = |example: &Example| {
            encoder.encode(&example.first, example.second.as_deref()).map_or(0, |encoded| encoded.length)
        };
        Ok(Doctor { data: &data, length: &length, max_length: encoder.max_length }.report())
    }

    fn row(&self, name: &str, data: &TaskData, predicted: &[Vec<Answer>]) -> ResultRow {
        let (gold, measure) = (gold(data), self.task.measure());
        ResultRow {
            name: name.to_owned(),
            scores: predicted.iter().map(|predicted| measure.score(&gold, predicted)).collect(),
            interval: Interval::of(measure, &gold, predicted),
            steps: Vec::new(),
            checkpoints: Vec::new(),
        }
    }

    fn baselines(&self, data: &TaskData) -> Vec<ResultRow> {
        let majority = MajorityBaseline::train(data);
        let constant = data.dev.iter().map(|_| majority.predict()).collect();
        let by_seed = |seed: &u64| {
            let baseline = NgramBaseline::train(data, Seed(*seed));
            data.dev.iter().map(|example| baseline.predict(example)).collect::<Vec<_>>()
        };
        let ngrams: Vec<Vec<Answer>> = self.seeds.iter().map(by_seed).collect();
        vec![self.row("majority", data, &[constant]), self.row("n-grams, linear", data, &ngrams)]
    }

    fn encoder(&self, checkpoint: &Path) -> Result<TextEncoder, Error> {
        let config = jove_checkpoint::open_hf(
            checkpoint,
            &jove_checkpoint::Allow::these([jove_checkpoint::Difference::Missing]),
        )?
        .config;
        let (longest, usual) = (config.max_sequence_length(), self.task.format.recipe().max_length);
        let length = self.train.max_length.unwrap_or(usual.min(longest));
        let expected = format!("8 to {longest}, the longest that {} reads", checkpoint.display());
        InvalidSetting::check((8..=longest).contains(&length), "train.max-length", expected, length)?;
        Ok(TextEncoder::new(Tokenizer::load(checkpoint)?, length, config.type_vocab_size))
    }

    fn model<D: Backend>(
        &self,
        model: &ModelOptions,
        data: &TaskData,
        device: &D,
        progress: &dyn Progress,
    ) -> Result<ResultRow, Error> {
        let encoder = self.encoder(&model.checkpoint)?;
        let card = TaskCard {
            task: self.task.format,
            labels: data.labels.clone(),
            max_length: encoder.max_length,
            pooling: self.train.pooling,
            scale: labelled::scale(data),
        };
        let mut files = tokenizer_files(&encoder.tokenizer)?;
        files.push(card.file()?);
        let (mut predicted, mut steps, mut checkpoints) = (Vec::new(), Vec::new(), Vec::new());
        for &seed in &self.seeds {
            let session = self.session(model, seed, (data, &encoder, &card, &files))?;
            AtomicFolder::recover(&session.best())?;
            let Finished { best, dev, test } = session.run(device, progress)?;
            if let Some(test) = &test {
                self.write_answers(&session.dir, data, test)?;
            }
            predicted.push(dev);
            steps.push(best.step);
            checkpoints.push(session.best());
        }
        Ok(ResultRow { steps, checkpoints, ..self.row(&model.name, data, &predicted) })
    }

    fn session<'a>(
        &self,
        model: &'a ModelOptions,
        seed: u64,
        (data, encoder, card, files): (&'a TaskData, &'a TextEncoder, &'a TaskCard, &'a [ExtraFile]),
    ) -> Result<Session<'a>, Error> {
        let recipe = self.task.format.recipe();
        let measured_at = self.train.measured_at(data.train.len(), &recipe)?;
        let (head, outputs) = card.head();
        let own = FineTuningOptions {
            head,
            outputs,
            pooling: self.train.pooling,
            frozen: self.train.frozen,
            batch_size: self.train.batch_size(&recipe),
            batch_tokens: self.train.batch_tokens,
            layer_decay: self.train.layer_decay,
            head_rate: self.train.head_rate,
        };
        Ok(Session {
            data,
            encoder,
            card,
            measure: self.task.measure(),
            start: &model.checkpoint,
            own,
            options: self.train.loop_options(measured_at.last().copied().unwrap_or(1), seed, &recipe),
            measured_at,
            patience: self.train.patience,
            dir: self.output.join(&model.name).join(format!("seed-{seed}")),
            files,
        })
    }

    /// Writes the answers to the test file: under the name that the leaderboard wants where the task has one.
    fn write_answers(&self, dir: &Path, data: &TaskData, answers: &[Answer]) -> Result<(), Error> {
        let path = dir.join(self.task.format.submission().unwrap_or("test_predictions.jsonl"));
        let test = data.test.as_deref().unwrap_or_default();
        let lines = submission_lines(&data.labels, test, answers);
        Output::write(&path, Kind::ANY, lines.as_bytes()).map_err(Error::io(&path))
    }
}

/// What is right on `dev`.
pub(crate) fn gold(data: &TaskData) -> Vec<Answer> {
    data.dev.iter().filter_map(|example| example.answer.clone()).collect()
}

fn texts(example: &Example) -> impl Iterator<Item = &str> {
    [example.first.as_str()].into_iter().chain(example.second.as_deref())
}

fn tokenizer_files(tokenizer: &Tokenizer) -> Result<Vec<ExtraFile>, Error> {
    let files = tokenizer.files()?;
    Ok(files.into_iter().map(|(name, bytes)| ExtraFile::new(&name, bytes)).collect::<Result<_, _>>()?)
}
