//! The learning rate over a run.

/// Linear warmup to the peak, then linear decay towards 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Schedule {
    peak: f64,
    warmup_steps: u64,
    total_steps: u64,
}

impl Schedule {
    /// A schedule over `total_steps` that reaches `peak` after the fraction `warmup` of them.
    pub(crate) fn new(peak: f64, warmup: f64, total_steps: u64) -> Self {
        Self { peak, warmup_steps: (warmup * total_steps as f64).round() as u64, total_steps }
    }

    /// The learning rate of step `step`, counted from 0; above 0 for every step of the run, 0 after it.
    pub(crate) fn learning_rate(&self, step: u64) -> f64 {
        let part = if step >= self.total_steps {
            0.0
        } else if step < self.warmup_steps {
            (step + 1) as f64 / (self.warmup_steps + 1) as f64
        } else {
            (self.total_steps - step) as f64 / (self.total_steps - self.warmup_steps) as f64
        };
        self.peak * part
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn rises_to_the_peak_then_falls() {
        let schedule = Schedule::new(1.0, 0.2, 10);
        let rates: Vec<f64> = (0..11).map(|step| schedule.learning_rate(step)).collect();
        let expected = [1.0 / 3.0, 2.0 / 3.0, 1.0, 7.0 / 8.0, 6.0 / 8.0, 5.0 / 8.0, 0.5, 3.0 / 8.0, 0.25, 0.125, 0.0];
        assert_eq!(rates, expected);
    }

    proptest! {
        #[test]
        fn every_step_learns_and_none_exceeds_the_peak(warmup in 0.0..0.999, total in 1u64..500) {
            let schedule = Schedule::new(0.01, warmup, total);
            for step in 0..total {
                let rate = schedule.learning_rate(step);
                prop_assert!(rate > 0.0 && rate <= 0.01);
            }
        }
    }
}
