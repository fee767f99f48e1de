//! The checkpoint that training starts from, where the run file names one.

use std::path::{Path, PathBuf};

use jove_checkpoint::{Allow, Difference, open_hf};
use jove_core::ModelConfig;
use toml::Table;

use crate::cache::Key;
use crate::error::{Error, Result};
use crate::run::Run;

/// Files of a checkpoint that define its tokenizer.
const TOKENIZER_FILES: [&str; 6] = [
    "tokenizer.json",
    "vocab.txt",
    "tokenizer_config.json",
    "sentencepiece.bpe.model",
    "sentencepiece.model",
    "spiece.model",
];

/// Endings of the files with a checkpoint's weights.
const WEIGHT_ENDINGS: [&str; 3] = [".safetensors", ".bin", ".index.json"];

/// A checkpoint, checked.
#[derive(Clone, Debug)]
pub(crate) struct InitialCheckpoint {
    /// Its folder.
    pub(crate) folder: PathBuf,
    /// Its shape.
    pub(crate) config: ModelConfig,
}

impl InitialCheckpoint {
    /// The checkpoint of `model.from`, checked against the run file; `None` where it names none.
    ///
    /// # Errors
    /// When it cannot be read, or has another layout or size than the run file states.
    pub(crate) fn of(run: &Run) -> Result<Option<Self>> {
        let Some(from) = &run.file.model.from else { return Ok(None) };
        let folder = run.data(from);
        // An encoder alone will do: training adds a head.
        let config = open_hf(&folder, &Allow::these([Difference::Missing]))?.config;
        for variant in &run.variants {
            if variant.layout != config.layout {
                let expected = format!("a model in the layout {}, which `{}` has", variant.layout, variant.name);
                return Err(refusal("model.from", expected, format!("{} at {}", config.layout, folder.display())));
            }
        }
        check_sizes(&config, &run.stated_model)?;
        run.check_fit(|_| config.clone())?;
        Ok(Some(Self { folder, config }))
    }

    /// The key of its tokenizer.
    pub(crate) fn tokenizer_key(&self) -> Result<Key> {
        self.key(|name| TOKENIZER_FILES.contains(&name))
    }

    /// The key of shape and weights.
    pub(crate) fn weights_key(&self) -> Result<Key> {
        // The state of the optimizer is not read.
        let weights =
            |name: &str| WEIGHT_ENDINGS.iter().any(|ending| name.ends_with(ending)) && name != "optimizer.safetensors";
        self.key(|name| name == "config.json" || weights(name))
    }

    fn key(&self, takes: impl Fn(&str) -> bool) -> Result<Key> {
        let fail = |source| Error::io("read", &self.folder, source);
        let mut files = Vec::new();
        for entry in std::fs::read_dir(&self.folder).map_err(fail)? {
            let path = entry.map_err(fail)?.path();
            if path.is_file() && path.file_name().and_then(|name| name.to_str()).is_some_and(&takes) {
                files.push(path);
            }
        }
        files.sort();
        Key::of_files(&files)
    }

    /// Refuses a vocabulary that has more pieces than the model has rows.
    pub(crate) fn check_vocabulary(&self, pieces: u32, path: &Path) -> Result<()> {
        let rows = self.config.vocab_size;
        if pieces as usize <= rows {
            return Ok(());
        }
        let expected = format!("a vocabulary of at most {rows} pieces, as many as the model of `model.from` has");
        Err(refusal("tokenizers", expected, format!("{pieces} at {}", path.display())))
    }
}

/// A size that the run file states must be that of the checkpoint.
fn check_sizes(config: &ModelConfig, stated: &Table) -> Result<()> {
    let sizes = [
        ("hidden-size", config.hidden_size),
        ("layers", config.num_hidden_layers),
        ("heads", config.num_attention_heads),
        ("intermediate-size", config.intermediate_size),
    ];
    for (key, size) in sizes {
        let found = stated.get(key).and_then(toml::Value::as_integer);
        if let Some(found) = found.filter(|found| usize::try_from(*found) != Ok(size)) {
            let expected = format!("{size}, as in the checkpoint of `model.from`, or nothing");
            return Err(refusal(&format!("model.{key}"), expected, found.to_string()));
        }
    }
    let dropout = config.hidden_dropout_prob;
    match stated.get("dropout").and_then(toml::Value::as_float) {
        Some(found) if found.to_bits() != dropout.to_bits() => {
            let expected = format!("{dropout}, as in the checkpoint of `model.from`, or nothing");
            Err(refusal("model.dropout", expected, found.to_string()))
        }
        _ => Ok(()),
    }
}

fn refusal(key: &str, expected: String, found: String) -> Error {
    Error::Setting { key: key.to_owned(), expected, found }
}
