//! What in a task's data will mislead training, found before anything is trained.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::answer_kind::AnswerKind;
use crate::data::TaskData;
use crate::example::{Answer, Example};

/// Looks through the examples of a task.
pub struct Doctor<'a> {
    /// The task.
    pub data: &'a TaskData,
    /// The length of an example in the unit of `max_length`, such as tokens with special ones.
    pub length: &'a dyn Fn(&Example) -> usize,
    /// The longest example that is read whole.
    pub max_length: usize,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DoctorReport {
    /// The splits, each by its name.
    pub splits: Vec<SplitReport>,
    /// Examples of `dev` whose texts are those of a training example.
    pub dev_in_train: usize,
    /// Those of them with another answer there.
    pub dev_in_train_otherwise: usize,
    /// Training examples whose texts occur before with another answer.
    pub contradictions: usize,
    /// Entities of `train` that share characters with another one, and so cannot all be learnt.
    pub overlapping_entities: usize,
    /// Rows that annotators did not agree on and that were left out.
    pub undecided: usize,
    /// Part of `dev` that the most frequent class of `train` is right for; classes only.
    pub majority: Option<f64>,
    /// What is worth a warning, in sentences.
    pub warnings: Vec<String>,
}

/// What a split holds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SplitReport {
    /// `train`, `dev` or `test`.
    pub split: &'static str,
    /// Its examples.
    pub examples: usize,
    /// For each label, how many examples or entities it has.
    pub labels: Vec<(String, usize)>,
    /// Lengths: the shortest, the median, the 95th of a hundred, the longest.
    pub lengths: [usize; 4],
    /// Examples longer than is read.
    pub truncated: usize,
}

impl Doctor<'_> {
    /// Everything at once.
    pub fn report(&self) -> DoctorReport {
        let data = self.data;
        let test = data.test.as_deref().map(|test| self.split("test", test));
        let splits = [self.split("train", &data.train), self.split("dev", &data.dev)].into_iter().chain(test).collect();
        let (dev_in_train, dev_in_train_otherwise) = self.leaks();
        let mut report = DoctorReport {
            splits,
            dev_in_train,
            dev_in_train_otherwise,
            contradictions: self.contradictions(),
            overlapping_entities: data.train.iter().map(overlapping).sum(),
            undecided: data.undecided.iter().sum(),
            majority: self.majority(),
            warnings: Vec::new(),
        };
        report.warnings = self.warnings(&report);
        report
    }

    fn split(&self, split: &'static str, examples: &[Example]) -> SplitReport {
        let mut lengths: Vec<usize> = examples.iter().map(self.length).collect();
        lengths.sort_unstable();
        let quantile = |part: f64| {
            let at = (lengths.len().saturating_sub(1) as f64 * part).round() as usize;
            lengths.get(at).copied().unwrap_or(0)
        };
        let labels = self.data.labels.iter().cloned().zip(self.data.label_counts(examples)).collect();
        SplitReport {
            split,
            examples: examples.len(),
            labels,
            lengths: [0.0, 0.5, 0.95, 1.0].map(quantile),
            truncated: lengths.iter().filter(|&&length| length > self.max_length).count(),
        }
    }

    fn leaks(&self) -> (usize, usize) {
        let mut known: BTreeMap<(&str, &str), Vec<&Example>> = BTreeMap::new();
        self.data.train.iter().for_each(|example| known.entry(texts(example)).or_default().push(example));
        let found: Vec<(&Example, &Vec<&Example>)> =
            self.data.dev.iter().filter_map(|example| Some((example, known.get(&texts(example))?))).collect();
        let otherwise =
            |(example, same): &&(&Example, &Vec<&Example>)| same.iter().any(|other| other.answer != example.answer);
        (found.len(), found.iter().filter(otherwise).count())
    }

    fn contradictions(&self) -> usize {
        let mut seen: BTreeMap<(&str, &str), &Example> = BTreeMap::new();
        let mut count = 0;
        for example in &self.data.train {
            let before = seen.insert(texts(example), example);
            count += usize::from(before.is_some_and(|before| before.answer != example.answer));
        }
        count
    }

    fn majority(&self) -> Option<f64> {
        if self.data.task.answers() != AnswerKind::Class {
            return None;
        }
        let train = self.data.label_counts(&self.data.train);
        let most = (0..train.len()).max_by_key(|&at| (train[at], std::cmp::Reverse(at)))?;
        Some(self.data.label_counts(&self.data.dev)[most] as f64 / self.data.dev.len().max(1) as f64)
    }

    fn warnings(&self, report: &DoctorReport) -> Vec<String> {
        let mut warnings = Vec::new();
        for split in &report.splits {
            let longer = split.truncated as f64 / split.examples.max(1) as f64;
            if longer > 0.01 {
                warnings.push(format!(
                    "{:.0}% of {} is longer than max-length = {} and is cut",
                    100.0 * longer,
                    split.split,
                    self.max_length
                ));
            }
        }
        let train = &report.splits[0];
        let rare: Vec<&str> =
            train.labels.iter().filter(|(_, count)| *count < 5).map(|(label, _)| label.as_str()).collect();
        if !rare.is_empty() {
            warnings.push(format!("fewer than 5 training examples of {}", rare.join(", ")));
        }
        let counts = [
            (report.dev_in_train, "examples of dev also stand in train: scores on dev are too good"),
            (report.contradictions, "training examples contradict an earlier one with the same text"),
            (report.overlapping_entities, "entities of train overlap another one and cannot all be learnt"),
            (report.undecided, "rows without an agreed label were left out"),
        ];
        warnings.extend(counts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")));
        warnings
    }
}

fn texts(example: &Example) -> (&str, &str) {
    (example.first.trim(), example.second.as_deref().unwrap_or_default().trim())
}

/// Entities that share a byte with one before.
fn overlapping(example: &Example) -> usize {
    let entities = example.answer.as_ref().map_or(&[][..], Answer::entities);
    let overlaps = |at: &usize| entities[..*at].iter().any(|before| before.span.overlaps(entities[*at].span));
    (1..entities.len()).filter(overlaps).count()
}
