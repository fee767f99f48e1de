//! UER's `config.json`.

use std::path::Path;

use jove_core::parameter_names::{Naming, Part};
use jove_core::{Layout, ModelConfig};
use serde::Deserialize;
use serde_json::json;

use crate::error::{Error, Result};
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
}

/// The text of UER's configuration for a model.
pub(crate) fn uer_config_to_json(config: &ModelConfig, sentence_pairs: bool) -> String {
    let stored = json!({
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
    let mut text = serde_json::to_string_pretty(&stored).expect("a map of plain values is JSON");
    text.push('\n');
    text
}

/// The model that a UER checkpoint holds: heads from its configuration, sizes from its tensors (`source`, under UER's
/// names). Without `layout`, the model is XLM-R where the row of sentence A is all zeros, as an export of XLM-R writes it.
///
/// # Errors
/// Where a table of the embeddings is missing, or the configuration describes another encoder.
pub(crate) fn uer_config_from_json(
    path: &Path,
    text: &[u8],
    source: &(impl TensorSource + ?Sized),
    layout: Option<Layout>,
) -> Result<ModelConfig> {
    let stored: Stored = serde_json::from_slice(text).map_err(|error| Error::config(path, error.to_string()))?;
    check_encoder(path, &stored)?;
    let specs = source.specs();
    let shape = |part: Part| -> Result<[usize; 2]> {
        let name = format!("{}.weight", uer_name(part, 0));
        let spec = specs.iter().find(|spec| super::names::renewed(&spec.name) == name);
        let shape = spec.and_then(|spec| <[usize; 2]>::try_from(spec.shape.as_slice()).ok());
        shape.ok_or_else(|| Error::config(path, format!("the checkpoint holds no table `{name}`")))
    };
    let [vocab_size, hidden_size] = shape(Part::WordEmbeddings)?;
    let [positions, _] = shape(Part::PositionEmbeddings)?;
    let [segments, _] = shape(Part::TokenTypeEmbeddings)?;
    let [intermediate_size, _] = shape(Part::Intermediate)?;
    let layers = stored.layers_num.filter(|layers| *layers <= LAYERS_MAX).unwrap_or_else(|| layers_in(&specs));
    let layout = match layout {
        Some(layout) => layout,
        None => layout_of(source)?,
    };
    let (new, padding_rows): (fn(_, _, _, _, _) -> _, _) = match layout {
        Layout::Bert => (ModelConfig::bert, 1),
        Layout::XlmRoberta => (ModelConfig::xlm_roberta, 2),
    };
    let base: ModelConfig = new(vocab_size, hidden_size, layers, stored.heads_num, intermediate_size);
    let dropout = stored.dropout.unwrap_or(base.hidden_dropout_prob);
    let config = ModelConfig {
        max_position_embeddings: positions,
        type_vocab_size: segments.saturating_sub(padding_rows),
        hidden_dropout_prob: dropout,
        attention_probs_dropout_prob: dropout,
        ..base
    };
    config.validate().map_err(|error| Error::config(path, error.to_string()))?;
    Ok(config)
}

fn uer_name(part: Part, layer: usize) -> String {
    part.name(Naming::Uer, layer).expect("UER names every part")
}

/// Far above any published encoder.
const LAYERS_MAX: usize = 1024;

fn check_encoder(path: &Path, stored: &Stored) -> Result<()> {
    for (key, value, expected) in [
        ("hidden_act", &stored.hidden_act, "gelu"),
        ("layernorm_positioning", &stored.layernorm_positioning, "post"),
        ("encoder", &stored.encoder, "transformer"),
    ] {
        if let Some(found) = value.as_deref().filter(|found| *found != expected) {
            return Err(Error::config(path, format!("{key}: expected {expected}, found {found}")));
        }
    }
    Ok(())
}

/// The number of layers whose last tensor is there.
fn layers_in(specs: &[TensorSpec]) -> usize {
    let has_last = |layer: &usize| {
        let last = format!("{}.beta", uer_name(Part::OutputNorm, *layer));
        specs.iter().any(|spec| super::names::renewed(&spec.name) == last)
    };
    (0..LAYERS_MAX).take_while(has_last).count()
}

fn layout_of(source: &(impl TensorSource + ?Sized)) -> Result<Layout> {
    let old = "embedding.segment_embedding.weight";
    let name = format!("{}.weight", uer_name(Part::TokenTypeEmbeddings, 0));
    let is_old = source.specs().iter().any(|spec| spec.name == old);
    let table = source.get(if is_old { old } else { &name })?;
    let width = table.shape.get(1).copied().unwrap_or(0).max(1);
    let sentence_a = table.data.chunks(width).nth(1);
    let zeros = sentence_a.is_some_and(|row| row.iter().all(|value| *value == 0.0));
    Ok(if zeros { Layout::XlmRoberta } else { Layout::Bert })
}
