//! The names of the model's parts, out of the table in [`jove_core::parameter_names`].

use jove_core::ModelConfig;
use jove_core::parameter_names::{Naming, Part};

/// The Hugging Face name of a part of layer `layer`; parts outside of the layers ignore the number.
pub(crate) fn name(config: &ModelConfig, part: Part, layer: usize) -> String {
    part.name(Naming::HuggingFace(config.layout), layer).expect("encoder and head have the same parts in every layout")
}
