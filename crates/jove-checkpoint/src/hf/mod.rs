//! Hugging Face folders: `config.json`, safetensors in one file or in shards, and a tokenizer's files.

mod config;
mod load;
mod names;
mod save;

pub(crate) use config::{Heads, config_with_heads};
pub use config::{config_from_json, config_to_json};
pub use load::{Loaded, load_hf, open_hf};
pub use save::{SaveOptions, save_hf, save_hf_with};

const CONFIG: &str = "config.json";
const SINGLE: &str = "model.safetensors";
const INDEX: &str = "model.safetensors.index.json";

/// What was usual before safetensors; read, never written.
const TORCH_SINGLE: &str = "pytorch_model.bin";
const TORCH_INDEX: &str = "pytorch_model.bin.index.json";
