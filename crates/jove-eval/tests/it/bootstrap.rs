//! Bootstrap intervals on distributions with a known mean.
#![allow(clippy::float_cmp, reason = "the expected numbers are exact")]

use jove_core::{Purpose, Rng, Seed};
use jove_eval::{Bootstrap, Estimate};
use proptest::prelude::*;

#[test]
fn nothing_and_one_value_claim_nothing() {
    let bootstrap = Bootstrap::default();
    let none = bootstrap.mean(&[]);
    assert_eq!((none.items, none.mean, none.low, none.high), (0, 0.0, 0.0, 0.0));
    let one = bootstrap.mean(&[0.5]);
    assert_eq!((one.mean, one.low, one.high), (0.5, 0.5, 0.5));
    assert!(!one.excludes_zero() && !none.excludes_zero());
}

#[test]
fn an_interval_excludes_zero_on_either_side_of_it() {
    let estimate = |low, high| Estimate { items: 2, mean: 0.0, low, high, confidence: 0.95 };
    for (low, high, expected) in [(0.1, 0.2, true), (-0.2, -0.1, true), (-0.1, 0.1, false), (0.0, 0.1, false)] {
        assert_eq!(estimate(low, high).excludes_zero(), expected, "{low} {high}");
    }
}

#[test]
fn differences_of_pairs_show_what_the_spread_of_items_hides() {
    let base: Vec<f64> = (0..40).map(|i| f64::from(i % 10)).collect();
    let treated: Vec<f64> = base.iter().zip(0..).map(|(value, i)| value + 0.1 + 0.01 * f64::from(i % 3)).collect();
    let differences: Vec<f64> = treated.iter().zip(&base).map(|(treated, base)| treated - base).collect();
    let bootstrap = Bootstrap::default();
    assert!(bootstrap.mean(&differences).excludes_zero());
    let (treated, base) = (bootstrap.mean(&treated), bootstrap.mean(&base));
    assert!(treated.low < base.high, "unpaired intervals overlap");
}

/// Of two values 0 and 1 a resample's mean is 0, 1/2 or 1 with probability 1/4, 1/2, 1/4.
#[test]
fn quantiles_are_those_of_the_exact_resampling_distribution() {
    for (confidence, low, high) in [(0.95, 0.0, 1.0), (0.6, 0.0, 1.0), (0.4, 0.5, 0.5)] {
        let found = Bootstrap { confidence, ..Bootstrap::default() }.mean(&[0.0, 1.0]);
        assert_eq!((found.low, found.high, found.confidence), (low, high, confidence));
    }
}

/// How many of 200 intervals hold the true mean.
fn covered(confidence: f64, mean: f64, draw: fn(&mut Rng) -> f64) -> usize {
    let bootstrap = Bootstrap { resamples: 300, confidence, ..Bootstrap::default() };
    let covers = |run: &u64| {
        let mut rng = Seed(5).rng(Purpose::Probe, 0, *run);
        let values: Vec<f64> = (0..40).map(|_| draw(&mut rng)).collect();
        let estimate = bootstrap.mean(&values);
        estimate.low <= mean && mean <= estimate.high
    };
    (0..200).filter(covers).count()
}

/// Percentile intervals of 40 values are somewhat short, the more so the more skewed the distribution.
#[test]
fn intervals_cover_the_mean_about_as_often_as_they_claim() {
    let uniform: fn(&mut Rng) -> f64 = |rng| rng.random::<f64>();
    let coin: fn(&mut Rng) -> f64 = |rng| if rng.random_bool(0.3) { 1.0 } else { 0.0 };
    let exponential: fn(&mut Rng) -> f64 = |rng| -(1.0 - rng.random::<f64>()).ln();
    for (name, confidence, mean, draw, expected) in [
        ("uniform", 0.95, 0.5, uniform, 180..=199),
        ("coin", 0.95, 0.3, coin, 176..=199),
        ("exponential", 0.95, 1.0, exponential, 170..=199),
        ("uniform", 0.5, 0.5, uniform, 80..=120),
    ] {
        let found = covered(confidence, mean, draw);
        assert!(expected.contains(&found), "{name} at {confidence}: {found} of 200");
    }
}

proptest! {
    #[test]
    fn intervals_lie_within_the_values_and_repeat(values in prop::collection::vec(-9.0..9.0f64, 1..30), seed: u64) {
        let bootstrap = Bootstrap { seed: Seed(seed), resamples: 200, ..Bootstrap::default() };
        let estimate = bootstrap.mean(&values);
        let least = values.iter().copied().fold(f64::INFINITY, f64::min);
        let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        prop_assert!(least - 1e-9 <= estimate.low && estimate.low <= estimate.high && estimate.high <= most + 1e-9);
        prop_assert_eq!(estimate, bootstrap.mean(&values));
    }

    #[test]
    fn intervals_move_and_stretch_with_the_values(
        values in prop::collection::vec(-9.0..9.0f64, 2..30), shift in -5.0..5.0f64, scale in 0.1..4.0f64,
    ) {
        let bootstrap = Bootstrap { resamples: 200, ..Bootstrap::default() };
        let plain = bootstrap.mean(&values);
        let moved = bootstrap.mean(&values.iter().map(|value| value * scale + shift).collect::<Vec<_>>());
        for (plain, moved) in [(plain.mean, moved.mean), (plain.low, moved.low), (plain.high, moved.high)] {
            prop_assert!((plain * scale + shift - moved).abs() < 1e-9);
        }
        let mirrored = bootstrap.mean(&values.iter().map(|value| -value).collect::<Vec<_>>());
        prop_assert!((mirrored.low + plain.high).abs() < 1e-9 && (mirrored.high + plain.low).abs() < 1e-9);
    }

    #[test]
    fn more_confidence_makes_no_interval_shorter(values in prop::collection::vec(-9.0..9.0f64, 2..30)) {
        let interval = |confidence| Bootstrap { resamples: 200, confidence, ..Bootstrap::default() }.mean(&values);
        let (narrow, wide) = (interval(0.5), interval(0.95));
        prop_assert!(wide.low <= narrow.low && narrow.high <= wide.high);
    }
}
