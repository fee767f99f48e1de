//! A run file, checked and completed: what the stages work from.

use std::path::{Path, PathBuf};

use jove_core::{Layout, ModelConfig};
use toml::Table;

use crate::cache::Cache;
use crate::error::{Error, Result};
use crate::run_file::{Graph, RunFile, VariantSettings};
use crate::settings::{explain, read, set};
use crate::variant::{Variant, controls, table_of, uses_graph};

/// Overrides that hold a path: it starts where the user is, not where the run file is.
const PATH_OVERRIDES: &[&str] = &["data.root", "output"];

/// An experiment that is ready to be executed.
#[derive(Clone, Debug)]
pub struct Run {
    /// The settings, as given.
    pub(crate) file: RunFile,
    /// The run file's folder.
    pub(crate) folder: PathBuf,
    /// Where data paths start.
    pub(crate) data_root: PathBuf,
    /// Where stages and results go.
    pub(crate) output: PathBuf,
    /// The variants, complete.
    pub(crate) variants: Vec<Variant>,
    /// What the run file itself says under `[model]`.
    pub(crate) stated_model: Table,
    resolved: String,
}

impl Run {
    /// Reads a run file, applies `KEY=VALUE` overrides, and checks every setting.
    ///
    /// # Errors
    /// When the file is missing or no TOML, a key is unknown (with the nearest one as a hint), or a value cannot hold.
    pub fn load(path: &Path, overrides: &[String]) -> Result<Self> {
        let mut table = read(path)?;
        // First alone, so that an error can point into the file.
        let text = std::fs::read_to_string(path).map_err(|source| Error::io("read the run file", path, source))?;
        if overrides.is_empty() {
            toml::from_str::<RunFile>(&text).map_err(|error| explain(path, &error))?;
        }
        for assignment in overrides {
            set(&mut table, &absolute_path_override(assignment)?)?;
        }
        let folder = path.parent().unwrap_or(Path::new(""));
        Self::from_table(path, &table, folder)
    }

    fn from_table(path: &Path, table: &Table, folder: &Path) -> Result<Self> {
        let mut file: RunFile = table.clone().try_into().map_err(|error| explain(path, &error))?;
        let base = table.get("train").and_then(toml::Value::as_table).cloned().unwrap_or_default();
        let resolve = |variants: &[VariantSettings]| -> Result<Vec<Variant>> {
            variants.iter().map(|variant| Variant::resolve(path, variant, &base)).collect()
        };
        let mut variants = resolve(&file.variants)?;
        let controls = controls(&file, &variants)?;
        variants.extend(resolve(&controls)?);
        file.variants.extend(controls);
        check_names(&file)?;
        check_settings(&file, &variants)?;
        let resolved = resolved(&file, &variants);
        let run = Self {
            folder: folder.to_owned(),
            data_root: folder.join(&file.data.root),
            output: folder.join(&file.output),
            variants,
            stated_model: table.get("model").and_then(toml::Value::as_table).cloned().unwrap_or_default(),
            resolved,
            file,
        };
        for variant in &run.variants {
            // The vocabulary's size is not known yet; any will do to check the others.
            run.model_config(variant.layout, 1 << 16).validate()?;
        }
        Ok(run)
    }

    /// The settings with every default filled in, as TOML.
    pub fn resolved(&self) -> &str {
        &self.resolved
    }

    /// The variant of this name.
    pub(crate) fn variant(&self, name: &str) -> Result<&Variant> {
        self.variants.iter().find(|variant| variant.name == name).ok_or_else(|| {
            let known: Vec<&str> = self.variants.iter().map(|variant| variant.name.as_str()).collect();
            Error::Setting {
                key: "variant".to_owned(),
                expected: format!("one of {}", known.join(", ")),
                found: format!("`{name}`"),
            }
        })
    }

    /// The finished stages of this and other runs.
    pub(crate) fn cache(&self) -> Cache {
        Cache::new(self.output.join("cache"))
    }

    /// Where the results go.
    pub(crate) fn results(&self) -> PathBuf {
        self.output.join(&self.file.name)
    }

    /// A data path of the run file, from where the process is.
    pub(crate) fn data(&self, path: &Path) -> PathBuf {
        self.data_root.join(path)
    }

    /// The shape of a variant's model over a vocabulary.
    pub(crate) fn model_config(&self, layout: Layout, vocab_size: usize) -> ModelConfig {
        let sizes = &self.file.model;
        let make = match layout {
            Layout::Bert => ModelConfig::bert,
            Layout::XlmRoberta => ModelConfig::xlm_roberta,
        };
        let config = make(vocab_size, sizes.hidden_size, sizes.layers, sizes.heads, sizes.intermediate_size);
        ModelConfig { hidden_dropout_prob: sizes.dropout, attention_probs_dropout_prob: sizes.dropout, ..config }
    }
}

fn absolute_path_override(assignment: &str) -> Result<String> {
    let Some((key, value)) = assignment.split_once('=') else { return Ok(assignment.to_owned()) };
    if !PATH_OVERRIDES.contains(&key.trim()) {
        return Ok(assignment.to_owned());
    }
    let path = Path::new(value.trim().trim_matches('"'));
    let path = std::path::absolute(path).map_err(|source| Error::io("resolve", path, source))?;
    Ok(format!("{}={}", key.trim(), path.display()))
}

fn check_names(file: &RunFile) -> Result<()> {
    let sound = |name: &str| {
        (1..=64).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_+".contains(&b))
    };
    let refuse = |key: &str, expected: &str, found: &str| {
        Err(Error::Setting { key: key.to_owned(), expected: expected.to_owned(), found: format!("`{found}`") })
    };
    if !sound(&file.name) {
        return refuse("name", "1 to 64 letters, digits, `-` and `_`", &file.name);
    }
    for (index, variant) in file.variants.iter().enumerate() {
        if !sound(&variant.name) {
            return refuse("variants.name", "1 to 64 letters, digits, `+`, `-` and `_`", &variant.name);
        }
        if file.variants[..index].iter().any(|other| other.name == variant.name) {
            return refuse("variants.name", "a different name for every variant", &variant.name);
        }
    }
    Ok(())
}

fn check_settings(file: &RunFile, variants: &[Variant]) -> Result<()> {
    let refuse = |key: &str, expected: &str, found: &str| {
        Err(Error::Setting { key: key.to_owned(), expected: expected.to_owned(), found: found.to_owned() })
    };
    if variants.is_empty() {
        return refuse("variants", "at least one [[variants]] section", "none");
    }
    let mut seeds = file.seeds.clone();
    seeds.sort_unstable();
    seeds.dedup();
    if seeds.is_empty() || seeds.len() != file.seeds.len() {
        return refuse("seeds", "one or more different numbers", &format!("{:?}", file.seeds));
    }
    if let (Some(variant), true) = (variants.iter().find(|v| uses_graph(v)), file.kb.sources.is_empty()) {
        return refuse("kb.sources", &format!("a source, since `{}` uses the graph", variant.name), "none");
    }
    let facts_of_none = |v: &&Variant| v.graph == Graph::Off && v.train.objectives.relation.weight > 0.0;
    if let Some(variant) = variants.iter().find(facts_of_none) {
        let expected = format!("0, since `{}` has no graph and this objective reads facts", variant.name);
        return refuse("train.objectives.relation.weight", &expected, "more");
    }
    if !(0.0..=0.5).contains(&file.text.held_out) {
        return refuse("text.held-out", "a share from 0 to 0.5", &file.text.held_out.to_string());
    }
    file.probes.validate()?;
    let needs_pairs = variants.iter().find(|variant| variant.train.objectives.needs_pairs());
    if let (Some(variant), true) = (needs_pairs, file.pairs.train.is_empty()) {
        return refuse("pairs.train", &format!("pairs, since `{}` aligns languages", variant.name), "none");
    }
    file.link.validate()?;
    if let Some(verbalize) = &file.verbalize {
        verbalize.sentences.validate()?;
    }
    for variant in variants {
        variant.masking.validate()?;
        variant.train.validate()?;
    }
    Ok(())
}

/// The file with every default and every variant's settings spelled out.
fn resolved(file: &RunFile, variants: &[Variant]) -> String {
    let mut file = file.clone();
    for (settings, variant) in file.variants.iter_mut().zip(variants) {
        settings.layout = Some(variant.layout);
        settings.summary = Some(variant.summary.clone());
        settings.masking = table_of(&variant.masking);
        settings.train = table_of(&variant.train);
    }
    if let Some(ablation) = &mut file.ablation {
        // The controls are spelled out; the resolved file must not add them once more.
        ablation.controls = false;
    }
    toml::to_string(&file).expect("a run file is plain data")
}
