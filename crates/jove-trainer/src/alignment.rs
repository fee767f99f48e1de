//! Settings of the objectives that align sentences and words of two languages.

use jove_objectives::Transport;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::check;
use crate::error::Error;
use crate::objectives::QUEUE_MAX;
use jove_objectives::Pooling;

/// What a sentence is told apart from in the contrast of translations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TranslationForm {
    /// The other pairs of the batch, both sides encoded alike (Language-agnostic BERT Sentence Embedding, arXiv 2007.01852).
    #[default]
    InBatch,
    /// The other pairs of the batch and those of a queue; translations come from an encoder that follows slowly, see
    /// `momentum`, which costs two more forward passes over the pairs (XLCO of InfoXLM, arXiv 2007.07834).
    Xlco,
}

/// The contrast of sentences against their translations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct TranslationOptions {
    /// Factor on the mean loss per pair; 0 is off; default 0.
    pub weight: f64,
    /// Part of a batch's tokens that pairs may take, in (0, 0.5]; default 0.25.
    pub share: f64,
    /// What a sentence is told apart from; default `in-batch`.
    pub form: TranslationForm,
    /// Pairs that the queue of `xlco` remembers, 0 to 1048576; InfoXLM takes 131072; default 4096.
    pub queue: usize,
    /// What the cosines are divided by; above 0; default 0.05.
    pub temperature: f64,
    /// Subtracted from the cosine of a true pair, so that it has to win by that much; 0 or more; LaBSE takes 0.3;
    /// default 0. (Language-agnostic BERT Sentence Embedding, arXiv 2007.01852.)
    pub margin: f64,
    /// How one vector is made of a sentence; default mean.
    pub pooling: Pooling,
    /// The layer whose hidden states are contrasted, counted from 1; InfoXLM takes 8 of 12; default: the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layer: Option<usize>,
}

/// Word alignment: a hidden word of a pair has to point at its counterpart in the translation. The counterparts are found
/// by the model itself, by optimal transport between the words of the pair with nothing hidden, which takes one more
/// forward pass over the pairs; its tokens are not counted. (XLM-Align, arXiv 2106.06381.)
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct WordAlignmentOptions {
    /// Factor on the mean loss per hidden word that has a counterpart; 0 is off; default 0.
    pub weight: f64,
    /// Part of a batch's tokens that pairs may take, in (0, 0.5]; with `tlm` the two read the same pairs, and the larger
    /// share counts; default 0.25.
    pub share: f64,
    /// The layer whose hidden states find the counterparts, counted from 1; XLM-Align takes 10 of 12; default: the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layer: Option<usize>,
    /// Rounds of Sinkhorn's iteration, 1 to 1000; default 2.
    pub iterations: usize,
    /// What cosines are divided by before the transport, above 0; the smaller, the surer the alignment; default 0.1.
    pub regularization: f64,
    /// Rounds of alignment, 1 to 10: with 1 both directions have to agree; each further round aligns what is left;
    /// default 1.
    pub rounds: usize,
}

impl Default for TranslationOptions {
    fn default() -> Self {
        Self {
            weight: 0.0,
            share: 0.25,
            form: TranslationForm::InBatch,
            queue: 4096,
            temperature: 0.05,
            margin: 0.0,
            pooling: Pooling::Mean,
            layer: None,
        }
    }
}

impl Default for WordAlignmentOptions {
    fn default() -> Self {
        let Transport { iterations, regularization, rounds } = Transport::default();
        Self { weight: 0.0, share: 0.25, layer: None, iterations, regularization, rounds }
    }
}

impl TranslationOptions {
    pub(crate) fn validate(&self) -> Result<(), Error> {
        let temperature = self.temperature;
        let holds = (0.001..=100.0).contains(&temperature);
        check("objectives.translation.temperature", "0.001 to 100", temperature, holds)?;
        let margin = self.margin;
        check("objectives.translation.margin", "0 to 2", margin, (0.0..=2.0).contains(&margin))?;
        let expected = format!("0 to {QUEUE_MAX}");
        check("objectives.translation.queue", expected, self.queue, self.queue <= QUEUE_MAX)?;
        check_layer("translation", self.layer, usize::MAX)
    }
}

impl WordAlignmentOptions {
    pub(crate) fn validate(&self) -> Result<(), Error> {
        let field = |name| format!("objectives.word-alignment.{name}");
        check(&field("iterations"), "1 to 1000", self.iterations, (1..=1000).contains(&self.iterations))?;
        check(&field("rounds"), "1 to 10", self.rounds, (1..=10).contains(&self.rounds))?;
        let holds = (0.001..=100.0).contains(&self.regularization);
        check(&field("regularization"), "0.001 to 100", self.regularization, holds)?;
        check_layer("word-alignment", self.layer, usize::MAX)
    }

    /// How counterparts are found.
    pub(crate) fn transport(&self) -> Transport {
        Transport { iterations: self.iterations, regularization: self.regularization, rounds: self.rounds }
    }
}

/// `Error::Config` where the chosen layer of an objective is none of `layers`.
pub(crate) fn check_layer(objective: &str, layer: Option<usize>, layers: usize) -> Result<(), Error> {
    let Some(layer) = layer else { return Ok(()) };
    let expected =
        if layers == usize::MAX { "1 or more".to_owned() } else { format!("1 to {layers}, the model's layers") };
    check(&format!("objectives.{objective}.layer"), expected, layer, (1..=layers).contains(&layer))
}
