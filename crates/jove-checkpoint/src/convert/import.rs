//! Reading a checkpoint of any format.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use jove_core::{Layout, ModelConfig};

use super::format::{Format, UER_WEIGHTS};
use crate::error::{Error, Result};
use crate::folder::read_small;
use crate::hf::{Loaded, UNTIED_HINT, config_from_json, open_hf};
use crate::report::{Allow, Difference};
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
    /// The step of training, where a folder holds the checkpoints of several: `PREFIX-STEP` of TensorFlow, `FILE.bin-STEP` of
    /// UER.
    pub step: Option<u64>,
    /// Differences between tensors and configuration that are tolerated.
    pub allow: Allow,
}

impl ImportOptions {
    /// The default options for a format: no difference is tolerated.
    pub fn new(format: Format) -> Self {
        Self { format, config: None, layout: None, step: None, allow: Allow::default() }
    }
}

/// Opens a checkpoint of any format: a folder, or for UER the `.bin` file, for TensorFlow the prefix.
///
/// # Resource usage
/// Only headers are read; [`Weights::get`] reads and converts one tensor.
///
/// # Errors
/// Where a file is missing or invalid, or tensors differ from the configuration in a way that is not tolerated
/// ([`Error::Mismatch`]).
pub fn import(path: &Path, options: &ImportOptions) -> Result<Loaded> {
    match (options.format, options.step) {
        (Format::Hf, Some(_)) => {
            let hint = "give the folder of the step itself, such as checkpoint-500";
            Err(Error::unsupported(path, "a Hugging Face folder holds one checkpoint, without steps", hint))
        }
        (Format::Hf, None) => open_hf(path, &options.allow),
        (Format::Uer, _) => import_uer(path, options),
        (Format::Tf, _) => import_tf(path, options),
    }
}

fn import_uer(path: &Path, options: &ImportOptions) -> Result<Loaded> {
    let weights = if path.is_dir() { find_bin(path, options.step)? } else { path.to_owned() };
    let name = weights.file_name().unwrap_or_default().to_string_lossy();
    if options.step.is_some() && !is_bin(&name, options.step) {
        let hint = "give the folder and the step, or the file alone";
        return Err(Error::unsupported(path, "expected the file of another step", hint));
    }
    let file = TorchFile::open(&weights)?;
    let config_path = config_path(&weights, options, "config.json");
    let text = read_small(&config_path, CONFIG_BYTES_MAX)?;
    let config = uer_config_from_json(&config_path, &text, &file, options.layout)?;
    let mut view = UerImport::new(file, &config)?;
    if let Some(reason) = view.untied()? {
        if !options.allow.has(Difference::Untied) {
            return Err(Error::unsupported(&weights, reason, UNTIED_HINT));
        }
        view.drop_head();
    }
    let left_out = view.left_out().to_vec();
    let (weights, mut report) = Weights::fit(&weights, view, &config, &options.allow)?;
    report.left_out = left_out;
    Ok(Loaded { config, weights, report })
}

fn import_tf(path: &Path, options: &ImportOptions) -> Result<Loaded> {
    let bundle = TfBundle::open_step(path, options.step)?;
    bundle.check_family()?;
    let sibling = if path.is_dir() { path.join("x") } else { path.to_owned() };
    let config_path = config_path(&sibling, options, "bert_config.json");
    let stored = config_from_json(&config_path, &read_small(&config_path, CONFIG_BYTES_MAX)?)?.config;
    // The file counts positions as BERT does, from 0.
    let rows = stored.max_position_embeddings + stored.first_position();
    let config = ModelConfig { max_position_embeddings: rows, ..stored };
    let others = bundle.others().iter().map(|prefix| (prefix.clone(), "another step; the latest was taken"));
    let others: Vec<(String, &'static str)> = others.collect();
    let view = TfImport::new(bundle, &config);
    let left_out = [view.left_out(), &others].concat();
    let (weights, mut report) = Weights::fit(path, view, &config, &options.allow)?;
    report.left_out = left_out;
    Ok(Loaded { config, weights, report })
}

/// The configuration's path: as given, or beside the weights under the usual name, or as the only one of another name.
fn config_path(weights: &Path, options: &ImportOptions, name: &str) -> PathBuf {
    if let Some(config) = &options.config {
        return config.clone();
    }
    let usual = weights.with_file_name(name);
    if usual.exists() {
        return usual;
    }
    let entries = usual.parent().and_then(|folder| std::fs::read_dir(folder).ok()).into_iter().flatten().flatten();
    let others = entries.map(|entry| entry.path());
    let is_config = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.ends_with("config.json") && name != "tokenizer_config.json" && name != "generation_config.json"
    };
    let found: Vec<PathBuf> = others.filter(is_config).collect();
    if let [one] = found.as_slice() { one.clone() } else { usual }
}

fn find_bin(folder: &Path, step: Option<u64>) -> Result<PathBuf> {
    let own = folder.join(UER_WEIGHTS);
    if step.is_none() && own.exists() {
        return Ok(own);
    }
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(folder).map_err(Error::io(folder))? {
        let name = entry.map_err(Error::io(folder))?.file_name().to_string_lossy().into_owned();
        if is_bin(&name, step) {
            found.insert(name);
        }
    }
    let what = step.map_or_else(|| "one .bin file".to_owned(), |step| format!("one .bin-{step} file"));
    let mut names = found.iter();
    match (names.next(), names.next()) {
        (Some(name), None) => Ok(folder.join(name)),
        (None, _) => {
            let hint = "check the path, and the format";
            Err(Error::unsupported(folder, format!("expected {what} of UER-Py's, found none"), hint))
        }
        _ => {
            let names = found.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
            let hint = "give the file that is meant in place of the folder, or the step of training";
            Err(Error::unsupported(folder, format!("expected {what}, found {}: {names}", found.len()), hint))
        }
    }
}

/// Whether a file is a model of UER's: `NAME.bin`, or while it trains `NAME.bin-STEP`.
fn is_bin(name: &str, step: Option<u64>) -> bool {
    let (before, number) = match name.rsplit_once('-') {
        Some((before, number)) if number.parse::<u64>().is_ok() => (before, number.parse().ok()),
        _ => (name, None),
    };
    before.strip_suffix(".bin").is_some_and(|stem| !stem.is_empty()) && (step.is_none() || number == step)
}
