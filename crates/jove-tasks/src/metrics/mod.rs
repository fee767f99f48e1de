//! Measures of answers, as scikit-learn, SciPy and seqeval compute them.

mod classes;
mod correlation;
mod entities;
pub(crate) mod interval;

use serde::{Deserialize, Serialize};

use crate::answer_kind::AnswerKind;
use crate::example::Answer;

/// A measure of answers against what is right; more is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Measure {
    /// The part of classes that are right; scikit-learn's `accuracy_score`.
    Accuracy,
    /// The mean of the classes' F1, over all classes that are right or predicted somewhere; scikit-learn's
    /// `f1_score(average="macro")`.
    MacroF1,
    /// F1 of entities, each right where span and type are; seqeval's `f1_score`.
    EntityF1,
    /// Pearson's correlation; SciPy's `pearsonr`.
    Pearson,
    /// Spearman's correlation of ranks; SciPy's `spearmanr`.
    Spearman,
}

impl Measure {
    /// Its name in run files and tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Accuracy => "accuracy",
            Self::MacroF1 => "macro-f1",
            Self::EntityF1 => "entity-f1",
            Self::Pearson => "pearson",
            Self::Spearman => "spearman",
        }
    }

    /// Whether it is one of answers of this kind.
    pub(crate) fn fits(self, answers: AnswerKind) -> bool {
        match self {
            Self::Accuracy | Self::MacroF1 => answers == AnswerKind::Class,
            Self::EntityF1 => answers == AnswerKind::Entities,
            Self::Pearson | Self::Spearman => answers == AnswerKind::Number,
        }
    }

    /// The score of predictions against what is right, one for one: in [0, 1], correlations in [-1, 1]; 0 where it is not defined,
    /// as for no examples or for predictions that are all the same.
    pub fn score(self, gold: &[Answer], predicted: &[Answer]) -> f64 {
        let all: Vec<usize> = (0..gold.len().min(predicted.len())).collect();
        self.score_of(gold, predicted, &all)
    }

    /// The score of the examples with the indices `chosen`, which may repeat.
    pub(crate) fn score_of(self, gold: &[Answer], predicted: &[Answer], chosen: &[usize]) -> f64 {
        match self {
            Self::Accuracy => classes::accuracy(gold, predicted, chosen),
            Self::MacroF1 => classes::macro_f1(gold, predicted, chosen),
            Self::EntityF1 => entities::f1(gold, predicted, chosen),
            Self::Pearson | Self::Spearman => {
                let numbers =
                    |answers: &[Answer]| -> Vec<f64> { chosen.iter().filter_map(|&at| answers[at].number()).collect() };
                let (gold, predicted) = (numbers(gold), numbers(predicted));
                if self == Self::Pearson {
                    correlation::pearson(&gold, &predicted)
                } else {
                    correlation::spearman(&gold, &predicted)
                }
            }
        }
    }
}
