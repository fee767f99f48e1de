//! Signs that a run learns nothing.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::Error;
use crate::metrics::{Diagnostics, StepReport};

/// Steps in a row with nothing to learn from after which a run stops.
const IDLE_STEPS: u64 = 10;
/// Steps in a row without an item, or with the same loss, after which an objective is warned of.
const STILL_STEPS: u64 = 100;
/// Vectors that lie nearer together than this are said to have collapsed: on average less than a quarter apart, squared.
const UNIFORMITY_MAX: f64 = -0.5;

/// What is known of the steps of this session, to say when they teach nothing; each thing is said once.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    /// Steps in a row without a target.
    idle: u64,
    /// Steps in a row with targets and a gradient of 0.
    still: u64,
    /// For each objective: steps in a row without an item.
    without: BTreeMap<String, u64>,
    /// For each objective: its mean loss, and steps in a row with it.
    constant: BTreeMap<String, (f64, u64)>,
    said: BTreeSet<String>,
}

impl Watch {
    /// Takes note of a step of a run of `steps`, in which each of `objectives` should have items.
    ///
    /// # Errors
    /// `Error::NothingToLearn` where no step has a target, or the gradient is 0 all the time; `why` says more of the data.
    pub(crate) fn step(
        &mut self,
        report: &StepReport,
        steps: u64,
        objectives: &[&str],
        why: impl Fn() -> String,
    ) -> Result<(), Error> {
        let has_items = report.losses.values().any(|loss| loss.count > 0);
        self.idle = if has_items { 0 } else { self.idle + 1 };
        self.still = if has_items && report.gradient_norm == 0.0 { self.still + 1 } else { 0 };
        let last = report.step == steps;
        let stop = |count: u64| count == IDLE_STEPS || (last && count == steps);
        if stop(self.idle) {
            return Err(Error::NothingToLearn { step: report.step, found: "no target".to_owned(), why: why() });
        }
        if stop(self.still) {
            let found = "a gradient of 0".to_owned();
            return Err(Error::NothingToLearn { step: report.step, found, why: why() });
        }
        self.objectives(report, objectives, last);
        Ok(())
    }

    fn objectives(&mut self, report: &StepReport, objectives: &[&str], last: bool) {
        for &name in objectives {
            let loss = report.losses.get(name).filter(|loss| loss.count > 0);
            let without = self.without.entry(name.to_owned()).or_default();
            *without = if loss.is_some() { 0 } else { *without + 1 };
            let count = *without;
            if count == STILL_STEPS || (last && count == report.step) {
                self.say(&format!(
                    "objective {name}: no example had an item for it in {count} steps up to step {}",
                    report.step
                ));
            }
            let Some(mean) = loss.map(crate::metrics::Loss::mean) else { continue };
            let (before, same) = self.constant.entry(name.to_owned()).or_insert((mean, 0));
            *same = if (mean - *before).abs() <= 1e-9 * before.abs() { *same + 1 } else { 1 };
            *before = mean;
            if *same == STILL_STEPS {
                let step = report.step;
                self.say(&format!(
                    "objective {name}: the loss was {mean:.6} in each of {STILL_STEPS} steps up to step {step}"
                ));
            }
        }
    }

    /// Says so where vectors have collapsed after the first tenth of a run; before that they are all alike anyway.
    pub(crate) fn diagnostics(&mut self, diagnostics: &Diagnostics, step: u64, steps: u64) {
        for (gauge, value) in collapsed(diagnostics).filter(|_| step > steps / 10) {
            if self.said.insert(gauge.to_owned()) {
                tracing::warn!(
                    "at step {step} the vectors of a contrast were nearly all alike: {gauge} was {value:.3}, where 0 is one \
                     point and {UNIFORMITY_MAX} or less is spread; metrics.jsonl has the steps after it"
                );
            }
        }
    }

    fn say(&mut self, warning: &str) {
        if self.said.insert(warning.to_owned()) {
            tracing::warn!("{warning}");
        }
    }
}

fn collapsed(diagnostics: &Diagnostics) -> impl Iterator<Item = (&str, f64)> {
    let near = diagnostics.iter().filter(|(name, value)| name.ends_with(".uniformity") && **value > UNIFORMITY_MAX);
    near.map(|(name, value)| (name.as_str(), *value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::{Loss, Losses};

    fn report(step: u64, losses: &[(&str, f64, u64)], gradient_norm: f64) -> StepReport {
        let losses = losses.iter().map(|&(name, sum, count)| (name.to_owned(), Loss { sum, count }));
        StepReport {
            step,
            tokens: 1,
            losses: losses.collect::<Losses>(),
            gradient_norm,
            gradient_shares: BTreeMap::new(),
            learning_rate: 1e-3,
        }
    }

    /// The step at which a run of `steps` stops.
    fn stops(steps: u64, losses: impl Fn(u64) -> Vec<(&'static str, f64, u64)>, norm: f64) -> Option<u64> {
        let mut watch = Watch::default();
        let stop =
            |step: u64| watch.step(&report(step, &losses(step), norm), steps, &["mlm"], || "so it is".to_owned()).err();
        let error = (1..=steps).find_map(stop)?;
        let message = error.to_string();
        assert!(message.ends_with("so it is"), "{message}");
        match error {
            Error::NothingToLearn { step, .. } => Some(step),
            other => panic!("{other}"),
        }
    }

    #[test]
    fn a_run_without_targets_or_gradient_stops() {
        assert_eq!(stops(50, |_| vec![], 0.0), Some(10));
        assert_eq!(stops(4, |_| vec![("mlm", 0.0, 0)], 0.0), Some(4), "at the end of a short run");
        assert_eq!(stops(50, |_| vec![("mlm", 2.0, 1)], 0.0), Some(10));
        assert_eq!(stops(50, |step| if step % 10 == 0 { vec![("mlm", 2.0, 1)] } else { vec![] }, 0.5), None);
        assert_eq!(stops(4, |step| if step == 2 { vec![("mlm", 2.0, 1)] } else { vec![] }, 0.5), None);
        assert_eq!(stops(50, |_| vec![("mlm", 2.0, 1)], 0.5), None);
    }

    fn said(steps: u64, losses: impl Fn(u64) -> Vec<(&'static str, f64, u64)>) -> Vec<String> {
        let mut watch = Watch::default();
        for step in 1..=steps {
            watch.step(&report(step, &losses(step), 0.5), steps, &["link", "mlm"], String::new).unwrap();
        }
        watch.said.into_iter().collect()
    }

    #[test]
    fn objectives_without_items_and_constant_losses_are_named_once() {
        let moving = |step: u64| ("mlm", 1.0 / step as f64, 1);
        assert_eq!(said(300, |step| vec![moving(step), ("link", 1.0 / step as f64, 2)]), Vec::<String>::new());
        let warnings = said(300, |step| vec![moving(step)]);
        assert_eq!(
            warnings,
            [
                "objective link: no example had an item for it in 100 steps up to step 100",
                "objective link: no example had an item for it in 300 steps up to step 300"
            ]
        );
        let warnings = said(5, |step| vec![moving(step)]);
        assert_eq!(warnings, ["objective link: no example had an item for it in 5 steps up to step 5"]);
        let warnings = said(120, |step| vec![moving(step), ("link", 2.0, 4)]);
        assert_eq!(warnings, ["objective link: the loss was 0.500000 in each of 100 steps up to step 100"]);
    }

    #[test]
    fn vectors_in_one_place_are_named() {
        let diagnostics = Diagnostics::from(
            [("link.mentions.uniformity", -0.1), ("link.descriptions.uniformity", -2.5), ("link.alignment", 0.0)]
                .map(|(name, value)| (name.to_owned(), value)),
        );
        let names: Vec<&str> = collapsed(&diagnostics).map(|(name, _)| name).collect();
        assert_eq!(names, ["link.mentions.uniformity"]);
    }
}
