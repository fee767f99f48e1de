//! Writing a checkpoint in any format.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;

use jove_core::{Layout, ModelConfig, Progress};
use serde::Serialize;

use super::format::{Format, TF_PREFIX, UER_WEIGHTS};
use crate::error::{Error, Result};
use crate::extra::ExtraFile;
use crate::folder::NewFolder;
use crate::hf::{Heads, SaveOptions, config_with_heads, save_hf_with};
use crate::layout::stray_tensors;
use crate::report::{Allow, Difference, NameReport};
use crate::spec::TensorSpec;
use crate::tensor::{NamedTensor, TensorSource};
use crate::tf::{TfExport, write_tf_bundle};
use crate::torch::write_torch;
use crate::uer::{UerExport, uer_config_to_json, uer_layout_of};

/// How a checkpoint is written.
#[derive(Clone, Debug, Default)]
pub struct ExportOptions {
    /// The maximum size of a Hugging Face weight file, in bytes; larger models are split into several. 5 GB by default.
    pub shard_bytes_max: Option<u64>,
    /// Differences between tensors and configuration that are tolerated.
    pub allow: Allow,
}

/// What an export changed or left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Exported {
    /// Tensors without a counterpart in the format.
    pub left_out: Vec<String>,
    /// Whether XLM-R's token-type row was added to the position table, for UER.
    pub folded_token_type: bool,
}

/// Writes a checkpoint folder in `format` from tensors under Hugging Face names. The folder is written atomically; it
/// replaces only a folder that holds nothing but a checkpoint.
///
/// # Resource usage
/// One tensor is held in memory at a time.
///
/// # Errors
/// Where tensors are missing, unexpected, of another shape ([`Error::Mismatch`]) or not finite ([`Error::NonFinite`]), the
/// folder cannot be written, or the user interrupts ([`Error::Interrupted`]).
pub fn export(
    dir: &Path,
    format: Format,
    config: &ModelConfig,
    tensors: &(impl TensorSource + ?Sized),
    files: &[ExtraFile],
    options: &ExportOptions,
    progress: &dyn Progress,
) -> Result<Exported> {
    if format == Format::Hf {
        let defaults = SaveOptions::default();
        let shard_bytes_max = options.shard_bytes_max.unwrap_or(defaults.shard_bytes_max);
        let save = SaveOptions { shard_bytes_max, allow: options.allow.clone() };
        save_hf_with(dir, config, tensors, files, &save, progress)?;
        let names: BTreeSet<String> = tensors.specs().into_iter().map(|spec| spec.name).collect();
        let left_out = stray_tensors(config, |name| names.contains(name));
        return Ok(Exported { left_out, folded_token_type: false });
    }
    config.validate()?;
    let report = NameReport::compare(tensors.specs(), config);
    if !report.is_allowed(&options.allow) {
        return Err(Error::Mismatch { path: dir.to_owned(), report: Box::new(report) });
    }
    let checked = Finite { source: tensors, dir, allowed: options.allow.has(Difference::NonFinite) };
    let folder = NewFolder::create(dir)?;
    for file in files {
        folder.write(file.name(), file.bytes())?;
    }
    let exported = match format {
        Format::Uer => write_uer(&folder, config, &checked, progress)?,
        Format::Tf | Format::Hf => write_tf(&folder, config, &checked, progress)?,
    };
    folder.commit()?;
    Ok(exported)
}

fn write_uer(
    folder: &NewFolder,
    config: &ModelConfig,
    tensors: &Finite<'_, impl TensorSource + ?Sized>,
    progress: &dyn Progress,
) -> Result<Exported> {
    let view = UerExport::new(tensors, config)?;
    begin(progress, &view);
    let sentence_pairs = view.specs().iter().any(|spec| spec.name.starts_with("target.sp."));
    let told = uer_layout_of(&view, Some(folder.path()))? == config.layout;
    folder.write("config.json", uer_config_to_json(config, sentence_pairs, told).as_bytes())?;
    let path = folder.path().join(UER_WEIGHTS);
    let mut file = File::create_new(&path).map_err(Error::io(&path))?;
    write_torch(&mut file, &path, &view, &view.aliases(), progress)?;
    file.sync_all().map_err(Error::io(&path))?;
    progress.end();
    Ok(Exported { left_out: view.left_out().to_vec(), folded_token_type: view.folded_token_type() })
}

fn write_tf(
    folder: &NewFolder,
    config: &ModelConfig,
    tensors: &Finite<'_, impl TensorSource + ?Sized>,
    progress: &dyn Progress,
) -> Result<Exported> {
    let view = TfExport::new(tensors, config);
    begin(progress, &view);
    let rows = config.max_sequence_length();
    let stored = ModelConfig { max_position_embeddings: rows, ..config.clone() };
    folder.write("bert_config.json", config_with_heads(&stored, Heads::Mlm).as_bytes())?;
    let state = format!("model_checkpoint_path: \"{TF_PREFIX}\"\nall_model_checkpoint_paths: \"{TF_PREFIX}\"\n");
    folder.write("checkpoint", state.as_bytes())?;
    if config.layout == Layout::XlmRoberta {
        folder.write("README.md", XLM_R_NOTE.as_bytes())?;
    }
    write_tf_bundle(folder.path(), TF_PREFIX, &view, progress)?;
    progress.end();
    Ok(Exported { left_out: view.left_out().to_vec(), folded_token_type: false })
}

/// Google's BERT has no names for XLM-R; users of the folder need to know the differences.
const XLM_R_NOTE: &str = "# XLM-R under BERT's names\n\n\
    Google's BERT code has no names for XLM-R, so the variables carry BERT's. Three things differ from a BERT release:\n\n\
    - positions start at 0: the rows of the position table that XLM-R never uses are left out;\n\
    - `type_vocab_size` is 1: pass zeros, or nothing, as segment ids;\n\
    - layer norms use epsilon 1e-5, which Google's code fixes at 1e-12.\n\n\
    The vocabulary is SentencePiece's: tokenise with the tokenizer files in this folder, not with WordPiece.\n";

fn begin(progress: &dyn Progress, view: &impl TensorSource) {
    let bytes = view.specs().iter().filter_map(TensorSpec::count).sum::<usize>() as u64 * 4;
    progress.begin("writing weights", Some(bytes), "bytes");
}

/// A view of tensors that checks them for NaN and infinity.
struct Finite<'a, S: ?Sized> {
    source: &'a S,
    dir: &'a Path,
    allowed: bool,
}

impl<S: TensorSource + ?Sized> TensorSource for Finite<'_, S> {
    fn specs(&self) -> Vec<TensorSpec> {
        self.source.specs()
    }

    fn get(&self, name: &str) -> Result<NamedTensor<'_>> {
        let tensor = self.source.get(name)?;
        let count = tensor.non_finite();
        if count > 0 && !self.allowed {
            let (path, name, total) = (self.dir.to_owned(), name.to_owned(), tensor.data.len());
            return Err(Error::NonFinite { path, name, count, total });
        }
        Ok(tensor)
    }
}
