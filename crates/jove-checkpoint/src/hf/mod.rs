//! Hugging Face folders: `config.json`, safetensors in one file or in shards, and a tokenizer's files.

mod config;
mod files;
mod load;
mod names;
mod save;

pub(crate) use config::config_from_json;
pub use config::config_to_json;
pub(crate) use config::{Heads, config_with_heads};
pub use load::{Loaded, load_hf, open_hf};
pub use save::{SaveOptions, save_hf, save_hf_with};
