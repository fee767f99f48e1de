//! A linear model over n-grams of characters.

use jove_core::Seed;

use super::features::{of_characters, of_example};
use super::linear::{Item, Linear, Target};
use crate::data::TaskData;
use crate::example::{Answer, Example};
use crate::tags::{Tags, entities_of, tags_of};

/// A linear model over hashed n-grams of up to three characters; for entities, over the characters around each.
#[derive(Clone, Debug, PartialEq)]
pub struct NgramBaseline {
    linear: Linear,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Class,
    /// Numbers are learned around their mean.
    Number(f64),
    Tags,
}

impl NgramBaseline {
    /// Trains on the task's training examples; some seconds for CLUE's tasks.
    pub fn train(data: &TaskData, seed: Seed) -> Self {
        let answers = || data.train.iter().filter_map(|example| Some((example, example.answer.as_ref()?)));
        let numbers: Vec<f64> = answers().filter_map(|(_, answer)| answer.number()).collect();
        let mean = numbers.iter().sum::<f64>() / numbers.len().max(1) as f64;
        let mut items: Vec<Item> = Vec::new();
        let mut shape = (data.labels.len(), Kind::Class);
        for (example, answer) in answers() {
            match answer {
                Answer::Class(class) => items.push((of_example(example), Target::Class(*class))),
                Answer::Number(number) => {
                    shape = (1, Kind::Number(mean));
                    items.push((of_example(example), Target::Number((number - mean) as f32)));
                }
                Answer::Entities(entities) => {
                    shape = (Tags { labels: data.labels.len() }.count(), Kind::Tags);
                    let (units, features): (Vec<_>, Vec<_>) = of_characters(&example.first).into_iter().unzip();
                    let tags = tags_of(&units, entities).into_iter().flatten();
                    items.extend(features.into_iter().zip(tags.map(Target::Class)));
                }
            }
        }
        Self { linear: Linear::train(shape.0, &items, seed), kind: shape.1 }
    }

    /// Its answer for an example.
    pub fn predict(&self, example: &Example) -> Answer {
        match self.kind {
            Kind::Class => Answer::Class(self.linear.best(&of_example(example))),
            Kind::Number(mean) => Answer::Number(mean + f64::from(self.linear.scores(&of_example(example))[0])),
            Kind::Tags => {
                let tagged = of_characters(&example.first).into_iter();
                Answer::Entities(entities_of(tagged.map(|(unit, features)| (unit, self.linear.best(&features)))))
            }
        }
    }
}
