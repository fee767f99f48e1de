//! The training loop, whatever is trained.

use std::any::Any;
use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::time::Instant;

use jove_checkpoint::{AtomicFolder, ExtraFile};
use jove_core::Progress;
use jove_model::ops::{adamw, norm, tape};
use jove_model::{AdamState, AdamW, Gradients, OwnedTape, Parameters as _};

use crate::checkpoint::{self, State};
use crate::error::Error;
use crate::loop_options::LoopOptions;
use crate::metrics::{Diagnostics, Losses, MetricsLine, MetricsWriter, StepReport, add_losses};
use crate::schedule::Schedule;
use crate::step::{Step, same};
use crate::watch::Watch;

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

/// A run of training: AdamW with a schedule, accumulation and clipping on the losses of a [`Step`], with checkpoints from
/// which it resumes exactly, and metrics.
#[derive(Debug)]
pub struct Trainer<S: Step> {
    options: LoopOptions,
    task: S,
    adam: AdamState<S::Device>,
    schedule: Schedule,
    state: State<S::State>,
    output: Output,
    /// Those of the last step.
    diagnostics: Diagnostics,
    /// All 0 between steps; their memory is used again.
    gradients: Option<Gradients<S::Device>>,
    /// Where the run is within a step.
    within: Within<S::State>,
    metrics: Option<MetricsWriter>,
}

/// Where a run is within a step.
#[derive(Debug)]
enum Within<T> {
    /// Between two steps: all that is in memory belongs together.
    Nothing,
    /// The batches are made, the model is as before; what the task's state was when the step began.
    Gradient(T),
    /// The model and the optimizer change: what is in memory belongs to no step.
    Update,
}

impl<S: Step> Trainer<S> {
    /// A run at its beginning.
    ///
    /// # Errors
    /// Where an option is invalid.
    pub fn new(options: LoopOptions, task: S, output: Output) -> Result<Self, Error> {
        options.validate()?;
        let (settings, data) = (task.settings_digest(&options), task.data_digest());
        Ok(Self {
            schedule: Schedule::new(options.learning_rate, options.warmup, options.steps),
            state: State { settings, data, ..State::default() },
            options,
            task,
            adam: AdamState::default(),
            output,
            diagnostics: Diagnostics::new(),
            gradients: None,
            within: Within::Nothing,
            metrics: None,
        })
    }

    /// The run of [`Trainer::new`], resumed from its checkpoint: from here it ends as if never stopped. Without a
    /// checkpoint it begins anew.
    ///
    /// # Errors
    /// As [`Trainer::new`]; also where the checkpoint is damaged, of a run with other settings or other data, or put together
    /// from those of several runs.
    pub fn resume(options: LoopOptions, task: S, output: Output) -> Result<Self, Error> {
        let dir = output.checkpoint();
        AtomicFolder::recover(&dir)?;
        let mut trainer = Self::new(options, task, output)?;
        if dir.exists() {
            trainer.load(&dir)?;
        }
        Ok(trainer)
    }

    fn load(&mut self, dir: &Path) -> Result<(), Error> {
        let state = checkpoint::read_state(dir)?;
        self.task.load_model(dir)?;
        let adam = checkpoint::read_optimizer(dir, self.task.model(), self.task.device())?;
        if state.step > self.options.steps || adam.steps != state.step {
            let expected = format!("expected a step up to {}, the same for model and optimizer", self.options.steps);
            return Err(Error::damaged(dir, format!("{expected}, found {} and {}", state.step, adam.steps)));
        }
        same(dir, "settings", self.state.settings.clone(), state.settings.clone())?;
        same(dir, "data", self.state.data.clone(), state.data.clone())?;
        self.task.restore(dir, &state.task)?;
        (self.adam, self.state) = (adam, state);
        Ok(())
    }

    /// Takes one optimizer step.
    ///
    /// # Errors
    /// `Error::NotFinite` before the update where a loss or the gradient is not finite; where an example cannot be read;
    /// where the device fails.
    pub fn step(&mut self) -> Result<StepReport, Error> {
        self.within = Within::Gradient(self.task.state());
        let batches = self.task.batches(self.state.step)?;
        let shared = self.task.share(&batches, self.options.is_logged(self.state.step + 1))?;
        let gradient_shares = self.gradient_shares(&shared, &batches)?;
        // A step that fails leaves none, since they would not be 0.
        let (mut gradients, losses) = self.accumulate(&shared, &batches)?;
        let gradient_norm = norm::global(self.task.model(), &mut gradients)?;
        self.check_finite(&losses, gradient_norm, &batches)?;
        let learning_rate = self.schedule.learning_rate(self.state.step);
        let (constants, scale) = (self.options.adamw(), self.options.clip_scale(gradient_norm));
        self.within = Within::Update;
        self.update(&mut gradients, &constants, learning_rate, scale)?;
        self.gradients = Some(tape::recycle(self.task.model(), gradients)?);
        self.task.updated(&batches)?;
        let tokens = batches.iter().map(S::tokens).sum();
        self.state.step += 1;
        self.state.tokens += tokens;
        add_losses(&mut self.state.losses, &losses);
        self.within = Within::Nothing;
        Ok(StepReport { step: self.state.step, tokens, losses, gradient_norm, gradient_shares, learning_rate })
    }

    /// Steps to the end of the run, writing metrics and checkpoints; the last step is always saved.
    ///
    /// # Errors
    /// As [`Trainer::run_to`].
    pub fn run(&mut self, progress: &dyn Progress) -> Result<(), Error> {
        self.run_to(self.options.steps, progress)
    }

    fn update(
        &mut self,
        gradients: &mut Gradients<S::Device>,
        constants: &AdamW,
        learning_rate: f64,
        scale: f64,
    ) -> Result<(), Error> {
        let mut rates = BTreeMap::new();
        self.task.model().visit(&mut |parameter| {
            rates.insert(parameter.name.clone(), learning_rate * self.task.rate_scale(&parameter.name));
        });
        let rate = |name: &str| rates.get(name).copied().unwrap_or(learning_rate);
        Ok(adamw::update_each(self.task.model_mut(), gradients, &mut self.adam, constants, &rate, scale)?)
    }

    /// [`Trainer::run`] up to a step of the run, where it is saved.
    ///
    /// # Errors
    /// As [`Trainer::step`]; where a file cannot be written; `Error::NothingToLearn` where steps have no target or
    /// no gradient; `Error::Interrupted`, after a checkpoint was saved, where
    /// `progress` says that the user asked to stop; `Error::Panicked` where a part of the program failed unexpectedly, after a
    /// checkpoint of the last whole step was saved where there is one in memory.
    pub fn run_to(&mut self, step: u64, progress: &dyn Progress) -> Result<(), Error> {
        // What a panic may leave half done is told by `within`, and not used.
        std::panic::catch_unwind(AssertUnwindSafe(|| self.run_steps(step, progress))).unwrap_or_else(|panic| {
            let step = self.state.step;
            let saved = std::panic::catch_unwind(AssertUnwindSafe(|| self.rescue()));
            Err(Error::Panicked { step, message: message_of(&*panic), saved: matches!(saved, Ok(Ok(true))) })
        })
    }

    fn run_steps(&mut self, end: u64, progress: &dyn Progress) -> Result<(), Error> {
        let total = self.options.steps;
        let end = end.min(total);
        std::fs::create_dir_all(&self.output.dir)
            .map_err(|source| Error::Write { path: self.output.dir.clone(), source })?;
        self.metrics = Some(MetricsWriter::open(&self.output.metrics(), &self.state.metrics)?);
        let mut saved = None;
        let mut clock = (Instant::now(), self.state.tokens);
        let mut watch = Watch::default();
        progress.begin("training", Some(total), "steps");
        progress.advance(self.state.step);
        while self.state.step < end {
            if progress.cancelled() {
                self.save()?;
                return Err(Error::Interrupted { step: self.state.step });
            }
            let report = self.step()?;
            if self.options.is_logged(report.step) {
                watch.diagnostics(&self.diagnostics, report.step, total);
                self.log(&report, clock)?;
                clock = (Instant::now(), self.state.tokens);
            }
            progress.advance(1);
            progress.note(&note(&report));
            watch.step(&report, total, &self.task.objectives(), || self.task.no_target_reason())?;
            if self.options.save_every > 0 && report.step % self.options.save_every == 0 {
                self.save()?;
                saved = Some(report.step);
            }
        }
        progress.end();
        if saved == Some(end) { Ok(()) } else { self.save() }
    }

    /// Writes a line of metrics.
    fn log(&mut self, report: &StepReport, clock: (Instant, u64)) -> Result<(), Error> {
        let line = self.line(report, clock);
        self.metrics.iter_mut().try_for_each(|metrics| metrics.append(&line))?;
        self.state.losses.clear();
        Ok(())
    }

    /// Writes a checkpoint of the present step; the one before stays until this one is whole.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn save(&mut self) -> Result<(), Error> {
        self.state.task = self.task.state();
        self.save_state()
    }

    fn save_state(&mut self) -> Result<(), Error> {
        if let Some(metrics) = &self.metrics {
            self.state.metrics = metrics.mark()?;
        }
        checkpoint::save(&self.output.checkpoint(), &self.task, &self.adam, &mut self.state, &self.output.files)
    }

    /// After a panic, saves the last whole step; `false` where memory holds none.
    fn rescue(&mut self) -> Result<bool, Error> {
        self.gradients = None;
        self.state.task = match std::mem::replace(&mut self.within, Within::Update) {
            Within::Nothing => self.task.state(),
            Within::Gradient(state) => state,
            Within::Update => return Ok(false),
        };
        self.save_state().map(|()| true)
    }

    /// The model as it stands.
    pub fn model(&self) -> &S::Model {
        self.task.model()
    }

    /// What is trained.
    pub fn task(&self) -> &S {
        &self.task
    }

    /// Steps taken.
    pub fn steps_taken(&self) -> u64 {
        self.state.step
    }

    /// Runs every batch forth and back. Gradients add up over batches and losses; each loss is already divided by the items
    /// of the whole step.
    fn accumulate(
        &mut self,
        shared: &S::Shared,
        batches: &[S::Batch],
    ) -> Result<(Gradients<S::Device>, Losses), Error> {
        let mut gradients = self.gradients.take().unwrap_or_else(Gradients::leaky);
        let mut losses = Losses::new();
        let mut diagnostics = Diagnostics::new();
        for (index, batch) in batches.iter().enumerate() {
            let tape: OwnedTape<S::Device> = tape::resume(self.task.device(), gradients)?;
            let computed = self.task.losses(shared, batch, tape, &self.options.pass(self.state.step, index))?;
            add_losses(&mut losses, &computed.losses);
            diagnostics.extend(computed.diagnostics);
            gradients = tape::backward(computed.loss)?;
        }
        self.diagnostics = diagnostics;
        Ok((gradients, losses))
    }

    /// Each loss's share in the gradient, where the step's line of metrics reports it.
    fn gradient_shares(&mut self, shared: &S::Shared, batches: &[S::Batch]) -> Result<BTreeMap<String, f64>, Error> {
        let Some(first) = batches.first().filter(|_| self.options.is_share_measured(self.state.step + 1)) else {
            return Ok(BTreeMap::new());
        };
        // So that no more memory is held than in the step itself.
        self.gradients = None;
        self.task.gradient_shares(shared, first, &self.options.pass(self.state.step, 0))
    }

    fn check_finite(&self, losses: &Losses, gradient_norm: f64, batches: &[S::Batch]) -> Result<(), Error> {
        let parts = losses.iter().map(|(name, loss)| (format!("the {name} loss"), loss.sum));
        let norm = [("the gradient norm".to_owned(), gradient_norm)];
        match parts.chain(norm).find(|(_, value)| !value.is_finite()) {
            None => Ok(()),
            Some((what, value)) => Err(Error::NotFinite {
                step: self.state.step + 1,
                what,
                value,
                examples: batches.iter().flat_map(S::examples).copied().collect(),
            }),
        }
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

/// What a panic said.
fn message_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_owned())
}

/// The losses in a line, such as `mlm 3.214, link 0.512`.
fn note(report: &StepReport) -> String {
    let parts: Vec<String> = report.losses.iter().map(|(name, loss)| format!("{name} {:.3}", loss.mean())).collect();
    parts.join(", ")
}
