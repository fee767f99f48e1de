//! From the features of a mention to a probability.

use serde::{Deserialize, Serialize};

use crate::feature::{FEATURES, Feature, Features};

/// Logistic regression over the features of a mention: the probability that its link is right.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct LinkClassifier {
    /// One weight a feature.
    pub weights: Features,
}

/// Weights fitted to two graphs, one of people, works and places and one of concepts; see `docs/linking.md`.
const FITTED: [(Feature, f32); FEATURES] = [
    (Feature::Bias, 0.10),
    (Feature::Aligned, 1.70),
    (Feature::CutsKnownWord, -1.29),
    (Feature::CutsNewWord, -0.30),
    (Feature::ProperName, -0.40),
    (Feature::CommonNoun, -1.51),
    (Feature::OtherWord, -0.27),
    (Feature::Length, -0.49),
    (Feature::Quoted, 1.69),
    (Feature::DescriptionOverlap, -0.11),
    (Feature::Coherence, 0.03),
    (Feature::CandidateShare, 1.08),
    (Feature::QuantityOrLowercase, -3.29),
    (Feature::RelativeKeyphraseness, 1.48),
    (Feature::BeginsLongerName, -3.19),
    (Feature::PartOfName, -3.81),
    (Feature::StubNext, -0.91),
    // Rules rather than fitted weights: either alone keeps a mention below the usual threshold.
    (Feature::CommonWord, -4.0),
    (Feature::Bare, -4.0),
];

impl Default for LinkClassifier {
    /// The weights that come with the crate.
    fn default() -> Self {
        let mut weights = Features::default();
        for (feature, weight) in FITTED {
            weights[feature] = weight;
        }
        Self { weights }
    }
}

impl LinkClassifier {
    /// The probability that a mention with these features is a right link, in (0, 1).
    pub fn score(&self, features: &Features) -> f32 {
        let sum: f32 = self.weights.0.iter().zip(features.0).map(|(weight, feature)| weight * feature).sum();
        1.0 / (1.0 + (-sum).exp())
    }

    /// Fits the weights to labelled mentions (features, whether the link is right) by gradient descent with momentum and an
    /// L2 penalty of `ridge` (for example 1).
    pub fn fit(examples: &[(Features, bool)], ridge: f32) -> Self {
        let mut fitted = Self { weights: Features::default() };
        let count = examples.len().max(1) as f32;
        let mut velocity = [0.0; FEATURES];
        for _ in 0..3000 {
            let mut gradient = fitted.weights.0.map(|weight| weight * ridge / count);
            for (features, right) in examples {
                let error = fitted.score(features) - f32::from(*right);
                for (slot, feature) in gradient.iter_mut().zip(features.0) {
                    *slot += error * feature / count;
                }
            }
            for ((weight, speed), slope) in fitted.weights.0.iter_mut().zip(&mut velocity).zip(gradient) {
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
    fn an_informative_feature_gets_the_weight() {
        let example = |informative: f32, noise: f32, right| {
            let mut features = Features::default();
            features[Feature::Bias] = 1.0;
            features[Feature::Aligned] = informative;
            features[Feature::Quoted] = noise;
            (features, right)
        };
        let examples: Vec<_> = (0..40)
            .map(|row| {
                let right = row % 4 != 0;
                example(f32::from(right), f32::from(row % 3 == 0), right != (row == 8))
            })
            .collect();
        let fitted = LinkClassifier::fit(&examples, 0.1);
        assert!(fitted.weights[Feature::Aligned] > 2.0 && fitted.weights[Feature::Quoted].abs() < 1.0, "{fitted:?}");
        assert!(fitted.score(&examples[1].0) > 0.8 && fitted.score(&examples[0].0) < 0.3);
    }
}
