//! The tasks: what each asks, its labels, its measure and its submission file.

use std::str::FromStr;

use jove_core::InvalidSetting;
use serde::{Deserialize, Serialize};

use crate::answer_kind::AnswerKind;
use crate::metrics::Measure;

/// A task by the format of its files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Task {
    /// TNEWS of CLUE: headlines in 15 classes. `sentence`, `label`, `keywords`.
    Tnews,
    /// IFLYTEK of CLUE: descriptions of apps in 119 classes. `sentence`, `label`.
    Iflytek,
    /// AFQMC of CLUE: whether two questions mean the same. `sentence1`, `sentence2`, `label`.
    Afqmc,
    /// CMNLI of CLUE: natural language inference, three classes.
    Cmnli,
    /// OCNLI of CLUE: natural language inference, three classes.
    Ocnli,
    /// CLUEWSC2020: whether a pronoun refers to a name. `text`, `target`, `label`.
    Wsc,
    /// CSL of CLUE: whether all keywords are those of an abstract. `abst`, `keyword`, `label`.
    Csl,
    /// CLUENER: entities of ten types; ends are inclusive. `text`, `label`.
    Cluener,
    /// XNLI: natural language inference in 15 languages.
    Xnli,
    /// PAWS-X: whether two sentences mean the same, in 7 languages.
    PawsX,
    /// Any classification of texts.
    Text,
    /// Any classification of pairs of texts.
    Pair,
    /// A number for every text, or for every pair of texts.
    Regression,
    /// Entities in texts.
    Ner,
}

/// How a task is usually fine-tuned.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Recipe {
    /// The longest sequence in tokens.
    pub max_length: usize,
    /// Examples of one optimizer step.
    pub batch_size: usize,
    /// Peak learning rate of AdamW.
    pub learning_rate: f64,
    /// How often the training examples are read.
    pub epochs: f64,
}

const TNEWS: &[&str] =
    &["100", "101", "102", "103", "104", "106", "107", "108", "109", "110", "112", "113", "114", "115", "116"];
const INFERENCE: &[&str] = &["contradiction", "entailment", "neutral"];
const BINARY: &[&str] = &["0", "1"];
const CLUENER: &[&str] =
    &["address", "book", "company", "game", "government", "movie", "name", "organization", "position", "scene"];

impl Task {
    /// All tasks.
    pub const ALL: [Self; 14] = [
        Self::Tnews,
        Self::Iflytek,
        Self::Afqmc,
        Self::Cmnli,
        Self::Ocnli,
        Self::Wsc,
        Self::Csl,
        Self::Cluener,
        Self::Xnli,
        Self::PawsX,
        Self::Text,
        Self::Pair,
        Self::Regression,
        Self::Ner,
    ];

    /// Its name in run files and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tnews => "tnews",
            Self::Iflytek => "iflytek",
            Self::Afqmc => "afqmc",
            Self::Cmnli => "cmnli",
            Self::Ocnli => "ocnli",
            Self::Wsc => "wsc",
            Self::Csl => "csl",
            Self::Cluener => "cluener",
            Self::Xnli => "xnli",
            Self::PawsX => "paws-x",
            Self::Text => "text",
            Self::Pair => "pair",
            Self::Regression => "regression",
            Self::Ner => "ner",
        }
    }

    /// What its answers are.
    pub fn answers(self) -> AnswerKind {
        match self {
            Self::Cluener | Self::Ner => AnswerKind::Entities,
            Self::Regression => AnswerKind::Number,
            _ => AnswerKind::Class,
        }
    }

    /// Its labels, where the format fixes them.
    pub fn labels(self) -> Option<Vec<String>> {
        let fixed = match self {
            Self::Tnews => TNEWS,
            Self::Iflytek => return Some((0..119).map(|label| label.to_string()).collect()),
            Self::Cmnli | Self::Ocnli | Self::Xnli => INFERENCE,
            Self::Afqmc | Self::Csl | Self::PawsX => BINARY,
            Self::Wsc => &["false", "true"],
            Self::Cluener => CLUENER,
            Self::Text | Self::Pair | Self::Regression | Self::Ner => return None,
        };
        Some(fixed.iter().map(|&label| label.to_owned()).collect())
    }

    /// The measure that it is usually reported by.
    pub fn measure(self) -> Measure {
        match self.answers() {
            AnswerKind::Class => Measure::Accuracy,
            AnswerKind::Number => Measure::Pearson,
            AnswerKind::Entities => Measure::EntityF1,
        }
    }

    /// How it is usually fine-tuned: the settings of the scripts that CLUE and CLUENER publish with their baselines; for the other tasks
    /// those of most of CLUE's.
    pub fn recipe(self) -> Recipe {
        let usual = Recipe { max_length: 128, batch_size: 16, learning_rate: 2e-5, epochs: 3.0 };
        match self {
            Self::Cmnli | Self::Ocnli => Recipe { learning_rate: 3e-5, ..usual },
            Self::Wsc => Recipe { learning_rate: 1e-5, epochs: 50.0, ..usual },
            Self::Csl => Recipe { max_length: 256, batch_size: 8, learning_rate: 1e-5, epochs: 5.0 },
            Self::Cluener | Self::Ner => Recipe { batch_size: 24, learning_rate: 3e-5, epochs: 5.0, ..usual },
            _ => usual,
        }
    }

    /// The name of the file that its leaderboard accepts, where it has one: those of CLUE 1.1 and of CLUENER.
    pub fn submission(self) -> Option<&'static str> {
        match self {
            Self::Tnews => Some("tnews11_predict.json"),
            Self::Iflytek => Some("iflytek_predict.json"),
            Self::Afqmc => Some("afqmc_predict.json"),
            Self::Cmnli => Some("cmnli_predict.json"),
            Self::Ocnli => Some("ocnli_50k_predict.json"),
            Self::Wsc => Some("cluewsc11_predict.json"),
            Self::Csl => Some("csl_predict.json"),
            Self::Cluener => Some("cluener_predict.json"),
            _ => None,
        }
    }

    /// Names of the field that holds the text, the first that a row has counts; likewise [`Task::second_fields`].
    pub(crate) fn text_fields(self) -> &'static [&'static str] {
        match self {
            Self::Csl => &["keyword"],
            Self::Xnli | Self::PawsX => &["sentence1", "premise"],
            _ => &["sentence1", "sentence", "text", "text_a", "premise", "content"],
        }
    }

    /// Names of the field that holds the second text; empty where there is none.
    pub(crate) fn second_fields(self) -> &'static [&'static str] {
        match self {
            Self::Csl => &["abst"],
            Self::Xnli | Self::PawsX => &["sentence2", "hypothesis", "hypo"],
            Self::Afqmc | Self::Cmnli | Self::Ocnli | Self::Pair | Self::Regression => {
                &["sentence2", "text_b", "second", "hypothesis"]
            }
            _ => &[],
        }
    }

    /// Whether a row without a second text is one of this task.
    pub(crate) fn needs_second(self) -> bool {
        !self.second_fields().is_empty() && self != Self::Regression
    }
}

impl FromStr for Task {
    type Err = InvalidSetting;

    fn from_str(name: &str) -> Result<Self, InvalidSetting> {
        let names: Vec<&str> = Self::ALL.iter().map(|task| task.name()).collect();
        let found = Self::ALL.into_iter().find(|task| task.name() == name);
        found.ok_or_else(|| InvalidSetting::new("format", format!("one of {}", names.join(", ")), name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_run_files_and_labels_are_sorted_and_distinct() {
        for task in Task::ALL {
            assert_eq!(serde_json::to_value(task).unwrap(), task.name());
            assert_eq!(task.name().parse::<Task>().unwrap(), task);
            let labels = task.labels().unwrap_or_default();
            assert!(labels.iter().enumerate().all(|(at, label)| !labels[..at].contains(label)), "{labels:?}");
        }
        let message = "TNEWS".parse::<Task>().unwrap_err().to_string();
        assert!(message.starts_with("format: expected one of tnews, iflytek"), "{message}");
    }

    #[test]
    fn classes_are_as_many_as_published() {
        let counts = [(Task::Tnews, 15), (Task::Iflytek, 119), (Task::Cluener, 10), (Task::Ocnli, 3), (Task::Wsc, 2)];
        for (task, count) in counts {
            assert_eq!(task.labels().unwrap().len(), count, "{}", task.name());
        }
    }
}
