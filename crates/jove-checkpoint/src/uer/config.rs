//! UER's `config.json`.

use std::path::Path;

use jove_core::parameter_names::{Naming, Part};
use jove_core::{Layout, ModelConfig};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::names::renewed;
use super::tables::{check_layout, ends_in_zeros, layout_of};
use crate::content::identified;
use crate::error::{Error, Result};
use crate::hf::{Described, config_from_json, config_to_json};
use crate::spec::TensorSpec;
use crate::tensor::TensorSource;

#[derive(Deserialize)]
struct Stored {
    heads_num: usize,
    #[serde(default)]
    layers_num: Option<usize>,
    #[serde(default)]
    dropout: Option<f64>,
    #[serde(default)]
    hidden_act: Option<String>,
    #[serde(default)]
    layernorm_positioning: Option<String>,
    #[serde(default)]
    encoder: Option<String>,
    #[serde(default)]
    mask: Option<String>,
}

/// The text of UER's configuration for a model; `told` says whether its layout can be told from its tables.
pub(crate) fn uer_config_to_json(config: &ModelConfig, sentence_pairs: bool, told: bool) -> String {
    let mut stored = json!({
        "emb_size": config.hidden_size,
        "feedforward_size": config.intermediate_size,
        "hidden_size": config.hidden_size,
        "hidden_act": "gelu",
        "heads_num": config.num_attention_heads,
        "layers_num": config.num_hidden_layers,
        "max_seq_length": config.max_position_embeddings,
        "dropout": config.hidden_dropout_prob,
        "data_processor": if sentence_pairs { "bert" } else { "mlm" },
        "embedding": ["word", "pos", "seg"],
        "encoder": "transformer",
        "mask": "fully_visible",
        "target": if sentence_pairs { json!(["mlm", "sp"]) } else { json!(["mlm"]) },
        "tie_weights": true,
    });
    if !(told && is_inferred(config)) {
        let text = config_to_json(config);
        stored[HUGGING_FACE] = serde_json::from_str(&text).expect("what was just written is JSON");
    }
    let mut text = serde_json::to_string_pretty(&stored).expect("a map of plain values is JSON");
    text.push('\n');
    text
}

/// Whether an import finds the configuration in tables and UER's keys alone.
fn is_inferred(config: &ModelConfig) -> bool {
    let (new, token_types): (fn(_, _, _, _, _) -> ModelConfig, _) = match config.layout {
        Layout::Bert => (ModelConfig::bert, 2),
        Layout::XlmRoberta => (ModelConfig::xlm_roberta, 1),
    };
    let ModelConfig { vocab_size, hidden_size, num_hidden_layers, num_attention_heads, intermediate_size, .. } =
        *config;
    let dropout = config.hidden_dropout_prob;
    *config
        == ModelConfig {
            max_position_embeddings: config.max_position_embeddings,
            type_vocab_size: token_types,
            hidden_dropout_prob: dropout,
            attention_probs_dropout_prob: dropout,
            ..new(vocab_size, hidden_size, num_hidden_layers, num_attention_heads, intermediate_size)
        }
}

/// The key of our own in UER's configuration, which UER passes over: Hugging Face's configuration, where the tables and UER's
/// keys do not say all of it.
const HUGGING_FACE: &str = "hugging_face";

/// The model that a UER checkpoint holds: heads from its configuration, sizes from its tensors (`source`, under UER's
/// names). Without `layout`, it is told from them, see [`tables::layout_of`].
///
/// # Errors
/// Where a table of the embeddings is missing, the configuration describes another encoder, or `layout` contradicts the
/// tensors.
pub(crate) fn uer_config_from_json(
    path: &Path,
    text: &[u8],
    source: &(impl TensorSource + ?Sized),
    layout: Option<Layout>,
) -> Result<ModelConfig> {
    let keys = keys(path, text)?;
    let stated = keys.get(HUGGING_FACE).map(|stated| config_from_json(path, stated.to_string().as_bytes()));
    let stored = Stored::deserialize(Value::Object(keys)).map_err(|error| Error::config(path, error.to_string()))?;
    check_encoder(path, &stored)?;
    if let Some(Described { config, .. }) = stated.transpose()? {
        if let Some(given) = layout.filter(|given| *given != config.layout) {
            let reason = format!("the layout given is {given}, the configuration says {}", config.layout);
            return Err(Error::unsupported(path, reason, "leave the layout out"));
        }
        return Ok(config);
    }
    inferred(path, &stored, source, layout)
}

/// The configuration, of the tables and UER's keys alone.
fn inferred(
    path: &Path,
    stored: &Stored,
    source: &(impl TensorSource + ?Sized),
    layout: Option<Layout>,
) -> Result<ModelConfig> {
    let specs = source.specs();
    let shape = |part: Part| -> Result<[usize; 2]> {
        let name = format!("{}.weight", uer_name(part, 0));
        let spec = specs.iter().find(|spec| renewed(&spec.name) == name);
        let shape = spec.and_then(|spec| <[usize; 2]>::try_from(spec.shape.as_slice()).ok());
        shape.ok_or_else(|| Error::config(path, format!("the checkpoint holds no table `{name}`")))
    };
    let [vocab_size, hidden_size] = shape(Part::WordEmbeddings)?;
    let [positions, _] = shape(Part::PositionEmbeddings)?;
    let [segments, _] = shape(Part::TokenTypeEmbeddings)?;
    let [intermediate_size, _] = shape(Part::Intermediate)?;
    let layers = stored.layers_num.filter(|layers| *layers <= LAYERS_MAX).unwrap_or_else(|| layers_in(&specs));
    let layout = match layout {
        Some(layout) => check_layout(path, layout, &specs)?,
        None => layout_of(source, path.parent())?,
    };
    let new = match layout {
        Layout::Bert => ModelConfig::bert,
        Layout::XlmRoberta => ModelConfig::xlm_roberta,
    };
    let base: ModelConfig = new(vocab_size, hidden_size, layers, stored.heads_num, intermediate_size);
    let unused = base.first_position();
    let (max_position_embeddings, type_vocab_size) = match layout {
        Layout::Bert => (positions, segments.saturating_sub(1)),
        Layout::XlmRoberta if ends_in_zeros(source, unused)? => (positions, 1),
        // The table was made for UER: all of its rows are positions.
        Layout::XlmRoberta => (positions + unused, 1),
    };
    let dropout = stored.dropout.unwrap_or(base.hidden_dropout_prob);
    let config = ModelConfig {
        max_position_embeddings,
        type_vocab_size,
        hidden_dropout_prob: dropout,
        attention_probs_dropout_prob: dropout,
        ..base
    };
    config.validate().map_err(|error| Error::config(path, error.to_string()))?;
    Ok(config)
}

/// The keys of a configuration of UER's making.
fn keys(path: &Path, text: &[u8]) -> Result<Map<String, Value>> {
    let keys: Map<String, Value> = serde_json::from_slice(text).map_err(|error| match identified(text) {
        Some(content) => Error::foreign(path, "UER's configuration", &content),
        None => Error::config(path, error.to_string()),
    })?;
    if keys.contains_key("num_attention_heads") && !keys.contains_key("heads_num") {
        let reason = "expected UER's configuration, found one of Hugging Face's";
        return Err(Error::unsupported(
            path,
            reason,
            "import the checkpoint with the format hf, or give UER's configuration",
        ));
    }
    Ok(keys)
}

pub(super) fn uer_name(part: Part, layer: usize) -> String {
    part.name(Naming::Uer, layer).expect("UER names every part")
}

/// Far above any published encoder.
const LAYERS_MAX: usize = 1024;

fn check_encoder(path: &Path, stored: &Stored) -> Result<()> {
    for (key, value, expected) in [
        ("hidden_act", &stored.hidden_act, "gelu"),
        ("layernorm_positioning", &stored.layernorm_positioning, "post"),
        ("encoder", &stored.encoder, "transformer"),
        ("mask", &stored.mask, "fully_visible"),
    ] {
        if let Some(found) = value.as_deref().filter(|found| *found != expected) {
            let hint = "the encoder here has one kind of each; use another model";
            return Err(Error::unsupported(path, format!("{key}: expected {expected}, found {found}"), hint));
        }
    }
    Ok(())
}

/// The number of layers whose last tensor is there.
fn layers_in(specs: &[TensorSpec]) -> usize {
    let has_last = |layer: &usize| {
        let last = format!("{}.beta", uer_name(Part::OutputNorm, *layer));
        specs.iter().any(|spec| renewed(&spec.name) == last)
    };
    (0..LAYERS_MAX).take_while(has_last).count()
}
