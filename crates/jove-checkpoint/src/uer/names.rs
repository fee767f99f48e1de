//! UER's names, new and old, against Hugging Face's.

use jove_core::Layout;

use crate::layout::prefix;

/// (UER, Hugging Face after the prefix) within a layer.
const LAYER: [(&str, &str); 16] = [
    ("self_attn.linear_layers.0.weight", "attention.self.query.weight"),
    ("self_attn.linear_layers.0.bias", "attention.self.query.bias"),
    ("self_attn.linear_layers.1.weight", "attention.self.key.weight"),
    ("self_attn.linear_layers.1.bias", "attention.self.key.bias"),
    ("self_attn.linear_layers.2.weight", "attention.self.value.weight"),
    ("self_attn.linear_layers.2.bias", "attention.self.value.bias"),
    ("self_attn.final_linear.weight", "attention.output.dense.weight"),
    ("self_attn.final_linear.bias", "attention.output.dense.bias"),
    ("layer_norm_1.gamma", "attention.output.LayerNorm.weight"),
    ("layer_norm_1.beta", "attention.output.LayerNorm.bias"),
    ("feed_forward.linear_1.weight", "intermediate.dense.weight"),
    ("feed_forward.linear_1.bias", "intermediate.dense.bias"),
    ("feed_forward.linear_2.weight", "output.dense.weight"),
    ("feed_forward.linear_2.bias", "output.dense.bias"),
    ("layer_norm_2.gamma", "output.LayerNorm.weight"),
    ("layer_norm_2.beta", "output.LayerNorm.bias"),
];

/// (UER, Hugging Face after the prefix) of the embeddings.
const EMBEDDINGS: [(&str, &str); 5] = [
    ("embedding.word.embedding.weight", "embeddings.word_embeddings.weight"),
    ("embedding.pos.embedding.weight", "embeddings.position_embeddings.weight"),
    ("embedding.seg.embedding.weight", "embeddings.token_type_embeddings.weight"),
    ("embedding.layer_norm.gamma", "embeddings.LayerNorm.weight"),
    ("embedding.layer_norm.beta", "embeddings.LayerNorm.bias"),
];

/// (UER, Hugging Face in BERT's layout, in XLM-R's layout) of the head.
const HEAD: [(&str, &str, &str); 5] = [
    ("target.mlm.linear_1.weight", "cls.predictions.transform.dense.weight", "lm_head.dense.weight"),
    ("target.mlm.linear_1.bias", "cls.predictions.transform.dense.bias", "lm_head.dense.bias"),
    ("target.mlm.layer_norm.gamma", "cls.predictions.transform.LayerNorm.weight", "lm_head.layer_norm.weight"),
    ("target.mlm.layer_norm.beta", "cls.predictions.transform.LayerNorm.bias", "lm_head.layer_norm.bias"),
    ("target.mlm.linear_2.bias", "cls.predictions.bias", "lm_head.bias"),
];

/// (UER, Hugging Face) of the pooler and the next-sentence head; BERT's layout alone has them in UER.
const SENTENCE_PAIRS: [(&str, &str); 4] = [
    ("target.sp.linear_1.weight", "bert.pooler.dense.weight"),
    ("target.sp.linear_1.bias", "bert.pooler.dense.bias"),
    ("target.sp.linear_2.weight", "cls.seq_relationship.weight"),
    ("target.sp.linear_2.bias", "cls.seq_relationship.bias"),
];

/// The copy of the word table that UER keeps as the head's last layer.
pub(super) const DECODER: &str = "target.mlm.linear_2.weight";

/// (before 2022, now): the first parts of names.
const OLD: [(&str, &str); 9] = [
    ("embedding.word_embedding.", "embedding.word.embedding."),
    ("embedding.position_embedding.", "embedding.pos.embedding."),
    ("embedding.segment_embedding.", "embedding.seg.embedding."),
    ("target.mlm_linear_1.", "target.mlm.linear_1."),
    ("target.mlm_linear_2.", "target.mlm.linear_2."),
    ("target.layer_norm.", "target.mlm.layer_norm."),
    ("target.nsp_linear_", "target.sp.linear_"),
    ("target.sp_linear_", "target.sp.linear_"),
    ("target.sop_linear_", "target.sp.linear_"),
];

/// Whether a tensor, by its Hugging Face name, is one of the four of pooler and next-sentence head.
pub(super) fn is_of_pairs(name: &str) -> bool {
    SENTENCE_PAIRS.iter().any(|(_, theirs)| *theirs == name)
}

/// UER's present name of a tensor that Hugging Face calls `name`.
pub(super) fn to_uer(layout: Layout, name: &str) -> Option<String> {
    let find = |table: &[(&str, &str)], wanted: &str| {
        table.iter().find(|(_, theirs)| *theirs == wanted).map(|(ours, _)| (*ours).to_owned())
    };
    if let Some(inner) = name.strip_prefix(prefix(layout)) {
        if let Some((layer, rest)) = inner.strip_prefix("encoder.layer.").and_then(|rest| rest.split_once('.')) {
            return Some(format!("encoder.transformer.{layer}.{}", find(&LAYER, rest)?));
        }
        if let Some(found) = find(&EMBEDDINGS, inner) {
            return Some(found);
        }
    }
    if layout == Layout::Bert
        && let Some(found) = find(&SENTENCE_PAIRS, name)
    {
        return Some(found);
    }
    HEAD.iter().find(|(_, bert, xlm_roberta)| name == by_layout(layout, bert, xlm_roberta)).map(|row| row.0.to_owned())
}

/// Hugging Face's name of a tensor that UER calls, or has called, `name`.
pub(super) fn from_uer(layout: Layout, name: &str) -> Option<String> {
    let name = renewed(name);
    let find = |table: &[(&str, &'static str)], wanted: &str| {
        table.iter().find(|(ours, _)| *ours == wanted).map(|(_, theirs)| *theirs)
    };
    if let Some((layer, rest)) = name.strip_prefix("encoder.transformer.").and_then(|rest| rest.split_once('.')) {
        return Some(format!("{}encoder.layer.{layer}.{}", prefix(layout), find(&LAYER, rest)?));
    }
    if let Some(found) = find(&EMBEDDINGS, &name) {
        return Some(format!("{}{found}", prefix(layout)));
    }
    if let (Layout::Bert, Some(found)) = (layout, find(&SENTENCE_PAIRS, &name)) {
        return Some(found.to_owned());
    }
    let head = HEAD.iter().find(|(ours, ..)| *ours == name);
    head.map(|(_, bert, xlm_roberta)| by_layout(layout, bert, xlm_roberta).to_owned())
}

/// An old name in its present form.
pub(super) fn renewed(name: &str) -> String {
    let name = name.strip_prefix("module.").unwrap_or(name);
    let old = OLD.iter().find_map(|(old, new)| Some(format!("{new}{}", name.strip_prefix(old)?)));
    old.unwrap_or_else(|| name.to_owned())
}

fn by_layout<'a>(layout: Layout, bert: &'a str, xlm_roberta: &'a str) -> &'a str {
    match layout {
        Layout::Bert => bert,
        Layout::XlmRoberta => xlm_roberta,
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
            let mut specs = required_tensors(&config);
            if config.layout == Layout::Bert {
                specs.extend(optional_tensors(&config));
            }
            for spec in specs {
                let uer = to_uer(config.layout, &spec.name).unwrap();
                assert_eq!(from_uer(config.layout, &uer).as_deref(), Some(&*spec.name), "{uer}");
            }
        }
    }

    #[test]
    fn old_names_mean_what_new_ones_mean() {
        let cases = [
            ("embedding.word_embedding.weight", "bert.embeddings.word_embeddings.weight"),
            ("target.layer_norm.gamma", "cls.predictions.transform.LayerNorm.weight"),
            ("target.mlm_linear_1.bias", "cls.predictions.transform.dense.bias"),
            ("target.nsp_linear_1.weight", "bert.pooler.dense.weight"),
            ("target.sop_linear_2.bias", "cls.seq_relationship.bias"),
            ("module.embedding.layer_norm.beta", "bert.embeddings.LayerNorm.bias"),
        ];
        for (uer, theirs) in cases {
            assert_eq!(from_uer(Layout::Bert, uer).as_deref(), Some(theirs));
        }
        for unknown in ["", "x", "中文", "😀", "encoder.transformer.", "encoder.transformer.0.", "אבג", "e\u{301}"]
        {
            assert_eq!(from_uer(Layout::Bert, unknown), None);
        }
    }
}
