//! Reading a Hugging Face folder.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use jove_core::{Layout, ModelConfig};
use serde::Deserialize;

use super::absent::absent;
use super::config::{Described, config_from_json};
use super::files::{CONFIG, INDEX, SINGLE, TORCH_INDEX, TORCH_SINGLE};
use super::names::Renamed;
use crate::content::identified;
use crate::error::{Error, Result};
use crate::folder::{check_plain, read_small};
use crate::report::{Allow, Difference, NameReport};
use crate::safetensors::TensorFile;
use crate::spec::TensorSpec;
use crate::tensor::{NamedTensor, TensorSource};
use crate::torch::TorchFile;
use crate::weights::Weights;

/// A `config.json` has some kilobytes, an index of shards one line for each tensor.
const JSON_BYTES_MAX: u64 = 16 << 20;

/// An opened checkpoint.
#[derive(Debug)]
pub struct Loaded {
    /// The model's sizes and constants.
    pub config: ModelConfig,
    /// Its weights, under Hugging Face names.
    pub weights: Weights,
    /// How its tensors differ from the configuration, and what was left out.
    pub report: NameReport,
}

/// Opens a folder that holds every tensor of encoder and head, and no others but pooler and next-sentence head.
///
/// # Resource usage
/// As [`open_hf`].
///
/// # Errors
/// Where a file is missing or invalid, or tensors are missing, unexpected or of another shape ([`Error::Mismatch`]).
pub fn load_hf(dir: &Path) -> Result<(ModelConfig, Weights)> {
    let Loaded { config, weights, .. } = open_hf(dir, &Allow::default())?;
    Ok((config, weights))
}

/// Opens a folder and tolerates the differences in `allow`.
///
/// # Resource usage
/// Only headers are read, and tied copies in the file are compared once.
///
/// # Errors
/// As [`load_hf`], except for what is allowed.
pub fn open_hf(dir: &Path, allow: &Allow) -> Result<Loaded> {
    let path = dir.join(CONFIG);
    if !path.is_file() {
        return Err(absent(dir, CONFIG));
    }
    let Described { config, family, untied } = config_from_json(&path, &read_small(&path, JSON_BYTES_MAX)?)?;
    let mut renamed = Renamed::new(Shards::open(dir)?, family);
    if let Some(reason) = untied_head(&renamed, config.layout, untied)? {
        if !allow.has(Difference::Untied) {
            return Err(Error::unsupported(dir, reason, UNTIED_HINT));
        }
        renamed.drop_head(&config);
    }
    let mut left_out = renamed.left_out.clone();
    left_out.extend(renamed.tied.iter().map(|(name, _)| (name.clone(), "a copy of a tied tensor")));
    let (weights, mut report) = Weights::fit(dir, renamed, &config, allow)?;
    report.left_out = left_out;
    Ok(Loaded { config, weights, report })
}

/// How to go on with a checkpoint whose head is not tied; for UER's too.
pub(crate) const UNTIED_HINT: &str = "the head here predicts with the word table. To take the encoder alone, for a new head, allow `untied` and \
     `missing`; or tie the head in the tool that trained it, and train it on";

/// Why the head is not one that shares the word table, where it is not; `stated` is what the configuration says.
fn untied_head(renamed: &Renamed<Shards>, layout: Layout, stated: bool) -> Result<Option<String>> {
    if let Some(copy) = renamed.untied()? {
        return Ok(Some(format!(
            "`{copy}` differs from the tensor that it is tied to here: the head has weights of its own"
        )));
    }
    let lost = stated && renamed.has_head(layout) && !renamed.has_decoder();
    Ok(lost.then(|| "tie_word_embeddings is false, but the head's decoder is not in the file".to_owned()))
}

/// One or more files that hold one model.
struct Shards {
    files: Vec<Box<dyn TensorSource + Send + Sync>>,
    file_of: BTreeMap<String, usize>,
}

#[derive(Deserialize)]
struct Index {
    weight_map: BTreeMap<String, String>,
}

impl Shards {
    /// Opens the first that exists of: one safetensors file, its shards, one PyTorch file, its shards.
    fn open(dir: &Path) -> Result<Self> {
        for (single, index) in [(SINGLE, INDEX), (TORCH_SINGLE, TORCH_INDEX)] {
            if dir.join(single).exists() {
                let file = open_file(&dir.join(single))?;
                let file_of = file.specs().into_iter().map(|spec| (spec.name, 0)).collect();
                return Ok(Self { files: vec![file], file_of });
            }
            if dir.join(index).exists() {
                return Self::open_index(dir, index);
            }
        }
        Err(absent(dir, &format!("{SINGLE} or {TORCH_SINGLE}")))
    }

    fn open_index(dir: &Path, index: &str) -> Result<Self> {
        let path = dir.join(index);
        let malformed = |reason: String| Error::malformed(&path, "shard index", reason);
        let text = read_small(&path, JSON_BYTES_MAX)?;
        let index: Index = serde_json::from_slice(&text).map_err(|error| match identified(&text) {
            Some(content) => Error::foreign(&path, "an index of shards", &content),
            None => malformed(error.to_string()),
        })?;
        let mut numbers = BTreeMap::new();
        for shard in index.weight_map.values() {
            check_plain(&path, shard)?;
            let next = numbers.len();
            numbers.entry(shard.clone()).or_insert(next);
        }
        let mut names: Vec<(usize, &String)> = numbers.iter().map(|(name, number)| (*number, name)).collect();
        names.sort_unstable();
        check_shards(dir, &path, names.iter().map(|(_, name)| name.as_str()))?;
        let files: Vec<_> = names.into_iter().map(|(_, name)| open_file(&dir.join(name))).collect::<Result<_>>()?;
        let held: Vec<BTreeSet<String>> =
            files.iter().map(|file| file.specs().into_iter().map(|spec| spec.name).collect()).collect();
        let count: usize = held.iter().map(BTreeSet::len).sum();
        if count != index.weight_map.len() {
            return Err(malformed(format!("lists {} tensors, its files hold {count}", index.weight_map.len())));
        }
        let mut file_of = BTreeMap::new();
        for (name, shard) in index.weight_map {
            let number = numbers[&shard];
            if !held[number].contains(&name) {
                return Err(malformed(format!("says that `{name}` is in {shard}, where it is not")));
            }
            file_of.insert(name, number);
        }
        Ok(Self { files, file_of })
    }
}

/// Checks that every shard is there.
fn check_shards<'a>(dir: &Path, index: &Path, names: impl ExactSizeIterator<Item = &'a str>) -> Result<()> {
    let count = names.len();
    let missing: Vec<&str> = names.filter(|name| !dir.join(name).exists()).collect();
    let Some(first) = missing.first() else { return Ok(()) };
    let reason = format!("{} of the {count} files that it lists are missing, the first is {first}", missing.len());
    Err(Error::unsupported(index, reason, "fetch all files of the model, or delete an index that is out of date"))
}

fn open_file(path: &Path) -> Result<Box<dyn TensorSource + Send + Sync>> {
    if path.extension().is_some_and(|extension| extension == "bin") {
        return Ok(Box::new(TorchFile::open(path)?));
    }
    Ok(Box::new(TensorFile::open(path)?))
}

impl TensorSource for Shards {
    fn specs(&self) -> Vec<TensorSpec> {
        self.files.iter().flat_map(|file| file.specs()).collect()
    }

    fn get(&self, name: &str) -> Result<NamedTensor<'_>> {
        let number = self.file_of.get(name).copied().unwrap_or(0);
        self.files[number].get(name)
    }
}
