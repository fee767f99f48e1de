//! From what is seen at a mention to a probability.

use serde::{Deserialize, Serialize};

/// How many things are looked at.
pub const FEATURES: usize = 17;

/// What is looked at, in the order of [`Features`].
pub const FEATURE_NAMES: [&str; FEATURES] = [
    "bias",
    "aligned",
    "cuts-known-word",
    "cuts-new-word",
    "name",
    "noun",
    "other-word",
    "length",
    "quoted",
    "context",
    "coherence",
    "margin",
    "quantity",
    "habit",
    "begins-longer-name",
    "part-of-name",
    "stub-beside",
];

/// What is seen at a mention, each about 0 to 1.
pub type Features = [f32; FEATURES];

/// The weights of a logistic model: the chance that a mention is a right link.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct LinkClassifier {
    /// One weight a feature.
    pub weights: Features,
}

impl Default for LinkClassifier {
    /// Weights fitted to two graphs, one of people, works and places and one of concepts; see `docs/linking.md`.
    fn default() -> Self {
        let weights = [
            0.10, 1.70, -1.29, -0.30, -0.40, -1.51, -0.27, -0.49, 1.69, -0.11, 0.03, 1.08, -3.29, 1.48, -3.19, -3.81,
            -0.91,
        ];
        Self { weights }
    }
}

impl LinkClassifier {
    /// The chance that a mention with these features is a right link, in (0, 1).
    pub fn score(&self, features: &Features) -> f32 {
        let sum: f32 = self.weights.iter().zip(features).map(|(weight, feature)| weight * feature).sum();
        1.0 / (1.0 + (-sum).exp())
    }

    /// Fits the weights to judged mentions by logistic regression, with a pull of `ridge` (for example 1) towards 0.
    pub fn fit(examples: &[(Features, bool)], ridge: f32) -> Self {
        let mut fitted = Self { weights: [0.0; FEATURES] };
        let count = examples.len().max(1) as f32;
        let mut velocity = [0.0; FEATURES];
        for _ in 0..3000 {
            let mut gradient = fitted.weights.map(|weight| weight * ridge / count);
            for (features, right) in examples {
                let error = fitted.score(features) - f32::from(*right);
                for (slot, feature) in gradient.iter_mut().zip(features) {
                    *slot += error * feature / count;
                }
            }
            for ((weight, speed), slope) in fitted.weights.iter_mut().zip(&mut velocity).zip(gradient) {
                *speed = 0.9 * *speed - slope;
                *weight += *speed;
            }
        }
        fitted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_telling_feature_gets_the_weight() {
        let example = |telling: f32, noise: f32, right| {
            let mut features = [0.0; FEATURES];
            (features[0], features[1], features[2]) = (1.0, telling, noise);
            (features, right)
        };
        let examples: Vec<_> = (0..40)
            .map(|row| {
                let right = row % 4 != 0;
                example(f32::from(right), f32::from(row % 3 == 0), right != (row == 8))
            })
            .collect();
        let fitted = LinkClassifier::fit(&examples, 0.1);
        assert!(fitted.weights[1] > 2.0 && fitted.weights[2].abs() < 1.0, "{fitted:?}");
        assert!(fitted.score(&examples[1].0) > 0.8 && fitted.score(&examples[0].0) < 0.3);
    }
}
