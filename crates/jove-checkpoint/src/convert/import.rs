//! Reading a checkpoint of any format.

use std::path::{Path, PathBuf};

use jove_core::{Layout, ModelConfig};

use super::format::{Format, UER_WEIGHTS};
use crate::error::{Error, Result};
use crate::folder::read_small;
use crate::hf::{Loaded, config_from_json, open_hf};
use crate::report::Allow;
use crate::tf::{TfBundle, TfImport};
use crate::torch::TorchFile;
use crate::uer::{UerImport, uer_config_from_json};
use crate::weights::Weights;

const CONFIG_BYTES_MAX: u64 = 1 << 20;

/// How a checkpoint is read.
#[derive(Clone, Debug)]
pub struct ImportOptions {
    /// The format of the files.
    pub format: Format,
    /// The path of the configuration, where it is not in the folder under its usual name.
    pub config: Option<PathBuf>,
    /// The layout of a UER checkpoint, which does not state it; without it, it is derived from the segment table.
    pub layout: Option<Layout>,
    /// Differences between tensors and configuration that are tolerated.
    pub allow: Allow,
}

impl ImportOptions {
    /// The default options for a format: no difference is tolerated.
    pub fn new(format: Format) -> Self {
        Self { format, config: None, layout: None, allow: Allow::default() }
    }
}

/// Opens a checkpoint of any format: a folder, or for UER the `.bin` file, for TensorFlow the prefix.
///
/// # Resource usage
/// Weights are mapped, not read; [`Weights::get`] reads and converts one tensor.
///
/// # Errors
/// Where a file is missing or invalid, or tensors differ from the configuration in a way that is not tolerated
/// ([`Error::Mismatch`]).
pub fn import(path: &Path, options: &ImportOptions) -> Result<Loaded> {
    match options.format {
        Format::Hf => open_hf(path, &options.allow),
        Format::Uer => import_uer(path, options),
        Format::Tf => import_tf(path, options),
    }
}

fn import_uer(path: &Path, options: &ImportOptions) -> Result<Loaded> {
    let weights = if path.is_dir() { find_bin(path)? } else { path.to_owned() };
    let file = TorchFile::open(&weights)?;
    let config_path = config_path(&weights, options, "config.json");
    let text = read_small(&config_path, CONFIG_BYTES_MAX)?;
    let config = uer_config_from_json(&config_path, &text, &file, options.layout)?;
    let view = UerImport::new(file, config.layout);
    view.check_tied(&weights)?;
    let (weights, report) = Weights::fit(&weights, view, &config, &options.allow)?;
    Ok(Loaded { config, weights, report })
}

fn import_tf(path: &Path, options: &ImportOptions) -> Result<Loaded> {
    let bundle = TfBundle::open(path)?;
    let sibling = if path.is_dir() { path.join("x") } else { path.to_owned() };
    let config_path = config_path(&sibling, options, "bert_config.json");
    let stored = config_from_json(&config_path, &read_small(&config_path, CONFIG_BYTES_MAX)?)?;
    // The file counts positions as BERT does, from 0.
    let rows = stored.max_position_embeddings + stored.first_position();
    let config = ModelConfig { max_position_embeddings: rows, ..stored };
    let view = TfImport::new(bundle, &config);
    let left_out = view.left_out().to_vec();
    let (weights, mut report) = Weights::fit(path, view, &config, &options.allow)?;
    report.left_out = left_out;
    Ok(Loaded { config, weights, report })
}

fn config_path(weights: &Path, options: &ImportOptions, name: &str) -> PathBuf {
    options.config.clone().unwrap_or_else(|| weights.with_file_name(name))
}

fn find_bin(folder: &Path) -> Result<PathBuf> {
    let own = folder.join(UER_WEIGHTS);
    if own.exists() {
        return Ok(own);
    }
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(Error::io(folder))? {
        let file = entry.map_err(Error::io(folder))?.path();
        if file.extension().is_some_and(|extension| extension == "bin") {
            found.push(file);
        }
    }
    match found.as_slice() {
        [file] => Ok(file.clone()),
        _ => Err(Error::malformed(folder, "UER folder", format!("expected one .bin file, found {}", found.len()))),
    }
}
