//! Google's names against Hugging Face's.

use jove_core::Layout;

use crate::layout::prefix;

/// (TensorFlow after `bert/encoder/layer_N/`, Hugging Face after `encoder.layer.N.`) of a layer's parts.
const LAYER: [(&str, &str); 16] = [
    ("attention/self/query/kernel", "attention.self.query.weight"),
    ("attention/self/query/bias", "attention.self.query.bias"),
    ("attention/self/key/kernel", "attention.self.key.weight"),
    ("attention/self/key/bias", "attention.self.key.bias"),
    ("attention/self/value/kernel", "attention.self.value.weight"),
    ("attention/self/value/bias", "attention.self.value.bias"),
    ("attention/output/dense/kernel", "attention.output.dense.weight"),
    ("attention/output/dense/bias", "attention.output.dense.bias"),
    ("attention/output/LayerNorm/gamma", "attention.output.LayerNorm.weight"),
    ("attention/output/LayerNorm/beta", "attention.output.LayerNorm.bias"),
    ("intermediate/dense/kernel", "intermediate.dense.weight"),
    ("intermediate/dense/bias", "intermediate.dense.bias"),
    ("output/dense/kernel", "output.dense.weight"),
    ("output/dense/bias", "output.dense.bias"),
    ("output/LayerNorm/gamma", "output.LayerNorm.weight"),
    ("output/LayerNorm/beta", "output.LayerNorm.bias"),
];

/// (TensorFlow, Hugging Face after the prefix) outside the layers.
const OUTSIDE: [(&str, &str); 7] = [
    ("bert/embeddings/word_embeddings", "embeddings.word_embeddings.weight"),
    (POSITIONS, "embeddings.position_embeddings.weight"),
    ("bert/embeddings/token_type_embeddings", "embeddings.token_type_embeddings.weight"),
    ("bert/embeddings/LayerNorm/gamma", "embeddings.LayerNorm.weight"),
    ("bert/embeddings/LayerNorm/beta", "embeddings.LayerNorm.bias"),
    ("bert/pooler/dense/kernel", "pooler.dense.weight"),
    ("bert/pooler/dense/bias", "pooler.dense.bias"),
];

/// (TensorFlow, Hugging Face in BERT's layout, in XLM-R's) of the heads.
const HEADS: [(&str, &str, &str); 7] = [
    ("cls/predictions/transform/dense/kernel", "cls.predictions.transform.dense.weight", "lm_head.dense.weight"),
    ("cls/predictions/transform/dense/bias", "cls.predictions.transform.dense.bias", "lm_head.dense.bias"),
    (
        "cls/predictions/transform/LayerNorm/gamma",
        "cls.predictions.transform.LayerNorm.weight",
        "lm_head.layer_norm.weight",
    ),
    ("cls/predictions/transform/LayerNorm/beta", "cls.predictions.transform.LayerNorm.bias", "lm_head.layer_norm.bias"),
    ("cls/predictions/output_bias", "cls.predictions.bias", "lm_head.bias"),
    ("cls/seq_relationship/output_weights", "cls.seq_relationship.weight", ""),
    ("cls/seq_relationship/output_bias", "cls.seq_relationship.bias", ""),
];

/// The position table, whose rows move in XLM-R's layout.
pub(super) const POSITIONS: &str = "bert/embeddings/position_embeddings";

/// TensorFlow's name of a tensor that Hugging Face calls `name`.
pub(super) fn to_tf(layout: Layout, name: &str) -> Option<String> {
    if let Some(inner) = name.strip_prefix(prefix(layout)) {
        if let Some((layer, rest)) = inner.strip_prefix("encoder.layer.").and_then(|rest| rest.split_once('.')) {
            let (ours, _) = LAYER.iter().find(|(_, theirs)| *theirs == rest)?;
            return Some(format!("bert/encoder/layer_{layer}/{ours}"));
        }
        return OUTSIDE.iter().find(|(_, theirs)| *theirs == inner).map(|(ours, _)| (*ours).to_owned());
    }
    let mut heads = HEADS.iter().map(|row| (row.0, in_layout(layout, row)));
    heads.find(|(_, theirs)| !name.is_empty() && *theirs == name).map(|(ours, _)| ours.to_owned())
}

/// Hugging Face's name of a tensor that TensorFlow calls `name`.
pub(super) fn from_tf(layout: Layout, name: &str) -> Option<String> {
    if let Some((layer, rest)) = name.strip_prefix("bert/encoder/layer_").and_then(|rest| rest.split_once('/')) {
        let (_, theirs) = LAYER.iter().find(|(ours, _)| *ours == rest)?;
        return Some(format!("{}encoder.layer.{layer}.{theirs}", prefix(layout)));
    }
    if let Some((_, theirs)) = OUTSIDE.iter().find(|(ours, _)| *ours == name) {
        return Some(format!("{}{theirs}", prefix(layout)));
    }
    let head = HEADS.iter().find(|row| row.0 == name && !in_layout(layout, row).is_empty());
    head.map(|row| in_layout(layout, row).to_owned())
}

/// Whether TensorFlow keeps the tensor with rows and columns exchanged.
pub(super) fn is_transposed(name: &str) -> bool {
    name.ends_with("/kernel")
}

/// Whether a variable belongs to the optimizer or the training loop.
pub(super) fn is_training_state(name: &str) -> bool {
    ["/adam_m", "/adam_v", "/Adam", "/Adam_1", "/lamb_m", "/lamb_v"].iter().any(|end| name.ends_with(end))
        || ["global_step", "good_steps", "loss_scale", "beta1_power", "beta2_power"].contains(&name)
}

fn in_layout(layout: Layout, row: &(&'static str, &'static str, &'static str)) -> &'static str {
    match layout {
        Layout::Bert => row.1,
        Layout::XlmRoberta => row.2,
    }
}

#[cfg(test)]
mod tests {
    use jove_core::ModelConfig;

    use super::*;
    use crate::layout::{optional_tensors, required_tensors};

    #[test]
    fn every_tensor_has_a_name_there_and_back() {
        for config in [ModelConfig::bert(9, 4, 12, 2, 8), ModelConfig::xlm_roberta(9, 4, 12, 2, 8)] {
            for spec in required_tensors(&config).into_iter().chain(optional_tensors(&config)) {
                let tf = to_tf(config.layout, &spec.name).unwrap();
                assert_eq!(from_tf(config.layout, &tf).as_deref(), Some(&*spec.name), "{tf}");
            }
        }
        for unknown in ["", "x", "中文", "😀", "bert/encoder/layer_", "bert/encoder/layer_0/", "אבג", "e\u{301}"]
        {
            assert_eq!(from_tf(Layout::XlmRoberta, unknown), None);
            assert_eq!(to_tf(Layout::XlmRoberta, unknown), None);
        }
    }

    #[test]
    fn the_optimizer_is_known() {
        assert!(is_training_state("bert/embeddings/word_embeddings/adam_m") && is_training_state("global_step"));
        assert!(!is_training_state("bert/embeddings/word_embeddings"));
    }
}
