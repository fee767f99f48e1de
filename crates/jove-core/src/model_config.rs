//! The shape of an encoder.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which published family's parameter names, positions and special tokens a model follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Layout {
    /// BERT: `bert.*`, positions from 0, two token types, head `cls.predictions.*`.
    Bert,
    /// XLM-R: `roberta.*`, positions from `pad + 1`, one token type, head `lm_head.*`.
    XlmRoberta,
}

/// The family's name as papers write it, `BERT` or `XLM-R`: what results and messages show.
impl std::fmt::Display for Layout {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Bert => "BERT",
            Self::XlmRoberta => "XLM-R",
        })
    }
}

/// The classes of transformers that share XLM-R's layout, by which a checkpoint of such a model is loaded. They compute
/// the same; their tokenizers and special tokens differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RobertaClass {
    /// `XLMRobertaModel`, of `model_type` `xlm-roberta`.
    #[default]
    XlmRoberta,
    /// `RobertaModel`, of `model_type` `roberta`.
    Roberta,
    /// `CamembertModel`, of `model_type` `camembert`.
    Camembert,
}

/// Sizes and constants of an encoder with a masked-language-model head; the names are Hugging Face's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelConfig {
    /// Parameter naming, positions and head.
    pub layout: Layout,
    /// Pieces in the vocabulary.
    pub vocab_size: usize,
    /// Width of the residual stream.
    pub hidden_size: usize,
    /// Number of transformer layers.
    pub num_hidden_layers: usize,
    /// Attention heads; divides `hidden_size`.
    pub num_attention_heads: usize,
    /// Width of the feed-forward layer.
    pub intermediate_size: usize,
    /// Rows of the position table; XLM-R's first `pad + 1` are never used.
    pub max_position_embeddings: usize,
    /// Rows of the token-type table.
    pub type_vocab_size: usize,
    /// Added to the variance in every layer norm.
    pub layer_norm_eps: f64,
    /// Dropout after embeddings and sublayers, in [0, 1).
    pub hidden_dropout_prob: f64,
    /// Dropout on attention probabilities, in [0, 1).
    pub attention_probs_dropout_prob: f64,
    /// Standard deviation of initial weights.
    pub initializer_range: f64,
    /// Id of the padding piece.
    pub pad_token_id: u32,
    /// Id of the piece that begins a sequence, where the configuration states one. Nothing here computes with it.
    pub bos_token_id: Option<u32>,
    /// Id of the piece that ends a sequence, where the configuration states one. Nothing here computes with it.
    pub eos_token_id: Option<u32>,
    /// Which class of transformers loads a model of XLM-R's layout; BERT's has one class.
    pub roberta_class: RobertaClass,
}

/// An invalid model shape.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("model.{field}: expected {expected}, found {found}")]
pub struct ModelConfigError {
    /// The field, as `ModelConfig` spells it, with hyphens.
    pub field: &'static str,
    /// What is valid there.
    pub expected: String,
    /// What was found.
    pub found: String,
}

impl ModelConfig {
    /// BERT's constants around the given sizes; 512 positions, dropout 0.1.
    pub fn bert(vocab_size: usize, hidden_size: usize, layers: usize, heads: usize, intermediate_size: usize) -> Self {
        Self {
            layout: Layout::Bert,
            vocab_size,
            hidden_size,
            num_hidden_layers: layers,
            num_attention_heads: heads,
            intermediate_size,
            max_position_embeddings: 512,
            type_vocab_size: 2,
            layer_norm_eps: 1e-12,
            hidden_dropout_prob: 0.1,
            attention_probs_dropout_prob: 0.1,
            initializer_range: 0.02,
            pad_token_id: 0,
            bos_token_id: None,
            eos_token_id: None,
            roberta_class: RobertaClass::default(),
        }
    }

    /// XLM-R's constants around the given sizes; 514 position rows, dropout 0.1.
    pub fn xlm_roberta(
        vocab_size: usize,
        hidden_size: usize,
        layers: usize,
        heads: usize,
        intermediate_size: usize,
    ) -> Self {
        Self {
            layout: Layout::XlmRoberta,
            max_position_embeddings: 514,
            type_vocab_size: 1,
            layer_norm_eps: 1e-5,
            pad_token_id: 1,
            bos_token_id: Some(0),
            eos_token_id: Some(2),
            ..Self::bert(vocab_size, hidden_size, layers, heads, intermediate_size)
        }
    }

    /// The position of a sequence's first token: 0 for BERT, `pad + 1` for XLM-R.
    pub fn first_position(&self) -> usize {
        match self.layout {
            Layout::Bert => 0,
            Layout::XlmRoberta => self.pad_token_id as usize + 1,
        }
    }

    /// The longest sequence, in tokens, special ones included.
    pub fn max_sequence_length(&self) -> usize {
        self.max_position_embeddings.saturating_sub(self.first_position())
    }

    /// Checks every size and probability against its range.
    ///
    /// # Errors
    /// Names the first invalid field: a size of 0 or beyond 2^31, heads that do not divide the width, a
    /// probability outside [0, 1), a pad id outside the vocabulary.
    pub fn validate(&self) -> Result<(), ModelConfigError> {
        let sizes = [
            ("vocab-size", self.vocab_size),
            ("hidden-size", self.hidden_size),
            ("num-hidden-layers", self.num_hidden_layers),
            ("num-attention-heads", self.num_attention_heads),
            ("intermediate-size", self.intermediate_size),
            ("max-position-embeddings", self.max_sequence_length()),
            ("type-vocab-size", self.type_vocab_size),
        ];
        for (field, size) in sizes {
            check(field, "a whole number from 1 to 2147483647", &size, (1..=i32::MAX as usize).contains(&size))?;
        }
        let divides = self.hidden_size.is_multiple_of(self.num_attention_heads);
        let divisor = format!("a divisor of hidden-size {}", self.hidden_size);
        check("num-attention-heads", &divisor, &self.num_attention_heads, divides)?;
        let fractions = [
            ("hidden-dropout-prob", self.hidden_dropout_prob),
            ("attention-probs-dropout-prob", self.attention_probs_dropout_prob),
        ];
        for (field, value) in fractions {
            check(field, "a number from 0 to below 1", &value, (0.0..1.0).contains(&value))?;
        }
        for (field, value) in [("layer-norm-eps", self.layer_norm_eps), ("initializer-range", self.initializer_range)] {
            check(field, "a number from 0 to below 1", &value, (0.0..1.0).contains(&value))?;
        }
        let known = (self.pad_token_id as usize) < self.vocab_size;
        check("pad-token-id", "an id of the vocabulary", &self.pad_token_id, known)
    }
}

fn check(field: &'static str, expected: &str, found: &impl ToString, holds: bool) -> Result<(), ModelConfigError> {
    if holds {
        Ok(())
    } else {
        Err(ModelConfigError { field, expected: expected.to_owned(), found: found.to_string() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layouts_are_shown_by_the_names_that_papers_use() {
        assert_eq!([Layout::Bert, Layout::XlmRoberta].map(|layout| layout.to_string()), ["BERT", "XLM-R"]);
        assert_eq!(format!("{:>6}", Layout::Bert), "  BERT");
    }

    #[test]
    fn sequence_length_leaves_out_unused_positions() {
        assert_eq!(ModelConfig::bert(100, 32, 2, 4, 64).max_sequence_length(), 512);
        assert_eq!(ModelConfig::xlm_roberta(100, 32, 2, 4, 64).max_sequence_length(), 512);
    }

    #[test]
    fn impossible_shapes_are_named() {
        let broken = ModelConfig { num_attention_heads: 5, ..ModelConfig::bert(100, 32, 2, 4, 64) };
        let message = broken.validate().unwrap_err().to_string();
        assert_eq!(message, "model.num-attention-heads: expected a divisor of hidden-size 32, found 5");
        assert!(
            ModelConfig { hidden_dropout_prob: f64::NAN, ..ModelConfig::bert(100, 32, 2, 4, 64) }.validate().is_err()
        );
        assert!(ModelConfig { num_attention_heads: 0, ..ModelConfig::bert(100, 32, 2, 4, 64) }.validate().is_err());
    }
}
