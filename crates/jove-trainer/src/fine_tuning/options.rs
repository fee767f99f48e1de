//! How a head is fine-tuned on an encoder.

use jove_core::ModelConfig;
use jove_objectives::Pooling;
use serde::{Deserialize, Serialize};

use crate::error::{Error, check};

/// What a head scores.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HeadKind {
    /// Classes of a whole sequence; trained by cross-entropy.
    Classes,
    /// Tags of every token; trained by cross-entropy.
    Tags,
    /// One number for a whole sequence; trained by the squared error.
    Number,
}

/// How a head is fine-tuned on an encoder.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct FineTuningOptions {
    /// What the head scores.
    pub head: HeadKind,
    /// Number of scores: classes or tags, 2 or more; 1 for a number.
    pub outputs: usize,
    /// How one vector is made of a sequence; of no effect for tags.
    pub pooling: Pooling,
    /// Whether the encoder stays as it is: the head alone is trained, on states without dropout.
    pub frozen: bool,
    /// Sequences of one optimizer step.
    pub batch_size: usize,
    /// The most tokens in one forward pass, special tokens included; a step of more takes several passes.
    pub batch_tokens: usize,
    /// What the learning rate of a layer is multiplied by, from that of the layer after it (the last layer's: from the head's), in
    /// (0, 1]; the embeddings come before the first layer. (Universal Language Model Fine-tuning for Text Classification, arXiv
    /// 1801.06146, section 3.2.)
    pub layer_decay: f64,
    /// What the head's learning rate is multiplied by, above 0.
    pub head_rate: f64,
}

impl FineTuningOptions {
    pub(crate) fn validate(&self) -> Result<(), Error> {
        let fits = if self.head == HeadKind::Number { self.outputs == 1 } else { self.outputs >= 2 };
        check("outputs", "1 for a number, else 2 or more", self.outputs, fits)?;
        check("batch-size", "1 or more", self.batch_size, self.batch_size >= 1)?;
        let decay = self.layer_decay;
        check("layer-decay", "above 0 and up to 1", decay, decay > 0.0 && decay <= 1.0)?;
        check("head-rate", "a number above 0", self.head_rate, self.head_rate.is_finite() && self.head_rate > 0.0)
    }

    /// What the learning rate of a parameter of an encoder is multiplied by.
    pub(crate) fn rate_scale(&self, config: &ModelConfig, parameter: &str) -> f64 {
        let after = parameter.split_once("encoder.layer.").map(|(_, rest)| rest);
        let layer = after.and_then(|rest| rest.split('.').next()?.parse::<usize>().ok());
        let to_head = match layer {
            Some(layer) => config.num_hidden_layers.saturating_sub(layer),
            None if parameter.contains("embeddings.") => config.num_hidden_layers + 1,
            None => return self.head_rate,
        };
        self.layer_decay.powi(to_head as i32)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::float_cmp, reason = "the expected numbers are exact")]

    use super::*;

    #[test]
    fn rates_fall_from_the_head_to_the_embeddings() {
        let options = FineTuningOptions {
            head: HeadKind::Classes,
            outputs: 2,
            pooling: Pooling::First,
            frozen: false,
            batch_size: 1,
            batch_tokens: 16,
            layer_decay: 0.5,
            head_rate: 10.0,
        };
        let config = ModelConfig::bert(10, 8, 2, 2, 16);
        for (name, expected) in [
            ("bert.embeddings.word_embeddings.weight", 0.125),
            ("bert.encoder.layer.0.attention.self.query.weight", 0.25),
            ("roberta.encoder.layer.1.output.LayerNorm.bias", 0.5),
            ("classifier.weight", 10.0),
        ] {
            assert_eq!(options.rate_scale(&config, name), expected, "{name}");
        }
    }
}
