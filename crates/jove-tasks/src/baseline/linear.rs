//! A linear model over hashed features, trained by stochastic gradient descent.

use jove_core::{Purpose, Seed};
use rand::seq::SliceRandom as _;

/// The most weights of a model; few classes get more buckets each.
const WEIGHTS_MAX: usize = 1 << 23;
const BUCKETS_MAX: usize = 1 << 18;
const EPOCHS: u64 = 5;
/// Of a feature vector of length 1; falls with the inverse root of the steps in units of an epoch.
const RATE: f32 = 1.0;

/// What an item should score.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Target {
    /// One of several outputs, by softmax.
    Class(u32),
    /// The one output.
    Number(f32),
}

/// An item: its features and what it should score.
pub(crate) type Item = (Vec<u64>, Target);

/// Weights of hashed features for some outputs. With 5 epochs over the data, without penalty.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Linear {
    outputs: usize,
    buckets: usize,
    /// `[buckets, outputs]`.
    weights: Vec<f32>,
    bias: Vec<f32>,
}

impl Linear {
    /// Trains on items in an order that derives from the seed.
    pub(crate) fn train(outputs: usize, items: &[Item], seed: Seed) -> Self {
        let buckets = (WEIGHTS_MAX / outputs.max(1)).clamp(1, BUCKETS_MAX);
        let mut model = Self { outputs, buckets, weights: vec![0.0; buckets * outputs], bias: vec![0.0; outputs] };
        for epoch in 0..EPOCHS {
            let mut order: Vec<usize> = (0..items.len()).collect();
            order.shuffle(&mut seed.rng(Purpose::Shuffle, epoch, u64::MAX));
            for (step, &item) in order.iter().enumerate() {
                let done = epoch as f32 + step as f32 / items.len() as f32;
                model.step(&items[item], RATE / (1.0 + done).sqrt());
            }
        }
        model
    }

    /// The scores of all outputs.
    pub(crate) fn scores(&self, features: &[u64]) -> Vec<f32> {
        let scale = scale(features);
        let mut scores = self.bias.clone();
        for &feature in features {
            let row = self.row(feature);
            scores
                .iter_mut()
                .zip(&self.weights[row..row + self.outputs])
                .for_each(|(score, weight)| *score += scale * weight);
        }
        scores
    }

    /// The output with the largest score; of several the first.
    pub(crate) fn best(&self, features: &[u64]) -> u32 {
        let scores = self.scores(features);
        (1..scores.len()).fold(0, |best, at| if scores[at] > scores[best] { at } else { best }) as u32
    }

    fn row(&self, feature: u64) -> usize {
        // The low bits of FNV-1a are its weakest.
        ((feature ^ feature >> 32) % self.buckets as u64) as usize * self.outputs
    }

    fn step(&mut self, (features, target): &Item, rate: f32) {
        let mut errors = self.scores(features);
        match *target {
            Target::Number(number) => errors[0] -= number,
            Target::Class(class) => {
                softmax(&mut errors);
                errors[class as usize] -= 1.0;
            }
        }
        let scale = scale(features);
        for &feature in features {
            let row = self.row(feature);
            let weights = &mut self.weights[row..row + self.outputs];
            weights.iter_mut().zip(&errors).for_each(|(weight, error)| *weight -= rate * scale * error);
        }
        self.bias.iter_mut().zip(&errors).for_each(|(bias, error)| *bias -= 0.1 * rate * error);
    }
}

/// What makes the feature vector one of length 1.
fn scale(features: &[u64]) -> f32 {
    (features.len().max(1) as f32).sqrt().recip()
}

fn softmax(scores: &mut [f32]) {
    let most = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    for score in scores.iter_mut() {
        *score = (*score - most).exp();
    }
    let sum: f32 = scores.iter().sum();
    for score in scores {
        *score /= sum;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feature_of_its_own_tells_a_class_and_the_same_seed_gives_the_same_weights() {
        let item = |at: u64| (vec![at % 3, 100 + at % 7], Target::Class((at % 3) as u32));
        let items: Vec<Item> = (0..60).map(item).collect();
        let model = Linear::train(3, &items, Seed(1));
        assert!((0..60).all(|at| model.best(&item(at).0) == (at % 3) as u32));
        assert_eq!(model, Linear::train(3, &items, Seed(1)));
        assert_ne!(model, Linear::train(3, &items, Seed(2)));
    }

    #[test]
    fn a_number_is_approached() {
        let items: Vec<Item> = (0..40).map(|at| (vec![at % 2], Target::Number((at % 2) as f32))).collect();
        let model = Linear::train(1, &items, Seed(1));
        assert!((model.scores(&[1])[0] - 1.0).abs() < 0.05 && model.scores(&[0])[0].abs() < 0.05);
    }
}
