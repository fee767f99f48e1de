//! UER's names, new and old, in place of Hugging Face's, and the other way round; the table of both is
//! [`jove_core::parameter_names`].

use jove_core::Layout;
use jove_core::parameter_names::{Naming, Part, part, translate};

use crate::hf::unwrapped;

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
    matches!(part(name, Naming::HuggingFace(Layout::Bert)), Some(Part::Pooler | Part::NextSentence))
}

/// The part of the model that UER calls, or has called, `name`.
pub(super) fn part_of(name: &str) -> Option<Part> {
    part(&renewed(name), Naming::Uer)
}

/// UER's present name of a tensor that Hugging Face calls `name`.
pub(super) fn to_uer(layout: Layout, name: &str) -> Option<String> {
    let uer = translate(name, Naming::HuggingFace(layout), Naming::Uer)?;
    exists(layout, &uer).then_some(uer)
}

/// Hugging Face's name of a tensor that UER calls, or has called, `name`.
pub(super) fn from_uer(layout: Layout, name: &str) -> Option<String> {
    let uer = renewed(name);
    let hugging_face = translate(&uer, Naming::Uer, Naming::HuggingFace(layout))?;
    exists(layout, &uer).then_some(hugging_face)
}

/// UER has pooler and next-sentence head in BERT's layout alone.
fn exists(layout: Layout, uer: &str) -> bool {
    layout == Layout::Bert || part(uer, Naming::Uer) != Some(Part::Pooler)
}

/// An old name in its present form.
pub(super) fn renewed(name: &str) -> String {
    let name = unwrapped(name);
    let old = OLD.iter().find_map(|(old, new)| Some(format!("{new}{}", name.strip_prefix(old)?)));
    old.unwrap_or_else(|| name.to_owned())
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
