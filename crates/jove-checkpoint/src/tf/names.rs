//! Google's names in place of Hugging Face's, and the other way round; the table of both is
//! [`jove_core::parameter_names`].

use jove_core::Layout;
use jove_core::parameter_names::{Naming, Part, part, translate};

/// TensorFlow's name of a tensor that Hugging Face calls `name`.
pub(super) fn to_tf(layout: Layout, name: &str) -> Option<String> {
    translate(name, Naming::HuggingFace(layout), Naming::TensorFlow)
}

/// Hugging Face's name of a tensor that TensorFlow calls `name`.
pub(super) fn from_tf(layout: Layout, name: &str) -> Option<String> {
    translate(name, Naming::TensorFlow, Naming::HuggingFace(layout))
}

/// Whether TensorFlow calls the position table `name`, whose rows move in XLM-R's layout.
pub(super) fn is_positions(name: &str) -> bool {
    part(name, Naming::TensorFlow) == Some(Part::PositionEmbeddings)
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
