//! Answers of a fine-tuned checkpoint.

use std::path::Path;

use jove_checkpoint::{Allow, open_hf};
use jove_corpus::Tokenizer;
use jove_model::{Backend, Cpu};
use jove_objectives::{Device, cuda};
use jove_tasks::{Entity, Unlabelled};
use jove_trainer::{TaskModel, TaskSequence};
use serde_json::{Map, Value, json};

use crate::card::TaskCard;
use crate::decode::{self, Prediction};
use crate::encode::{EncodedText, TextEncoder};
use crate::error::Error;

const BATCH_TOKENS: usize = 4096;

/// A fine-tuned model, ready to be asked.
pub struct Predictor {
    card: TaskCard,
    encoder: TextEncoder,
    model: Box<dyn Scorer>,
}

/// A model whose device is not named.
trait Scorer {
    fn scores(&self, sequences: &[TaskSequence]) -> Result<Vec<Vec<f32>>, Error>;
}

impl<D: Backend> Scorer for TaskModel<D> {
    fn scores(&self, sequences: &[TaskSequence]) -> Result<Vec<Vec<f32>>, Error> {
        Ok(TaskModel::scores(self, sequences)?)
    }
}

impl Predictor {
    /// Opens a checkpoint of `jove finetune`.
    ///
    /// # Errors
    /// Where the folder is no fine-tuned checkpoint, or a file of it is damaged.
    pub fn open(dir: &Path, device: Device) -> Result<Self, Error> {
        let missing = || {
            let advice = "name the folder `best` of a run of jove finetune";
            Error::file(dir, "a checkpoint of jove finetune, with task.json", "none", advice)
        };
        let card = TaskCard::of(dir)?.ok_or_else(missing)?;
        let options = card.options(BATCH_TOKENS);
        let model: Box<dyn Scorer> = match device {
            Device::Cpu => Box::new(TaskModel::open(dir, &Cpu::default(), options)?),
            Device::Cuda => Box::new(TaskModel::open(dir, &cuda()?, options)?),
        };
        let token_types = open_hf(dir, &Allow::default())?.config.type_vocab_size;
        let encoder = TextEncoder::new(Tokenizer::load(dir)?, card.max_length, token_types);
        Ok(Self { card, encoder, model })
    }

    /// What it answers.
    pub fn card(&self) -> &TaskCard {
        &self.card
    }

    /// The answers to some texts, in their order.
    ///
    /// # Errors
    /// Where a text cannot be tokenized, or the device fails.
    pub fn predict(&self, texts: &[Unlabelled]) -> Result<Vec<Prediction>, Error> {
        let encode = |text: &Unlabelled| self.encoder.encode(&text.first, text.second.as_deref());
        let encoded: Vec<EncodedText> = texts.iter().map(encode).collect::<Result<_, _>>()?;
        let sequences: Vec<TaskSequence> = encoded.iter().map(|encoded| encoded.sequence.clone()).collect();
        let scores = self.model.scores(&sequences)?;
        Ok(encoded.iter().zip(&scores).map(|(encoded, scores)| decode::answer(&self.card, encoded, scores)).collect())
    }

    /// An answer as JSON: `label` and the `probabilities` of all labels; `number`; or `entities`, each with `start` and `end` in
    /// characters of the text, the end exclusive, its `text`, `type` and `probability`.
    pub fn json(&self, text: &Unlabelled, prediction: &Prediction) -> Value {
        let mut fields = Map::new();
        fields.extend(text.id.as_ref().map(|id| ("id".to_owned(), json!(id))));
        match &prediction.answer {
            jove_tasks::Answer::Class(class) => {
                let named = self.card.labels.iter().cloned().zip(prediction.probabilities.iter().map(|p| json!(p)));
                fields.insert("label".to_owned(), json!(self.card.labels[*class as usize]));
                fields.insert("probabilities".to_owned(), Value::Object(named.collect()));
            }
            jove_tasks::Answer::Number(number) => {
                fields.insert("number".to_owned(), json!(number));
            }
            jove_tasks::Answer::Entities(entities) => {
                let shown = entities.iter().zip(&prediction.probabilities);
                let shown: Vec<Value> = shown.map(|(entity, sure)| self.entity(&text.first, entity, *sure)).collect();
                fields.insert("entities".to_owned(), json!(shown));
            }
        }
        Value::Object(fields)
    }

    fn entity(&self, text: &str, entity: &Entity, probability: f64) -> Value {
        let surface = entity.span.slice(text).unwrap_or_default();
        let start = text[..entity.span.start as usize].chars().count();
        json!({
            "start": start,
            "end": start + surface.chars().count(),
            "text": surface,
            "type": self.card.labels[entity.label as usize],
            "probability": probability,
        })
    }
}
