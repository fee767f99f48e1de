//! The checkpoint that training starts from, where the run file names one.

use std::path::{Path, PathBuf};

use jove_checkpoint::{Allow, Difference, ExtraFile, open_hf};
use jove_core::ModelConfig;
use toml::Table;

use crate::cache::Key;
use crate::error::{Error, Result};
use crate::run::Run;

/// Files of a checkpoint's folder that its weights do not depend on. Everything else counts, so that whatever a reader opens
/// counts until it is listed here; the files of its tokenizer have a key of their own.
const NOT_READ: [&str; 7] = [
    "README.md",
    "metrics.jsonl",
    "momentum.safetensors",
    "optimizer.safetensors",
    "queues.safetensors",
    "state.json",
    "training_args.bin",
];

/// Endings of weights in formats that are not read.
const ENDINGS_NOT_READ: [&str; 4] = [".h5", ".msgpack", ".onnx", ".ot"];

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

    /// The key of shape and weights: of all files that a reader may open.
    ///
    /// # Errors
    /// When a file cannot be read, or changes meanwhile.
    pub(crate) fn weights_key(&self) -> Result<Key> {
        let fail = |source| Error::io("read", &self.folder, source);
        let mut files = Vec::new();
        for entry in std::fs::read_dir(&self.folder).map_err(fail)? {
            let path = entry.map_err(fail)?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if path.is_file() && is_read(&name) {
                files.push(path);
            }
        }
        files.sort();
        Key::of_paths(files.iter().map(PathBuf::as_path))
    }

    /// Refuses a vocabulary that has more pieces than the model has rows.
    pub(crate) fn check_vocabulary(&self, pieces: u32, path: &Path) -> Result<()> {
        let rows = self.config.vocab_size;
        // Rows are often filled up to a multiple of eight; others mean that the pieces may be those of another model.
        if (pieces as usize) < rows && !rows.is_multiple_of(8) {
            tracing::warn!(
                "{}: {pieces} pieces for the {rows} rows of the model; check that the vocabulary is the model's",
                path.display()
            );
        }
        if pieces as usize <= rows {
            return Ok(());
        }
        let expected = format!("a vocabulary of at most {rows} pieces, as many as the model of `model.from` has");
        Err(refusal("tokenizers", expected, format!("{pieces} at {}", path.display())))
    }
}

/// Whether the weights may depend on a file of the folder.
fn is_read(name: &str) -> bool {
    let is_other = NOT_READ.contains(&name) || ExtraFile::is_of_tokenizer(name) || name.starts_with('.');
    !is_other && !ENDINGS_NOT_READ.iter().any(|ending| name.ends_with(ending))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_counts_that_is_not_known_to_be_something_else() {
        for name in [
            "config.json",
            "model.safetensors",
            "model.safetensors.index.json",
            "weights-1.st",
            "heads.safetensors",
            "pytorch_model.bin",
            "权重",
        ] {
            assert!(is_read(name), "{name}");
        }
        for name in ["optimizer.safetensors", "state.json", ".gitattributes", "tf_model.h5", "vocab.txt", "README.md"] {
            assert!(!is_read(name), "{name}");
        }
    }
}
