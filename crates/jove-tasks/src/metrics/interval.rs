//! Bootstrap intervals of measures.

use jove_core::{Purpose, Seed};
use rand::RngExt as _;
use serde::{Deserialize, Serialize};

use super::Measure;
use crate::example::Answer;

/// A score with its 95% interval.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Interval {
    /// The score.
    pub score: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

const RESAMPLES: u64 = 1000;

impl Interval {
    /// The mean score of the predictions of some seeds, with the percentile bootstrap's interval over examples and, where there are
    /// several, seeds (Efron and Tibshirani, An Introduction to the Bootstrap, section 13.3), 1000 resamples.
    pub fn of(measure: Measure, gold: &[Answer], predicted: &[Vec<Answer>]) -> Self {
        if gold.is_empty() || predicted.is_empty() {
            return Self::default();
        }
        let mean = |scores: &mut dyn Iterator<Item = f64>| scores.sum::<f64>() / predicted.len() as f64;
        let resampled = |resample: u64| {
            let mut rng = Seed(0).rng(Purpose::Bootstrap, 0, resample);
            let chosen: Vec<usize> = (0..gold.len()).map(|_| rng.random_range(0..gold.len())).collect();
            let seeds: Vec<usize> = (0..predicted.len()).map(|_| rng.random_range(0..predicted.len())).collect();
            mean(&mut seeds.iter().map(|&seed| measure.score_of(gold, &predicted[seed], &chosen)))
        };
        let mut scores: Vec<f64> = (0..RESAMPLES).map(resampled).collect();
        scores.sort_by(f64::total_cmp);
        let quantile = |part: f64| scores[((scores.len() - 1) as f64 * part).round() as usize];
        let score = mean(&mut predicted.iter().map(|predicted| measure.score(gold, predicted)));
        Self { score, low: quantile(0.025), high: quantile(0.975) }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::float_cmp, reason = "the expected numbers are exact")]

    use super::*;

    #[test]
    fn the_interval_of_a_coin_is_that_of_the_binomial() {
        let gold: Vec<Answer> = (0..400).map(|_| Answer::Class(0)).collect();
        let predicted: Vec<Answer> = (0..400).map(|at| Answer::Class(at % 2)).collect();
        let interval = Interval::of(Measure::Accuracy, &gold, &[predicted]);
        assert_eq!(interval.score, 0.5);
        // 1.96 standard deviations of 0.025 each.
        assert!((interval.low - 0.451).abs() < 0.008 && (interval.high - 0.549).abs() < 0.008, "{interval:?}");
        assert_eq!(Interval::of(Measure::Accuracy, &[], &[]), Interval::default());
    }

    #[test]
    fn seeds_that_differ_widen_the_interval() {
        let gold: Vec<Answer> = (0..400).map(|_| Answer::Class(0)).collect();
        let right = |of_ten: u32| (0..400).map(|at| Answer::Class(u32::from(at % 10 >= of_ten))).collect::<Vec<_>>();
        let width = |seeds: &[Vec<Answer>]| {
            let interval = Interval::of(Measure::Accuracy, &gold, seeds);
            assert!((interval.score - 0.7).abs() < 1e-9, "{interval:?}");
            interval.high - interval.low
        };
        assert!(width(&[right(5), right(9)]) > 3.0 * width(&[right(7), right(7)]));
    }
}
