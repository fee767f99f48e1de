//! `config.json` to and from a [`ModelConfig`].

use std::path::Path;

use jove_core::{Layout, ModelConfig, RobertaClass};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::family::{Family, check_activation, family};
use crate::content::identified;
use crate::error::{Error, Result};

/// Far above any published encoder; a false number must not make the list of expected tensors grow without bound.
const LAYERS_MAX: usize = 1024;

/// The parts of `config.json` that are read. A missing key has the default of the model's class in transformers.
#[derive(Deserialize)]
struct Stored {
    vocab_size: usize,
    hidden_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    intermediate_size: usize,
    #[serde(default = "max_position_embeddings")]
    max_position_embeddings: usize,
    #[serde(default = "type_vocab_size")]
    type_vocab_size: usize,
    #[serde(default = "layer_norm_eps")]
    layer_norm_eps: f64,
    #[serde(default = "dropout")]
    hidden_dropout_prob: f64,
    #[serde(default = "dropout")]
    attention_probs_dropout_prob: f64,
    #[serde(default = "initializer_range")]
    initializer_range: f64,
    #[serde(default)]
    pad_token_id: Option<u32>,
    #[serde(default)]
    hidden_act: Option<String>,
    #[serde(default)]
    position_embedding_type: Option<String>,
    #[serde(default)]
    is_decoder: bool,
}

fn max_position_embeddings() -> usize {
    512
}

fn type_vocab_size() -> usize {
    2
}

fn layer_norm_eps() -> f64 {
    1e-12
}

fn dropout() -> f64 {
    0.1
}

fn initializer_range() -> f64 {
    0.02
}

/// A configuration and what it says beyond sizes.
#[derive(Debug)]
pub(crate) struct Described {
    pub(crate) config: ModelConfig,
    pub(crate) family: Family,
    /// Whether the head's decoder is said to have weights of its own.
    pub(crate) untied: bool,
}

/// Reads `config.json` (or Google's `bert_config.json`, which has no `model_type`); `path` is for messages.
///
/// # Errors
/// [`Error::Config`] where it is not JSON or a size is missing or invalid; [`Error::Unsupported`] where it describes another
/// model than this encoder: another family, another activation than GELU, relative positions, a decoder.
pub(crate) fn config_from_json(path: &Path, text: &[u8]) -> Result<Described> {
    let keys = keys(path, text)?;
    let family = family(&keys).map_err(|refusal| Error::unsupported(path, refusal.reason, refusal.hint))?;
    let id = |key: &str, default: Option<u32>| match keys.get(key) {
        Some(value) => value.as_u64().and_then(|id| u32::try_from(id).ok()),
        None => default,
    };
    let layout = family.layout();
    let (bos_token_id, eos_token_id, pad) = match layout {
        Layout::Bert => (id("bos_token_id", None), id("eos_token_id", None), 0),
        Layout::XlmRoberta => (id("bos_token_id", Some(0)), id("eos_token_id", Some(2)), 1),
    };
    let untied = keys.get("tie_word_embeddings").and_then(Value::as_bool) == Some(false);
    let stored = Stored::deserialize(Value::Object(keys)).map_err(|error| Error::config(path, error.to_string()))?;
    check_encoder(path, &stored)?;
    let config = ModelConfig {
        layout,
        vocab_size: stored.vocab_size,
        hidden_size: stored.hidden_size,
        num_hidden_layers: stored.num_hidden_layers,
        num_attention_heads: stored.num_attention_heads,
        intermediate_size: stored.intermediate_size,
        max_position_embeddings: stored.max_position_embeddings,
        type_vocab_size: stored.type_vocab_size,
        layer_norm_eps: stored.layer_norm_eps,
        hidden_dropout_prob: stored.hidden_dropout_prob,
        attention_probs_dropout_prob: stored.attention_probs_dropout_prob,
        initializer_range: stored.initializer_range,
        pad_token_id: stored.pad_token_id.unwrap_or(pad),
        bos_token_id,
        eos_token_id,
        roberta_class: if let Family::Roberta(class) = family { class } else { RobertaClass::default() },
    };
    config.validate().map_err(|error| Error::config(path, error.to_string()))?;
    Ok(Described { config, family, untied })
}

/// The keys of a configuration of Hugging Face's or Google's making.
fn keys(path: &Path, text: &[u8]) -> Result<Map<String, Value>> {
    let keys: Map<String, Value> = serde_json::from_slice(text).map_err(|error| match identified(text) {
        Some(content) => Error::foreign(path, "a configuration", &content),
        None => Error::config(path, error.to_string()),
    })?;
    if keys.contains_key("emb_size") && !keys.contains_key("vocab_size") {
        let reason = "expected a configuration of Hugging Face's, found one of UER-Py's";
        return Err(Error::unsupported(path, reason, "import the checkpoint with the format uer"));
    }
    Ok(keys)
}

fn check_encoder(path: &Path, stored: &Stored) -> Result<()> {
    let other = |reason: String, hint: &str| Err(Error::unsupported(path, reason, hint));
    if let Err(refusal) = stored.hidden_act.as_deref().map_or(Ok(()), check_activation) {
        return other(refusal.reason, &refusal.hint);
    }
    match stored.position_embedding_type.as_deref() {
        None | Some("absolute") => {}
        Some(found) => {
            let reason = format!("position_embedding_type: expected absolute, found {found}");
            return other(reason, "use a model with a table of absolute positions");
        }
    }
    if stored.is_decoder {
        let reason = "is_decoder: expected false, found true".to_owned();
        return other(reason, "this is a decoder, which sees earlier tokens alone; use an encoder");
    }
    if stored.num_hidden_layers > LAYERS_MAX {
        let found = stored.num_hidden_layers;
        return Err(Error::config(path, format!("num_hidden_layers: expected at most {LAYERS_MAX}, found {found}")));
    }
    Ok(())
}

/// The heads among the weights, which decide the class that transformers loads them into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heads {
    /// The encoder alone.
    None,
    /// The masked-language-model head.
    Mlm,
    /// The masked-language-model head, the pooler and the next-sentence head.
    Pretraining,
}

/// The text of `config.json` for a model with its masked-language-model head.
pub fn config_to_json(config: &ModelConfig) -> String {
    config_with_heads(config, Heads::Mlm)
}

/// The text of `config.json`. Every key whose class default is not that of the published models is written.
pub(crate) fn config_with_heads(config: &ModelConfig, heads: Heads) -> String {
    let mut keys = Map::new();
    let mut set = |key: &str, value: Value| keys.insert(key.to_owned(), value);
    let (model_type, class) = match config.layout {
        Layout::Bert => ("bert", "Bert"),
        Layout::XlmRoberta => Family::names(config.roberta_class),
    };
    set("architectures", json!([format!("{class}{}", class_end(config.layout, heads))]));
    set("attention_probs_dropout_prob", json!(config.attention_probs_dropout_prob));
    set("dtype", json!("float32"));
    set("hidden_act", json!("gelu"));
    set("hidden_dropout_prob", json!(config.hidden_dropout_prob));
    set("hidden_size", json!(config.hidden_size));
    set("initializer_range", json!(config.initializer_range));
    set("intermediate_size", json!(config.intermediate_size));
    set("layer_norm_eps", json!(config.layer_norm_eps));
    set("max_position_embeddings", json!(config.max_position_embeddings));
    set("num_attention_heads", json!(config.num_attention_heads));
    set("num_hidden_layers", json!(config.num_hidden_layers));
    set("pad_token_id", json!(config.pad_token_id));
    set("position_embedding_type", json!("absolute"));
    set("tie_word_embeddings", json!(true));
    set("type_vocab_size", json!(config.type_vocab_size));
    set("use_cache", json!(true));
    set("vocab_size", json!(config.vocab_size));
    set("model_type", json!(model_type));
    match config.layout {
        Layout::Bert => {
            set("directionality", json!("bidi"));
            set("pooler_fc_size", json!(config.hidden_size));
            set("pooler_num_attention_heads", json!(config.num_attention_heads));
            set("pooler_num_fc_layers", json!(3));
            set("pooler_size_per_head", json!(128));
            set("pooler_type", json!("first_token_transform"));
        }
        Layout::XlmRoberta => {
            set("output_past", json!(true));
        }
    }
    for (key, id) in [("bos_token_id", config.bos_token_id), ("eos_token_id", config.eos_token_id)] {
        // In XLM-R's classes a missing key has a default, which a null has not.
        if id.is_some() || config.layout == Layout::XlmRoberta {
            set(key, json!(id));
        }
    }
    let mut text = serde_json::to_string_pretty(&Value::Object(keys)).expect("a map of plain values is JSON");
    text.push('\n');
    text
}

/// How the name of the class ends.
fn class_end(layout: Layout, heads: Heads) -> &'static str {
    match (layout, heads) {
        (_, Heads::None) => "Model",
        (Layout::Bert, Heads::Pretraining) => "ForPreTraining",
        (_, Heads::Mlm | Heads::Pretraining) => "ForMaskedLM",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn configurations_come_back() {
        let odd = ModelConfig { hidden_dropout_prob: 0.0, pad_token_id: 1, ..ModelConfig::bert(99, 32, 2, 4, 64) };
        let camembert = ModelConfig {
            bos_token_id: Some(5),
            eos_token_id: Some(6),
            roberta_class: RobertaClass::Camembert,
            ..ModelConfig::xlm_roberta(99, 32, 2, 4, 64)
        };
        let endless = ModelConfig { bos_token_id: None, eos_token_id: None, ..camembert.clone() };
        let named = ModelConfig { eos_token_id: Some(98), ..ModelConfig::bert(99, 32, 2, 4, 64) };
        let plain = [ModelConfig::bert(99, 32, 2, 4, 64), ModelConfig::xlm_roberta(99, 32, 2, 4, 64)];
        for config in plain.into_iter().chain([odd, camembert, endless, named]) {
            let text = config_to_json(&config);
            assert_eq!(config_from_json(Path::new("x"), text.as_bytes()).unwrap().config, config, "{text}");
        }
    }

    #[test]
    fn other_encoders_are_rejected_by_name() {
        let text = config_to_json(&ModelConfig::bert(99, 32, 2, 4, 64));
        let cases = [
            ("\"bert\"", "\"gpt2\"", "found gpt2"),
            ("\"gelu\"", "\"relu\"", "hidden_act: expected gelu, found relu"),
            ("\"absolute\"", "\"relative_key\"", "position_embedding_type: expected absolute, found relative_key"),
            (
                "\"num_hidden_layers\": 2",
                "\"num_hidden_layers\": 2147483647",
                "num_hidden_layers: expected at most 1024",
            ),
            ("\"hidden_size\": 32", "\"hidden_size\": 33", "expected a divisor of hidden-size 33"),
            ("\"hidden_size\": 32", "\"hidden_size\": -1", "invalid value: integer `-1`"),
            ("\"vocab_size\"", "\"词表\"", "missing field `vocab_size`"),
            ("\"vocab_size\": 99", "\"vocab_size\": 1e99", "invalid type: floating point"),
            ("{", "", "invalid type: string"),
        ];
        for (from, to, expected) in cases {
            let broken = text.replacen(from, to, 1);
            assert_ne!(broken, text);
            let message = config_from_json(Path::new("dir/config.json"), broken.as_bytes()).unwrap_err().to_string();
            assert!(message.starts_with("dir/config.json: ") && message.contains(expected), "{message}");
        }
    }

    #[test]
    fn missing_keys_have_the_default_of_the_class() {
        let text = r#"{"model_type":"xlm-roberta","vocab_size":9,"hidden_size":4,"num_hidden_layers":1,
            "num_attention_heads":1,"intermediate_size":8}"#;
        let config = config_from_json(Path::new("x"), text.as_bytes()).unwrap().config;
        assert_eq!((config.pad_token_id, config.type_vocab_size, config.max_position_embeddings), (1, 2, 512));
    }
}
