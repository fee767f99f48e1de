//! Bootstrap intervals of a mean.

use jove_core::{Purpose, Seed};
use rand::RngExt as _;
use serde::{Deserialize, Serialize};

/// A mean with its bootstrap interval, in the unit of the values.
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
    /// Nominal coverage of the interval, in (0, 1).
    pub confidence: f64,
}

impl Estimate {
    /// Whether the interval excludes 0; never for fewer than two values.
    pub fn excludes_zero(&self) -> bool {
        self.items > 1 && (self.low > 0.0 || self.high < 0.0)
    }
}

/// Options of the percentile bootstrap (Efron and Tibshirani, An Introduction to the Bootstrap, section 13.3).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bootstrap {
    /// Number of resamples. Default 2000.
    pub resamples: usize,
    /// Nominal coverage, in (0, 1). Default 0.95.
    pub confidence: f64,
    /// Seed of the resamples.
    pub seed: Seed,
}

impl Default for Bootstrap {
    fn default() -> Self {
        Self { resamples: 2000, confidence: 0.95, seed: Seed(0) }
    }
}

impl Bootstrap {
    /// The mean of `values` with its percentile interval over resampled values. The interval of a single value has width 0.
    /// For a paired comparison pass the differences of the pairs.
    pub fn mean(&self, values: &[f64]) -> Estimate {
        let means = (0..self.resamples.max(1) as u64).map(|resample| self.resampled_mean(values, resample)).collect();
        self.estimate(values, means)
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
