//! Writing a Hugging Face folder.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use jove_core::{ModelConfig, Progress, Silent};
use serde_json::json;

use super::config::{Heads, config_with_heads};
use super::files::{CONFIG, INDEX, SINGLE};
use crate::error::{Error, Result};
use crate::extra::ExtraFile;
use crate::folder::NewFolder;
use crate::layout::{head_tensors, optional_tensors, stray_tensors};
use crate::report::{Allow, Difference, NameReport};
use crate::safetensors::write_sorted_to;
use crate::spec::TensorSpec;
use crate::tensor::TensorSource;

/// How a Hugging Face folder is written.
#[derive(Clone, Debug)]
pub struct SaveOptions {
    /// The maximum size of a weight file, in bytes; larger models are split into several. 5 GB by default.
    pub shard_bytes_max: u64,
    /// Differences between tensors and configuration that are tolerated.
    pub allow: Allow,
}

impl Default for SaveOptions {
    fn default() -> Self {
        Self { shard_bytes_max: 5_000_000_000, allow: Allow::default() }
    }
}

/// Writes a folder that transformers loads without warnings: `config.json`, `model.safetensors` and the tokenizer's
/// files.
///
/// `tensors` must hold what [`crate::required_tensors`] lists, and may hold [`crate::optional_tensors`], of which those
/// are written that a class of transformers accepts. The folder is written atomically; it replaces only a folder that
/// holds nothing but a checkpoint.
///
/// # Resource usage
/// One tensor is held in memory at a time.
///
/// # Errors
/// Where tensors are missing, unexpected, of another shape or not finite, or the folder cannot be written.
pub fn save_hf(
    dir: &Path,
    config: &ModelConfig,
    tensors: &(impl TensorSource + ?Sized),
    files: &[ExtraFile],
) -> Result<()> {
    save_hf_with(dir, config, tensors, files, &SaveOptions::default(), &Silent)
}

/// [`save_hf`] with options; progress is reported in bytes.
///
/// # Errors
/// As [`save_hf`]; [`Error::Interrupted`] where the user interrupts.
pub fn save_hf_with(
    dir: &Path,
    config: &ModelConfig,
    tensors: &(impl TensorSource + ?Sized),
    files: &[ExtraFile],
    options: &SaveOptions,
    progress: &dyn Progress,
) -> Result<()> {
    config.validate()?;
    let report = NameReport::compare(tensors.specs(), config);
    if !report.is_allowed(&options.allow) {
        return Err(Error::Mismatch { path: dir.to_owned(), report: Box::new(report) });
    }
    let mut specs = tensors.specs();
    let strays = stray_tensors(config, |name| specs.iter().any(|spec| spec.name == name));
    specs.retain(|spec| {
        !strays.contains(&spec.name)
            && !report.unexpected.iter().any(|other| other.name == spec.name)
            && !report.reshaped.iter().any(|other| other.name == spec.name)
    });
    specs.sort_by(|a, b| a.name.cmp(&b.name));
    let folder = NewFolder::create(dir)?;
    folder.write(CONFIG, config_with_heads(config, heads(config, &specs)).as_bytes())?;
    for file in files {
        folder.write(file.name(), file.bytes())?;
    }
    let bytes = specs.iter().map(bytes).sum();
    progress.begin("writing weights", Some(bytes), "bytes");
    write_shards(&folder, tensors, &specs, options, progress)?;
    progress.end();
    folder.commit()
}

fn bytes(spec: &TensorSpec) -> u64 {
    spec.count().unwrap_or(0) as u64 * 4
}

fn heads(config: &ModelConfig, specs: &[TensorSpec]) -> Heads {
    let all = |wanted: Vec<TensorSpec>| {
        wanted.iter().all(|wanted| specs.binary_search_by(|spec| spec.name.cmp(&wanted.name)).is_ok())
    };
    match (all(head_tensors(config)), all(optional_tensors(config))) {
        (false, _) => Heads::None,
        (true, false) => Heads::Mlm,
        (true, true) => Heads::Pretraining,
    }
}

fn write_shards(
    folder: &NewFolder,
    tensors: &(impl TensorSource + ?Sized),
    specs: &[TensorSpec],
    options: &SaveOptions,
    progress: &dyn Progress,
) -> Result<()> {
    let metadata = BTreeMap::from([("format".to_owned(), "pt".to_owned())]);
    let write = |name: &str, specs: &[TensorSpec]| {
        let path = folder.path().join(name);
        let mut file = File::create_new(&path).map_err(Error::io(&path))?;
        let tensor = |spec: &TensorSpec| {
            let tensor = tensors.get(&spec.name)?;
            let count = tensor.non_finite();
            if count > 0 && !options.allow.has(Difference::NonFinite) {
                let (name, total) = (spec.name.clone(), tensor.data.len());
                return Err(Error::NonFinite { path: path.clone(), name, count, total });
            }
            Ok(tensor)
        };
        write_sorted_to(&mut file, &path, specs, tensor, &metadata, progress)?;
        file.sync_all().map_err(Error::io(&path))
    };
    let shards = shards(specs, options.shard_bytes_max);
    if shards.len() <= 1 {
        return write(SINGLE, specs);
    }
    let mut weight_map = BTreeMap::new();
    for (number, shard) in shards.iter().enumerate() {
        let name = format!("model-{:05}-of-{:05}.safetensors", number + 1, shards.len());
        write(&name, shard)?;
        weight_map.extend(shard.iter().map(|spec| (&spec.name, name.clone())));
    }
    let total: u64 = specs.iter().map(bytes).sum();
    let index = json!({"metadata": {"total_size": total}, "weight_map": weight_map});
    let mut text = serde_json::to_string_pretty(&index).expect("a map of plain values is JSON");
    text.push('\n');
    folder.write(INDEX, text.as_bytes())
}

/// Splits the list where the next tensor would exceed the limit; a tensor above the limit is a shard of its own.
fn shards(specs: &[TensorSpec], bytes_max: u64) -> Vec<&[TensorSpec]> {
    let mut cut = Vec::new();
    let (mut start, mut size) = (0, 0);
    for (at, spec) in specs.iter().enumerate() {
        if at > start && size + bytes(spec) > bytes_max {
            cut.push(&specs[start..at]);
            (start, size) = (at, 0);
        }
        size += bytes(spec);
    }
    cut.push(&specs[start..]);
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_keep_order_and_limit() {
        let specs: Vec<TensorSpec> = [3, 1, 1, 9, 1].iter().map(|size| TensorSpec::f32("x", [*size])).collect();
        let sizes = |bytes_max| shards(&specs, bytes_max).iter().map(|shard| shard.len()).collect::<Vec<_>>();
        assert_eq!(sizes(1000), [5]);
        assert_eq!(sizes(16), [2, 1, 1, 1]);
        assert_eq!(sizes(0), [1, 1, 1, 1, 1]);
        assert_eq!(shards(&[], 16).len(), 1);
    }
}
