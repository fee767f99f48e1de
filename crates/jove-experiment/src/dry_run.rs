//! What a grid costs and what it could see, before it is run.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use jove_core::{Progress, Seed};
use jove_corpus::AnnotatedReader;
use jove_trainer::{Output, TrainConfig, TrainingRun};
use serde::Serialize;
use statrs::distribution::{ContinuousCDF as _, Normal, StudentsT};
use tracing::subscriber::{NoSubscriber, with_default};

use crate::error::{Error, Result};
use crate::execute::prepare;
use crate::prepared::Prepared;
use crate::run::Run;
use crate::stage::{StageContext, annotate, knowledge, tokenizer, train};
use crate::variant::Variant;

/// Steps of a trial; the first one, which warms up, does not count.
const TRIAL_STEPS: u64 = 4;
/// The share of correct answers that the smallest effect is stated for.
const SHARE: f64 = 0.2;
/// How alike two models answer the same items: the correlation of their answers.
const CORRELATION: f64 = 0.5;

/// A grid, before it is run.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct GridPlan {
    /// The arms of one seed.
    pub variants: Vec<ArmPlan>,
    /// Seeds.
    pub seeds: usize,
    /// Arms that are trained at the same time.
    pub jobs: usize,
    /// Seconds that training takes for all arms under all seeds, one after another, on this machine as busy as it is now; probes come on top.
    pub seconds: f64,
    /// What the probes can ask.
    pub probes: Vec<ProbePlan>,
}

/// One variant of a grid.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ArmPlan {
    /// Its name.
    pub variant: String,
    /// What it trains on, in a line.
    pub summary: String,
    /// Tokens that training reads.
    pub tokens: u64,
    /// Optimizer steps.
    pub steps: u64,
    /// Seconds for each, measured over a few.
    pub seconds_per_step: f64,
}

/// One kind of probe.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ProbePlan {
    /// Its name.
    pub probe: String,
    /// Its items at most, before those are left out that cannot be asked.
    pub items_max: u64,
    /// The smallest true difference between two arms in a share of correct answers that this grid would show in four of five times, if
    /// seeds made no difference; `None` without items.
    pub smallest_visible: Option<f64>,
}

impl GridPlan {
    /// The formula behind [`ProbePlan::smallest_visible`].
    pub const FORMULA: &'static str = "smallest effect = (z + t) · √(2 p (1 − p) (1 − r) / items), with z = 0.84 for a power of 80%, t the 97.5% point of \
                                       Student's t with seeds − 1 degrees of freedom, p = 0.2 correct answers, r = 0.5 the correlation of two arms' answers; \
                                       what differs between seeds comes on top";
}

impl Run {
    /// Makes all that the arms share, checks what each of them needs, trains a few steps of each, and tells what the grid takes
    /// and what it could see. No arm is trained.
    ///
    /// # Errors
    /// As [`Run::execute`] before its first training.
    pub fn dry_run(&self, progress: &dyn Progress) -> Result<GridPlan> {
        let cache = self.cache(progress);
        let work = StageContext::new(self, &cache, progress)?;
        let prepared = prepare(&work)?;
        progress.begin("try a few steps", Some(self.variants.len() as u64), "arms");
        let mut variants = Vec::new();
        for variant in &self.variants {
            work.check()?;
            let (steps, tokens) = (variant.train.total_steps(), variant.budget());
            let seconds_per_step = trial(&work, variant, &prepared)?.as_secs_f64();
            let (name, summary) = (variant.name.clone(), variant.summary.clone());
            variants.push(ArmPlan { variant: name, summary, tokens, steps, seconds_per_step });
            progress.advance(1);
        }
        progress.end();
        let seeds = self.file.seeds.len();
        let seconds = seeds as f64 * variants.iter().map(|arm| arm.steps as f64 * arm.seconds_per_step).sum::<f64>();
        let jobs = self.file.ablation.as_ref().map_or(1, |settings| settings.jobs);
        Ok(GridPlan { variants, seeds, jobs, seconds, probes: self.probes(&prepared)? })
    }

    fn probes(&self, prepared: &Prepared) -> Result<Vec<ProbePlan>> {
        let mut names = 0;
        for text in AnnotatedReader::open(&prepared.annotated.file(annotate::PROBE_TEXT))? {
            names += text?.mentions.len() as u64;
        }
        let (texts, most) = (&prepared.texts, self.file.probes.items_max as u64);
        let asked = [
            ("entity cloze and typing, names in held-out text", names.min(most)),
            ("relation cloze and mention → entity, sentences of held-out facts", texts.held_out_sentences.min(most)),
            ("bitext, pairs", texts.probe_pairs),
            ("Tatoeba, sentences", texts.tatoeba),
        ];
        let seeds = self.file.seeds.len();
        let plan = |(probe, items_max): (&str, u64)| ProbePlan {
            probe: probe.to_owned(),
            items_max,
            smallest_visible: smallest_visible(items_max, seeds),
        };
        Ok(asked.into_iter().map(plan).collect())
    }
}

/// [`GridPlan::FORMULA`]; `None` without items or with fewer than two seeds.
fn smallest_visible(items: u64, seeds: usize) -> Option<f64> {
    let student = StudentsT::new(0.0, 1.0, seeds.checked_sub(1)? as f64).ok()?;
    let factor = student.inverse_cdf(0.975) + Normal::standard().inverse_cdf(0.8);
    let variance = 2.0 * SHARE * (1.0 - SHARE) * (1.0 - CORRELATION);
    (items > 0).then(|| factor * (variance / items as f64).sqrt())
}

/// The time of a step, over a few.
fn trial(work: &StageContext<'_>, variant: &Variant, prepared: &Prepared) -> Result<Duration> {
    let seed = Seed(work.run.file.seeds[0]);
    let knowledge = knowledge::knowledge(work, variant, seed, prepared)?;
    let specials = tokenizer::open(&prepared.corpus(variant).vocabulary)?.specials();
    let folder = tempfile::tempdir().map_err(|source| Error::io("create", &std::env::temp_dir(), source))?;
    let steps = variant.train.total_steps().min(TRIAL_STEPS);
    let config = TrainConfig { seed, steps: Some(steps), tokens: None, ..variant.train.clone() };
    let data = train::data(variant, prepared, &knowledge, String::new())?;
    let output = Output { dir: folder.path().to_owned(), files: Vec::new() };
    let started = Box::new(|| Ok(()));
    let run = TrainingRun { config, start: train::start(work, variant, &specials), data, specials, output, started };
    let clock = StepClock { inner: work.progress, steps: Mutex::new(Vec::new()) };
    // A trial is too short to warn of anything.
    with_default(NoSubscriber::default(), || run.run(&clock))?;
    let times = clock.steps.into_inner().unwrap_or_default();
    let (Some(first), Some(last)) = (times.first(), times.last()) else { return Ok(Duration::ZERO) };
    Ok((*last - *first) / (times.len().max(2) - 1) as u32)
}

/// Notes when steps end.
struct StepClock<'a> {
    inner: &'a dyn Progress,
    steps: Mutex<Vec<Instant>>,
}

impl Progress for StepClock<'_> {
    fn begin(&self, _: &str, _: Option<u64>, _: &'static str) {}

    fn advance(&self, by: u64) {
        // A run first says where it stands.
        if by == 0 {
            return;
        }
        if let Ok(mut steps) = self.steps.lock() {
            steps.push(Instant::now());
        }
    }

    fn note(&self, _: &str) {}

    fn end(&self) {}

    fn cancelled(&self) -> bool {
        self.inner.cancelled()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fewer_items_and_fewer_seeds_see_less() {
        let of = |items, seeds| smallest_visible(items, seeds).unwrap();
        // (2.7764 + 0.8416) · √(0.16 / 1000)
        assert!((of(1000, 5) - 0.045_765).abs() < 1e-5, "{}", of(1000, 5));
        assert!(of(100, 5) > of(1000, 5) && of(1000, 3) > of(1000, 5));
        assert_eq!((smallest_visible(0, 5), smallest_visible(1000, 1), smallest_visible(1000, 0)), (None, None, None));
    }
}
