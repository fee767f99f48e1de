//! Hugging Face folders: `config.json`, safetensors in one file or in shards, and a tokenizer's files.

mod config;
mod load;
mod names;
mod save;

pub use config::{config_from_json, config_to_json};
pub use load::{Loaded, load_hf, open_hf};
pub use save::{SaveOptions, save_hf, save_hf_with};

const CONFIG: &str = "config.json";
const SINGLE: &str = "model.safetensors";
const INDEX: &str = "model.safetensors.index.json";
