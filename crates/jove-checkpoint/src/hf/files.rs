//! Names of the files in a Hugging Face folder.

pub(super) const CONFIG: &str = "config.json";
pub(super) const SINGLE: &str = "model.safetensors";
pub(super) const INDEX: &str = "model.safetensors.index.json";

/// The files in use before safetensors; read, never written.
pub(super) const TORCH_SINGLE: &str = "pytorch_model.bin";
pub(super) const TORCH_INDEX: &str = "pytorch_model.bin.index.json";
