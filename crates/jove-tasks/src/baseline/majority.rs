//! The most frequent answer.

use crate::answer_kind::AnswerKind;
use crate::data::TaskData;
use crate::example::Answer;

/// Answers every example alike: the most frequent class, the mean number, no entity.
#[derive(Clone, Debug, PartialEq)]
pub struct MajorityBaseline {
    answer: Answer,
}

impl MajorityBaseline {
    /// What is most frequent in training; of equally frequent classes the first.
    pub fn train(data: &TaskData) -> Self {
        let answer = match data.task.answers() {
            AnswerKind::Class => {
                let counts = data.label_counts(&data.train);
                let most = counts.iter().copied().max().unwrap_or(0);
                Answer::Class(counts.iter().position(|&count| count == most).unwrap_or(0) as u32)
            }
            AnswerKind::Number => {
                let numbers: Vec<f64> =
                    data.train.iter().filter_map(|example| example.answer.as_ref()?.number()).collect();
                Answer::Number(numbers.iter().sum::<f64>() / numbers.len().max(1) as f64)
            }
            AnswerKind::Entities => Answer::Entities(Vec::new()),
        };
        Self { answer }
    }

    /// The same for every example.
    pub fn predict(&self) -> Answer {
        self.answer.clone()
    }
}
