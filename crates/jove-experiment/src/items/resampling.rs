//! The bootstrap over seeds and items together.

use std::collections::{BTreeMap, BTreeSet};

use jove_core::{Purpose, Rng, Seed};
use rand::Rng as _;
use rayon::prelude::*;

use crate::items::measures::{Definition, by_probe, definitions};
use crate::items::question::{Questions, Reply};
use crate::items::sample::Sample;
use crate::resampled::Resampled;

/// Resamples: the least p is twice the inverse of one more.
const RESAMPLES: u64 = 5000;
/// Fewer seeds have no intervals.
const SEEDS_MIN: usize = 3;
/// Share of resamples below an interval, and above it.
const TAIL: f64 = 0.025;

/// Random streams of [`Purpose::Bootstrap`] that this module uses.
const ITEMS: u64 = 1;
const SEEDS: u64 = 2;

/// The samples of all arms, measure by measure.
pub(crate) struct Samples {
    definitions: Vec<Definition>,
    /// By measure: by variant and seed.
    of: Vec<BTreeMap<(usize, u64), Sample>>,
}

impl Samples {
    /// None yet.
    pub(crate) fn new(questions: &Questions) -> Self {
        let definitions = definitions(questions);
        Self { of: vec![BTreeMap::new(); definitions.len()], definitions }
    }

    /// Adds what an arm answered.
    pub(crate) fn add(&mut self, variant: usize, seed: u64, questions: &Questions, replies: &[Reply]) {
        let replies = by_probe(replies);
        for (definition, samples) in self.definitions.iter().zip(&mut self.of) {
            samples.extend(definition.sample(questions, &replies).map(|sample| ((variant, seed), sample)));
        }
    }

    /// The intervals of the differences between all variants. A resample draws seeds and items, both with replacement, the
    /// same for all variants (Owen 2007, "The pigeonhole bootstrap"); a difference is the mean over the seeds that were drawn.
    pub(crate) fn resampled(&self, variants: &[String]) -> Vec<Resampled> {
        let of = |(definition, samples): (&Definition, &BTreeMap<_, _>)| resample(definition, samples, variants);
        self.definitions.iter().zip(&self.of).flat_map(of).collect()
    }
}

fn resample(definition: &Definition, samples: &BTreeMap<(usize, u64), Sample>, variants: &[String]) -> Vec<Resampled> {
    let measured: BTreeSet<usize> = samples.keys().map(|&(variant, _)| variant).collect();
    let has = |seed: u64| measured.iter().all(|&variant| samples.contains_key(&(variant, seed)));
    let seeds: BTreeSet<u64> = samples.keys().map(|&(_, seed)| seed).filter(|&seed| has(seed)).collect();
    let seeds: Vec<u64> = seeds.into_iter().collect();
    let Some(items) = samples.values().map(Sample::len).next().filter(|_| seeds.len() >= SEEDS_MIN) else {
        return Vec::new();
    };
    // By resample: the mean of each variant over the seeds that were drawn.
    let means = |resample: u64| -> Vec<f64> {
        let mut counts = vec![0u32; items];
        draw(ITEMS, resample, items).for_each(|item| counts[item] += 1);
        let drawn: Vec<usize> = draw(SEEDS, resample, seeds.len()).collect();
        let mean = |&variant: &usize| {
            let of = |&seed: &u64| samples[&(variant, seed)].counted(&counts);
            let values: Vec<f64> = seeds.iter().map(of).collect();
            drawn.iter().map(|&seed| values[seed]).sum::<f64>() / drawn.len() as f64
        };
        measured.iter().map(mean).collect()
    };
    let all: Vec<Vec<f64>> = (0..RESAMPLES).into_par_iter().map(means).collect();
    let sign = if definition.higher_is_better() { 1.0 } else { -1.0 };
    let places: Vec<(usize, usize)> = measured.iter().copied().enumerate().collect();
    let mut found = Vec::new();
    for &(base_place, base) in &places {
        for &(place, variant) in &places[base_place + 1..] {
            let differences = all.iter().map(|means| sign * (means[place] - means[base_place])).collect();
            let names = [&variants[variant], &variants[base]];
            found.push(interval(definition, names, differences));
        }
    }
    found
}

fn interval(definition: &Definition, [variant, base]: [&String; 2], mut differences: Vec<f64>) -> Resampled {
    differences.sort_unstable_by(f64::total_cmp);
    let quantile = |part: f64| differences[((differences.len() - 1) as f64 * part).round() as usize];
    let below = differences.iter().filter(|difference| **difference <= 0.0).count();
    let above = differences.iter().filter(|difference| **difference >= 0.0).count();
    let p = 2.0 * (below.min(above) + 1) as f64 / (differences.len() + 1) as f64;
    let (probe, measure) = definition.names();
    Resampled {
        variant: variant.clone(),
        base: base.clone(),
        probe: probe.to_owned(),
        measure: measure.to_owned(),
        low: quantile(TAIL),
        high: quantile(1.0 - TAIL),
        p: p.min(1.0),
    }
}

/// As many draws as there are things, each by the upper half of a 64-bit product; anyone can repeat them from the words of
/// ChaCha with eight rounds (`experiments/statistics/recompute.py` does).
fn draw(stream: u64, resample: u64, count: usize) -> impl Iterator<Item = usize> {
    let mut rng: Rng = Seed(0).rng(Purpose::Bootstrap, stream, resample);
    (0..count).map(move |_| ((u64::from(rng.next_u32()) * count as u64) >> 32) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::items::question::Question;
    use crate::items::sample::tests::{question, ranked};

    /// Two variants under some seeds: the share of items that each has right, and how much seeds move the second one.
    fn resampled(items: u32, seeds: u64, right: [u32; 2], wobble: u32) -> Vec<Resampled> {
        let questions: Vec<Question> = (0..items).map(|item| question(item, "", "x")).collect();
        let questions = Questions::new(questions);
        let mut samples = Samples::new(&questions);
        for seed in 0..seeds {
            for (variant, right) in right.into_iter().enumerate() {
                let right = right + variant as u32 * wobble * (seed as u32 % 3);
                // Which items are right differs by seed.
                let rank = |item: u32| if (item * 7 + seed as u32 * 3) % items < right { 1.0 } else { 2.0 };
                let replies: Vec<Reply> = (0..items).map(|item| ranked(item, rank(item))).collect();
                samples.add(variant, seed, &questions, &replies);
            }
        }
        samples.resampled(&["pd".into(), "kg".into()])
    }

    #[test]
    fn ten_items_are_not_enough_whatever_the_seeds_agree_on() {
        let ten = &resampled(10, 5, [3, 4], 0)[0];
        assert!(ten.p > 0.05, "{ten:?}");
        let many = &resampled(1000, 5, [300, 400], 0)[0];
        assert!(many.low > 0.05 && many.high < 0.15 && many.p < 0.001, "{many:?}");
        assert!(ten.high - ten.low > 2.0 * (many.high - many.low), "{ten:?} {many:?}");
    }

    #[test]
    fn seeds_that_disagree_widen_the_interval() {
        let width = |wobble| {
            let found = resampled(1000, 5, [300, 350], wobble);
            found[0].high - found[0].low
        };
        assert!(width(40) > 1.3 * width(0), "{} {}", width(40), width(0));
    }

    #[test]
    fn fewer_than_three_seeds_have_no_interval() {
        assert!(resampled(100, 2, [30, 40], 0).is_empty());
        assert_eq!(resampled(100, 3, [30, 40], 0).len(), 2, "R@1 and MRR");
        assert_eq!(resampled(100, 3, [30, 40], 0), resampled(100, 3, [30, 40], 0));
    }

    /// The first draws of a stream, which the script must repeat.
    #[test]
    fn the_draws_are_frozen() {
        assert_eq!(draw(ITEMS, 7, 1000).take(4).collect::<Vec<_>>(), [780, 445, 2, 108]);
        assert_eq!(draw(ITEMS, 7, 10).count(), 10);
    }
}
