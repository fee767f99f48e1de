//! Labelled examples as sequences with targets.

use jove_tasks::{Answer, AnswerKind, Example, TaskData, tags_of};
use jove_trainer::{HeadTarget, TaskSequence};

use crate::card::TaskCard;
use crate::encode::TextEncoder;
use crate::error::Error;

/// Mean and deviation of the numbers of the training examples, by which they are made small; 0 and 1 where answers are no numbers.
pub(crate) fn scale(data: &TaskData) -> [f64; 2] {
    let answers = data.train.iter().filter_map(|example| example.answer.as_ref());
    let numbers: Vec<f64> = answers.filter_map(Answer::number).collect();
    let count = numbers.len().max(1) as f64;
    let mean = numbers.iter().sum::<f64>() / count;
    let deviation = (numbers.iter().map(|number| (number - mean).powi(2)).sum::<f64>() / count).sqrt();
    [mean, if deviation > 0.0 { deviation } else { 1.0 }]
}

/// Every example as a sequence with what the head should say.
pub(crate) fn sequences(
    examples: &[Example],
    encoder: &TextEncoder,
    card: &TaskCard,
) -> Result<Vec<(TaskSequence, HeadTarget)>, Error> {
    let mut sequences = Vec::with_capacity(examples.len());
    let (mut cut, mut lost) = (0usize, 0usize);
    for example in examples {
        let encoded = encoder.encode(&example.first, example.second.as_deref())?;
        cut += usize::from(encoded.length > encoded.sequence.tokens.len());
        let target = match &example.answer {
            Some(Answer::Class(class)) => HeadTarget::Class(*class),
            Some(Answer::Number(number)) => HeadTarget::Number(((number - card.scale[0]) / card.scale[1]) as f32),
            Some(Answer::Entities(entities)) => {
                let tags = tags_of(&encoded.spans, entities);
                let begun = tags.iter().flatten().filter(|tag| **tag % 2 == 1).count();
                lost += entities.len().saturating_sub(begun);
                HeadTarget::Tags(tags)
            }
            None => continue,
        };
        sequences.push((encoded.sequence, target));
    }
    if cut > 0 {
        tracing::warn!(
            "{cut} of {} training examples are longer than max-length = {} and are cut",
            examples.len(),
            encoder.max_length
        );
    }
    if lost > 0 && card.task.answers() == AnswerKind::Entities {
        tracing::warn!("{lost} entities of the training examples have no token of their own and are not learnt");
    }
    Ok(sequences)
}
