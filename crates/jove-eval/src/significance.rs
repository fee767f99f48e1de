//! Whether a difference is more than noise.

use jove_core::{Purpose, Seed};
use rand::RngExt as _;
use serde::{Deserialize, Serialize};

/// A mean with its bootstrap interval.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// Number of values.
    pub items: usize,
    /// Their mean; 0 where there are none.
    pub mean: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
    /// How much of the bootstrap's mass the interval holds, in (0, 1).
    pub confidence: f64,
}

impl Estimate {
    /// Whether the interval leaves out 0, so that the sign of the mean can be trusted.
    pub fn excludes_zero(&self) -> bool {
        self.items > 1 && (self.low > 0.0 || self.high < 0.0)
    }
}

/// How intervals are made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bootstrap {
    /// Number of resamples.
    pub resamples: usize,
    /// Mass inside the interval, in (0, 1).
    pub confidence: f64,
    /// Where the resamples come from.
    pub seed: Seed,
}

impl Default for Bootstrap {
    fn default() -> Self {
        Self { resamples: 2000, confidence: 0.95, seed: Seed(0) }
    }
}

impl Bootstrap {
    /// The mean of `values` with its percentile interval over resampled items. One value has an interval of width 0:
    /// nothing is known of its spread.
    pub fn mean(&self, values: &[f64]) -> Estimate {
        let means = (0..self.resamples.max(1) as u64).map(|resample| self.resampled_mean(values, resample)).collect();
        self.estimate(values, means)
    }

    /// The mean difference `treated − base` of paired items with its interval, which resamples pairs: what both share,
    /// such as the item's difficulty or the seed, cancels out. `None` where the lists differ in length.
    pub fn paired_difference(&self, treated: &[f64], base: &[f64]) -> Option<Estimate> {
        let differences: Vec<f64> = treated.iter().zip(base).map(|(treated, base)| treated - base).collect();
        (treated.len() == base.len()).then(|| self.mean(&differences))
    }

    fn resampled_mean(&self, values: &[f64], resample: u64) -> f64 {
        let mut rng = self.seed.rng(Purpose::Bootstrap, 0, resample);
        let sum: f64 = (0..values.len()).map(|_| values[rng.random_range(0..values.len())]).sum();
        sum / values.len().max(1) as f64
    }

    fn estimate(&self, values: &[f64], mut means: Vec<f64>) -> Estimate {
        means.sort_by(f64::total_cmp);
        let tail = (1.0 - self.confidence) / 2.0;
        let quantile = |part: f64| means[((means.len() - 1) as f64 * part).round() as usize];
        Estimate {
            items: values.len(),
            mean: values.iter().sum::<f64>() / values.len().max(1) as f64,
            low: quantile(tail),
            high: quantile(1.0 - tail),
            confidence: self.confidence,
        }
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "the expected numbers are exact")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nothing_and_one_value_claim_nothing() {
        let bootstrap = Bootstrap::default();
        assert_eq!(bootstrap.mean(&[]).mean, 0.0);
        let one = bootstrap.mean(&[0.5]);
        assert_eq!((one.mean, one.low, one.high), (0.5, 0.5, 0.5));
        assert!(!one.excludes_zero());
        assert_eq!(bootstrap.paired_difference(&[1.0], &[]), None);
    }

    #[test]
    fn pairing_finds_what_the_spread_of_items_would_hide() {
        let base: Vec<f64> = (0..40).map(|i| f64::from(i % 10)).collect();
        let treated: Vec<f64> = base.iter().enumerate().map(|(i, v)| v + 0.1 + 0.01 * (i % 3) as f64).collect();
        let bootstrap = Bootstrap::default();
        assert!(bootstrap.paired_difference(&treated, &base).unwrap().excludes_zero());
        let (treated, base) = (bootstrap.mean(&treated), bootstrap.mean(&base));
        assert!(treated.low < base.high, "unpaired intervals overlap");
    }

    /// About 95 of 100 intervals have to hold the true mean; ours resample, so some slack below.
    #[test]
    fn intervals_cover_the_truth_about_as_often_as_they_say() {
        let bootstrap = Bootstrap { resamples: 300, ..Bootstrap::default() };
        let covered = (0..200).filter(|&run| {
            let mut rng = Seed(5).rng(Purpose::Probe, 0, run);
            let values: Vec<f64> = (0..40).map(|_| rng.random::<f64>()).collect();
            let estimate = bootstrap.mean(&values);
            estimate.low <= 0.5 && 0.5 <= estimate.high
        });
        let covered = covered.count();
        assert!((180..=199).contains(&covered), "{covered} of 200");
    }

    proptest! {
        #[test]
        fn the_interval_holds_the_mean_and_repeats(values in prop::collection::vec(-9.0..9.0f64, 1..30), seed: u64) {
            let bootstrap = Bootstrap { seed: Seed(seed), resamples: 200, ..Bootstrap::default() };
            let estimate = bootstrap.mean(&values);
            prop_assert!(estimate.low <= estimate.high);
            prop_assert!(estimate.low <= estimate.mean + 1.0 && estimate.mean <= estimate.high + 1.0);
            prop_assert_eq!(estimate, bootstrap.mean(&values));
        }
    }
}
