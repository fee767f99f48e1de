//! The training loop.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use jove_checkpoint::ExtraFile;
use jove_core::{Progress, SpecialTokens};
use jove_model::ops::{adamw, norm, tape};
use jove_model::{AdamState, AdamW, Backend, Gradients, OwnedTape, Pass};

use crate::batch::Batch;
use crate::checkpoint::{self, State};
use crate::collator::Collator;
use crate::config::TrainConfig;
use crate::contrastive_state::ContrastiveState;
use crate::diagnostics::warn_of_collapse;
use crate::error::Error;
use crate::gradient_share::gradient_shares;
use crate::metrics::{Diagnostics, MetricsWriter, add_losses};
use crate::metrics::{Losses, MetricsLine};
use crate::objective::kind::Objective;
use crate::schedule::Schedule;
use crate::source::TrainingData;
use crate::step_losses::{Counts, StepLosses};
use jove_objectives::Model;

/// Where a run writes.
#[derive(Clone, Debug, Default)]
pub struct Output {
    /// The directory of the run: `checkpoint/` and `metrics.jsonl` are written into it.
    pub dir: PathBuf,
    /// Files that every checkpoint holds, such as the tokenizer's.
    pub files: Vec<ExtraFile>,
}

impl Output {
    /// The directory of the checkpoint.
    pub fn checkpoint(&self) -> PathBuf {
        self.dir.join("checkpoint")
    }

    /// The metrics file.
    pub fn metrics(&self) -> PathBuf {
        self.dir.join("metrics.jsonl")
    }
}

/// What one step did.
#[derive(Clone, Debug, PartialEq)]
pub struct StepReport {
    /// The step's number, counted from 1.
    pub step: u64,
    /// Tokens read by the model in this step.
    pub tokens: u64,
    /// The losses before the update.
    pub losses: Losses,
    /// The global gradient norm before clipping.
    pub gradient_norm: f64,
    /// Each objective's share in the encoder's gradient, see [`MetricsLine::gradient_shares`]; empty where not measured.
    pub gradient_shares: BTreeMap<String, f64>,
    /// The learning rate.
    pub learning_rate: f64,
}

/// A run of training.
#[derive(Debug)]
pub struct Trainer<D: Backend> {
    config: TrainConfig,
    model: Model<D>,
    adam: AdamState<D>,
    schedule: Schedule,
    assembler: Collator,
    /// What contrasts remember, where one of them has a queue.
    memory: Option<ContrastiveState<D>>,
    state: State,
    output: Output,
    /// What was watched in the last step.
    diagnostics: Diagnostics,
    /// All 0 between steps; their memory is used again.
    gradients: Option<Gradients<D>>,
}

impl<D: Backend> Trainer<D> {
    /// A run at its beginning, from the weights of `model`; it gets a link head if that objective is on.
    ///
    /// # Errors
    /// Where a setting cannot hold, an objective that is on has no data, or an example cannot be read.
    pub fn new(
        config: &TrainConfig,
        model: Model<D>,
        data: TrainingData,
        specials: SpecialTokens,
        output: Output,
    ) -> Result<Self, Error> {
        let assembler = Collator::new(config, data, specials, model.config())?;
        let model = config.objectives.add_heads(model, config.seed)?;
        Ok(Self {
            schedule: Schedule::new(config.learning_rate, config.warmup, config.total_steps()),
            state: State { settings: config.fingerprint(), data: assembler.data_fingerprint(), ..State::default() },
            config: config.clone(),
            memory: ContrastiveState::new(&config.objectives, &model),
            model,
            adam: AdamState::default(),
            assembler,
            output,
            diagnostics: Diagnostics::new(),
            gradients: None,
        })
    }

    /// The run of [`Trainer::new`], gone on to where its checkpoint stands: from here it ends as if never stopped.
    /// Without a checkpoint it begins anew.
    ///
    /// # Errors
    /// As [`Trainer::new`]; also where the checkpoint is damaged, or of a run with other settings or other data.
    pub fn resume(
        config: &TrainConfig,
        model: Model<D>,
        data: TrainingData,
        specials: SpecialTokens,
        output: Output,
    ) -> Result<Self, Error> {
        let dir = output.checkpoint();
        checkpoint::recover(&dir)?;
        let mut trainer = Self::new(config, model, data, specials, output)?;
        if dir.exists() {
            trainer.load(&dir)?;
        }
        Ok(trainer)
    }

    fn load(&mut self, dir: &Path) -> Result<(), Error> {
        let model = Model::open(dir, self.model.device())?;
        let same = |part, expected: String, found: String| {
            let path = dir.to_owned();
            if expected == found { Ok(()) } else { Err(Error::OtherRun { path, part, expected, found }) }
        };
        same("model", format!("{:?}", self.model.config()), format!("{:?}", model.config()))?;
        same("link head", self.model.link.is_some().to_string(), model.link.is_some().to_string())?;
        same("relation head", self.model.relation.is_some().to_string(), model.relation.is_some().to_string())?;
        same("pointer head", self.model.pointer.is_some().to_string(), model.pointer.is_some().to_string())?;
        let (state, adam) = checkpoint::load(dir, &model)?;
        same("settings", self.state.settings.clone(), state.settings.clone())?;
        same("data", self.state.data.clone(), state.data.clone())?;
        if !self.assembler.restore(&state.examples) {
            return Err(Error::damaged(dir, "expected a position within the data"));
        }
        if let Some(memory) = &mut self.memory {
            memory.load(dir, &state.queues)?;
        }
        (self.model, self.adam, self.state) = (model, adam, state);
        Ok(())
    }

    /// Takes one optimizer step.
    ///
    /// # Errors
    /// `Error::NotFinite` before the update where a loss or the gradient is not finite; where an example cannot be read;
    /// where the device fails.
    pub fn step(&mut self) -> Result<StepReport, Error> {
        let mut batches = self.assembler.step(self.state.step)?;
        self.prepare(&mut batches)?;
        let gradient_shares = self.gradient_shares(&batches)?;
        // A step that fails leaves none, since they would not be 0.
        let (mut gradients, losses) = self.accumulate(&batches)?;
        let gradient_norm = norm::global(&self.model, &mut gradients)?;
        self.check_finite(&losses, gradient_norm, &batches)?;
        let learning_rate = self.schedule.learning_rate(self.state.step);
        let (constants, scale) = (self.constants(), self.clip_scale(gradient_norm));
        adamw::update(&mut self.model, &mut gradients, &mut self.adam, &constants, learning_rate, scale)?;
        self.gradients = Some(tape::recycle(&self.model, gradients)?);
        self.model.clamp();
        if let Some(memory) = &mut self.memory {
            memory.update(&self.config.objectives, &self.model, &batches)?;
        }
        let tokens = batches.iter().map(|batch| batch.len() as u64).sum();
        self.state.step += 1;
        self.state.tokens += tokens;
        add_losses(&mut self.state.losses, &losses);
        Ok(StepReport { step: self.state.step, tokens, losses, gradient_norm, gradient_shares, learning_rate })
    }

    /// Steps to the end of the run, writing metrics and checkpoints; the last step is always saved.
    ///
    /// # Errors
    /// As [`Trainer::step`]; where a file cannot be written; `Error::Interrupted`, after a checkpoint was saved, where
    /// `progress` says that the user asked to stop.
    pub fn run(&mut self, progress: &dyn Progress) -> Result<(), Error> {
        let total = self.config.total_steps();
        std::fs::create_dir_all(&self.output.dir)
            .map_err(|source| Error::Write { path: self.output.dir.clone(), source })?;
        let mut metrics = MetricsWriter::open(&self.output.metrics(), self.state.step)?;
        let mut saved = None;
        let mut clock = (Instant::now(), self.state.tokens);
        progress.begin("training", Some(total), "steps");
        progress.advance(self.state.step);
        while self.state.step < total {
            if progress.cancelled() {
                self.save()?;
                return Err(Error::Interrupted { step: self.state.step });
            }
            let report = self.step()?;
            progress.advance(1);
            progress.note(&note(&report));
            if self.is_logged(report.step) {
                warn_of_collapse(&self.diagnostics, report.step, total);
                metrics.append(&self.line(&report, clock))?;
                self.state.losses.clear();
                clock = (Instant::now(), self.state.tokens);
            }
            if self.config.save_every > 0 && report.step % self.config.save_every == 0 {
                self.save()?;
                saved = Some(report.step);
            }
        }
        progress.end();
        if saved == Some(total) { Ok(()) } else { self.save() }
    }

    /// Writes a checkpoint of the present step; the one before stays until this one is whole.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn save(&mut self) -> Result<(), Error> {
        self.state.examples = self.assembler.state();
        self.state.queues = self.memory.as_ref().map(ContrastiveState::identities).unwrap_or_default();
        let (model, adam, state, memory) = (&self.model, &self.adam, &self.state, self.memory.as_ref());
        let parts = checkpoint::Parts { model, adam, state, memory, files: &self.output.files };
        checkpoint::save(&self.output.checkpoint(), &parts)
    }

    /// The model as it stands.
    pub fn model(&self) -> &Model<D> {
        &self.model
    }

    /// Ends the run and hands out its model.
    pub fn into_model(self) -> Model<D> {
        self.model
    }

    /// Steps taken.
    pub fn steps_taken(&self) -> u64 {
        self.state.step
    }

    /// Runs every batch forth and back. Gradients add up over batches and objectives; each loss is already divided by
    /// the items of the whole step.
    fn accumulate(&mut self, batches: &[Batch]) -> Result<(Gradients<D>, Losses), Error> {
        let mut gradients = self.gradients.take().unwrap_or_else(Gradients::leaky);
        let objective = self.objective(batches)?;
        let mut losses = Losses::new();
        let mut diagnostics = Diagnostics::new();
        for (index, batch) in batches.iter().enumerate() {
            let tape: OwnedTape<D> = tape::resume(self.model.device(), gradients)?;
            let evaluated = objective.evaluate(&self.model, batch, tape, &self.pass(index), &Objective::ALL)?;
            add_losses(&mut losses, &evaluated.losses);
            diagnostics.extend(evaluated.diagnostics);
            gradients = tape::backward(evaluated.loss)?;
        }
        self.diagnostics = diagnostics;
        Ok((gradients, losses))
    }

    /// Adds the targets that depend on the weights as they stand.
    fn prepare(&self, batches: &mut [Batch]) -> Result<(), Error> {
        let objectives = &self.config.objectives;
        for batch in batches {
            objectives.active().try_for_each(|objective| objectives.get(objective).prepare(&self.model, batch))?;
        }
        Ok(())
    }

    /// Whether a line of metrics is written after a step.
    fn is_logged(&self, step: u64) -> bool {
        step.is_multiple_of(self.config.log_every) || step == self.config.total_steps()
    }

    fn objective(&self, batches: &[Batch]) -> Result<StepLosses<'_, D>, Error> {
        Ok(StepLosses {
            options: &self.config.objectives,
            counts: Counts::of(batches),
            diagnosed: self.is_logged(self.state.step + 1),
            queues: self
                .memory
                .as_ref()
                .map(|memory| memory.keys(self.model.device()))
                .transpose()?
                .unwrap_or_default(),
            momentum: self.memory.as_ref().map(|memory| &memory.encoder),
        })
    }

    /// Each objective's share in the gradient, where the step's line of metrics is to tell it.
    fn gradient_shares(&mut self, batches: &[Batch]) -> Result<BTreeMap<String, f64>, Error> {
        let every = self.config.log_every.saturating_mul(self.config.gradient_share_every);
        if every == 0 || !(self.state.step + 1).is_multiple_of(every) {
            return Ok(BTreeMap::new());
        }
        // So that no more memory is held than in the step itself.
        self.gradients = None;
        gradient_shares(&self.objective(batches)?, &self.model, &batches[0], &self.pass(0))
    }

    fn pass(&self, index: usize) -> Pass {
        let number = self.state.step * self.config.accumulation as u64 + index as u64;
        let pass = if self.config.dropout { Pass::train(self.config.seed, number) } else { Pass::eval() };
        pass.with_recompute(self.config.recompute)
    }

    fn check_finite(&self, losses: &Losses, gradient_norm: f64, batches: &[Batch]) -> Result<(), Error> {
        let parts = losses.iter().map(|(name, loss)| (format!("the {name} loss"), loss.sum));
        let norm = [("the gradient norm".to_owned(), gradient_norm)];
        match parts.chain(norm).find(|(_, value)| !value.is_finite()) {
            None => Ok(()),
            Some((what, value)) => Err(Error::NotFinite {
                step: self.state.step + 1,
                what,
                value,
                examples: batches.iter().flat_map(|batch| batch.examples.iter().copied()).collect(),
            }),
        }
    }

    /// What gradients are multiplied by so that their norm is at most the limit.
    fn clip_scale(&self, norm: f64) -> f64 {
        if self.config.clip > 0.0 { (self.config.clip / (norm + 1e-6)).min(1.0) } else { 1.0 }
    }

    fn constants(&self) -> AdamW {
        let [beta1, beta2] = self.config.betas;
        AdamW { beta1, beta2, epsilon: self.config.epsilon, weight_decay: self.config.weight_decay }
    }

    fn line(&self, report: &StepReport, (since, tokens_before): (Instant, u64)) -> MetricsLine {
        MetricsLine {
            step: report.step,
            tokens: self.state.tokens,
            losses: self.state.losses.clone(),
            diagnostics: self.diagnostics.clone(),
            learning_rate: report.learning_rate,
            gradient_norm: report.gradient_norm,
            gradient_shares: report.gradient_shares.clone(),
            tokens_per_second: (self.state.tokens - tokens_before) as f64 / since.elapsed().as_secs_f64().max(1e-9),
        }
    }
}

/// The losses in a line, such as `mlm 3.214, link 0.512`.
fn note(report: &StepReport) -> String {
    let parts: Vec<String> = report.losses.iter().map(|(name, loss)| format!("{name} {:.3}", loss.mean())).collect();
    parts.join(", ")
}
