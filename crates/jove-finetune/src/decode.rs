//! From a head's scores to answers.

use jove_tasks::{Answer, AnswerKind, Entity, entities_of};

use crate::card::TaskCard;
use crate::encode::EncodedText;

/// An answer with how sure the model is.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// The answer.
    pub answer: Answer,
    /// For a class, the probability of every class; for entities, that of each: the mean over its tokens. Empty for a number.
    pub probabilities: Vec<f64>,
}

/// The answer that scores spell.
pub(crate) fn answer(card: &TaskCard, encoded: &EncodedText, scores: &[f32]) -> Prediction {
    match card.task.answers() {
        AnswerKind::Class => {
            let answer = Answer::Class(best(scores) as u32);
            Prediction { answer, probabilities: softmax(scores) }
        }
        AnswerKind::Number => {
            let [shift, scale] = card.scale;
            let number = f64::from(scores.first().copied().unwrap_or(0.0)) * scale + shift;
            Prediction { answer: Answer::Number(number), probabilities: Vec::new() }
        }
        AnswerKind::Entities => entities(card.head().1, encoded, scores),
    }
}

fn entities(tags: usize, encoded: &EncodedText, scores: &[f32]) -> Prediction {
    let units = encoded.spans.iter().zip(scores.chunks_exact(tags)).filter(|(span, _)| !span.is_empty());
    let units: Vec<_> = units.map(|(span, row)| (*span, best(row), softmax(row))).collect();
    let mut entities = entities_of(units.iter().map(|(span, tag, _)| (*span, *tag as u32)));
    entities.sort_unstable();
    entities.dedup();
    let probability = |entity: &Entity| {
        let own: Vec<f64> = units
            .iter()
            .filter(|(span, tag, _)| entity.span.contains(*span) && *tag > 0)
            .map(|(_, tag, row)| row[*tag])
            .collect();
        own.iter().sum::<f64>() / own.len().max(1) as f64
    };
    Prediction { probabilities: entities.iter().map(probability).collect(), answer: Answer::Entities(entities) }
}

/// The place of the largest number; the first of several.
fn best(row: &[f32]) -> usize {
    (1..row.len()).fold(0, |best, at| if row[at] > row[best] { at } else { best })
}

pub(crate) fn softmax(row: &[f32]) -> Vec<f64> {
    let most = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let powers: Vec<f64> = row.iter().map(|score| f64::from(score - most).exp()).collect();
    let sum: f64 = powers.iter().sum();
    powers.into_iter().map(|power| power / sum).collect()
}

#[cfg(test)]
mod tests {
    use jove_core::ByteSpan;
    use jove_tasks::Task;
    use jove_trainer::TaskSequence;

    use super::*;

    #[test]
    fn tags_of_tokens_become_spans_of_the_text() {
        let labels = vec!["name".to_owned()];
        let card = TaskCard {
            task: Task::Ner,
            labels,
            max_length: 8,
            pooling: jove_objectives::Pooling::First,
            scale: [0.0, 1.0],
        };
        // `[CLS] ▁ 王 明 , [SEP]`: the bare mark of a space covers nothing.
        let spans =
            [(0, 0), (0, 0), (0, 3), (3, 6), (6, 7), (0, 0)].map(|(start, end)| ByteSpan::new(start, end)).to_vec();
        let encoded = EncodedText { sequence: TaskSequence::default(), spans, length: 6 };
        let [outside, begins, inside] = [[9.0, 0.0, 0.0], [0.0, 9.0, 0.0], [0.0, 0.0, 9.0]];
        let scores = [begins, begins, begins, inside, outside, inside].concat();
        let found = answer(&card, &encoded, &scores);
        assert_eq!(found.answer.entities(), [Entity { span: ByteSpan::new(0, 6), label: 0 }]);
        assert!(found.probabilities[0] > 0.99, "{:?}", found.probabilities);
    }

    #[test]
    fn numbers_come_back_on_their_scale_and_probabilities_sum_to_one() {
        let card = TaskCard {
            task: Task::Regression,
            labels: Vec::new(),
            max_length: 8,
            pooling: jove_objectives::Pooling::First,
            scale: [3.0, 2.0],
        };
        let encoded = EncodedText { sequence: TaskSequence::default(), spans: Vec::new(), length: 2 };
        assert_eq!(answer(&card, &encoded, &[-0.5]).answer, Answer::Number(2.0));
        let row = softmax(&[1000.0, -1000.0, 1000.0]);
        assert_eq!(row, [0.5, 0.0, 0.5]);
        assert_eq!(best(&[0.0, 2.0, 2.0]), 1);
    }
}
