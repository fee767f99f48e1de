//! Settings of the training loop, whatever is trained.

use jove_core::Seed;
use jove_model::{AdamW, Pass};
use serde::Serialize;

use crate::error::{Error, check};

/// Settings of the training loop, whatever is trained; the defaults are those of [`TrainConfig`](crate::TrainConfig).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LoopOptions {
    /// The number all randomness of the run comes from.
    pub seed: Seed,
    /// Optimizer steps of the run.
    pub steps: u64,
    /// Forward passes whose gradients are summed into one optimizer step.
    pub accumulation: usize,
    /// Peak learning rate of AdamW.
    pub learning_rate: f64,
    /// Part of the steps over which the learning rate rises linearly from 0, in [0, 1).
    pub warmup: f64,
    /// Decoupled weight decay, on every parameter but biases and layer norms.
    pub weight_decay: f64,
    /// Decay rates of AdamW's two moments, each in [0, 1).
    pub betas: [f64; 2],
    /// Added to the root of AdamW's second moment.
    pub epsilon: f64,
    /// The largest global gradient norm; 0 is no limit.
    pub clip: f64,
    /// Whether activations are computed again in the backward pass instead of kept.
    pub recompute: bool,
    /// Whether activations are dropped with the model's probabilities.
    pub dropout: bool,
    /// Optimizer steps between two checkpoints; 0 saves only at the end or when interrupted.
    pub save_every: u64,
    /// Optimizer steps between two lines of metrics.
    pub log_every: u64,
    /// Lines of metrics from one with gradient shares to the next; 0 is never.
    pub gradient_share_every: u64,
}

impl Default for LoopOptions {
    fn default() -> Self {
        Self {
            seed: Seed(1),
            steps: 0,
            accumulation: 1,
            learning_rate: 5e-4,
            warmup: 0.05,
            weight_decay: 0.01,
            betas: [0.9, 0.98],
            epsilon: 1e-6,
            clip: 1.0,
            recompute: false,
            dropout: true,
            save_every: 500,
            log_every: 10,
            gradient_share_every: 10,
        }
    }
}

impl LoopOptions {
    /// Checks every field.
    ///
    /// # Errors
    /// `Error::Config` names the first field that is invalid, what it may be and what it is.
    pub fn validate(&self) -> Result<(), Error> {
        let positive = |value: f64| value.is_finite() && value > 0.0;
        let not_negative = |value: f64| value.is_finite() && value >= 0.0;
        check("steps", "at least one step", self.steps, self.steps > 0)?;
        check("accumulation", "1 to 65536", self.accumulation, (1..=65536).contains(&self.accumulation))?;
        check("log-every", "1 or more", self.log_every, self.log_every >= 1)?;
        check("learning-rate", "a number above 0", self.learning_rate, positive(self.learning_rate))?;
        check("warmup", "0 up to but not 1", self.warmup, (0.0..1.0).contains(&self.warmup))?;
        check("weight-decay", "0 or more", self.weight_decay, not_negative(self.weight_decay))?;
        for beta in self.betas {
            check("betas", "two numbers from 0 up to but not 1", beta, (0.0..1.0).contains(&beta))?;
        }
        check("epsilon", "a number above 0", self.epsilon, positive(self.epsilon))?;
        check("clip", "0 or more", self.clip, not_negative(self.clip))
    }

    /// The same options with those on saving and logging, which change no outcome, at fixed values.
    pub(crate) fn outcome(&self) -> Self {
        Self { save_every: 0, log_every: 1, gradient_share_every: 0, recompute: false, ..self.clone() }
    }

    /// The forward pass `index` of a step, counted from 0.
    pub(crate) fn pass(&self, step: u64, index: usize) -> Pass {
        let number = step * self.accumulation as u64 + index as u64;
        let pass = if self.dropout { Pass::train(self.seed, number) } else { Pass::eval() };
        pass.with_recompute(self.recompute)
    }

    /// What gradients are multiplied by so that their norm is at most the limit.
    pub(crate) fn clip_scale(&self, norm: f64) -> f64 {
        if self.clip > 0.0 { (self.clip / (norm + 1e-6)).min(1.0) } else { 1.0 }
    }

    /// The optimizer's constants.
    pub(crate) fn adamw(&self) -> AdamW {
        let [beta1, beta2] = self.betas;
        AdamW { beta1, beta2, epsilon: self.epsilon, weight_decay: self.weight_decay }
    }

    /// Whether a line of metrics is written after a step, counted from 1.
    pub(crate) fn is_logged(&self, step: u64) -> bool {
        step.is_multiple_of(self.log_every) || step == self.steps
    }

    /// Whether gradient shares are measured in a step, counted from 1.
    pub(crate) fn is_share_measured(&self, step: u64) -> bool {
        let every = self.log_every.saturating_mul(self.gradient_share_every);
        every != 0 && step.is_multiple_of(every)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_clipped_gradient_is_no_longer_than_the_limit(norm in 0.0f64..1e6, clip in 1e-3f64..1e3) {
            let options = LoopOptions { clip, ..LoopOptions::default() };
            prop_assert!(norm * options.clip_scale(norm) <= clip.max(norm.min(clip)) * (1.0 + 1e-12));
            prop_assert!(options.clip_scale(norm) <= 1.0);
            let unlimited = LoopOptions { clip: 0.0, ..LoopOptions::default() };
            prop_assert_eq!(unlimited.clip_scale(norm).to_bits(), 1.0f64.to_bits());
        }

        #[test]
        fn the_last_step_is_logged_and_shares_are_measured_on_logged_steps(
            steps in 1u64..200, log_every in 1u64..20, gradient_share_every in 0u64..5,
        ) {
            let options = LoopOptions { steps, log_every, gradient_share_every, ..LoopOptions::default() };
            prop_assert!(options.is_logged(steps));
            prop_assert!((1..=steps).all(|step| !options.is_share_measured(step) || options.is_logged(step)));
        }
    }
}
