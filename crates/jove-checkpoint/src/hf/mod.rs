//! Hugging Face folders: `config.json`, safetensors in one file or in shards, and a tokenizer's files.

mod absent;
mod config;
mod family;
mod files;
mod load;
mod names;
mod save;

pub use config::config_to_json;
pub(crate) use config::{Described, config_from_json};
pub(crate) use config::{Heads, config_with_heads};
pub(crate) use load::UNTIED_HINT;
pub use load::{Loaded, load_hf, open_hf};
pub(crate) use names::unwrapped;
pub use save::{SaveOptions, save_hf, save_hf_with};
