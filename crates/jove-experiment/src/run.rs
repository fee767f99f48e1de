//! A run file, checked and completed: what the stages work from.

use std::path::{Path, PathBuf};

use jove_core::{InvalidSetting, Layout, ModelConfig, Progress, Seed};
use toml::Table;

use crate::cache::Cache;
use crate::check::{check, check_fit, model_setting};
use crate::controls::controls;
use crate::error::{Error, Result};
use crate::renamed::{Deprecated, RENAMED, as_written, rename_file};
use crate::run_file::{GraphText, RunFile, VariantSettings};
use crate::settings::{absolute_path_override, explain, read, set};
use crate::variant::{Variant, table_of};

/// An experiment that is ready to be executed.
#[derive(Clone, Debug)]
pub struct Run {
    /// The settings, as given.
    pub(crate) file: RunFile,
    /// The run file.
    pub(crate) path: PathBuf,
    /// Its folder.
    pub(crate) folder: PathBuf,
    /// Where data paths start.
    pub(crate) data_root: PathBuf,
    /// Where stages and results go.
    pub(crate) output: PathBuf,
    /// The variants, complete.
    pub(crate) variants: Vec<Variant>,
    /// What the run file itself says under `[model]`.
    pub(crate) stated_model: Table,
    /// What the run file itself says under `[train]`.
    stated_train: Table,
    warnings: Vec<String>,
    resolved: String,
}

impl Run {
    /// Reads a run file, applies `KEY=VALUE` overrides, and checks every setting.
    ///
    /// # Errors
    /// When the file is missing or not TOML, a key is unknown (with the nearest one as a hint), or a value is invalid: the
    /// message names the key as the run file spells it, and the variant whose section holds it.
    pub fn load(path: &Path, overrides: &[String]) -> Result<Self> {
        let text = read(path)?;
        let mut table: Table = text.parse().map_err(|error| explain(path, "", &error))?;
        let mut deprecated = rename_file(&mut table, RENAMED)?;
        for assignment in overrides {
            deprecated.extend(set(&mut table, &absolute_path_override(assignment)?, RENAMED)?);
        }
        let file = table.clone().try_into().map_err(|error| {
            // From the text, an error points at its line.
            let in_text = if deprecated.is_empty() { toml::from_str::<RunFile>(&text).err() } else { None };
            explain(path, "", &in_text.unwrap_or(error))
        })?;
        Self::resolve(path, file, &table)
            .map_err(|error| as_written(error, &deprecated))
            .map(|run| Self { warnings: deprecated.iter().map(Deprecated::warning).collect(), ..run })
    }

    fn resolve(path: &Path, mut file: RunFile, table: &Table) -> Result<Self> {
        let section = |name: &str| table.get(name).and_then(toml::Value::as_table).cloned().unwrap_or_default();
        let base = section("train");
        join_seeds(&mut file, table.contains_key("seeds"), &base)?;
        let resolve = |variants: &[VariantSettings]| -> Result<Vec<Variant>> {
            let resolved = variants.iter().map(|variant| Variant::resolve(path, variant, &base));
            resolved.map(|variant| Ok(with_sentences(&file, variant?))).collect()
        };
        let mut variants = resolve(&file.variants)?;
        let controls = controls(&file, &variants)?;
        variants.extend(resolve(&controls)?);
        file.variants.extend(controls);
        check(&file, &variants, &base)?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let run = Self {
            path: path.to_owned(),
            folder: folder.to_owned(),
            data_root: folder.join(&file.data.root),
            output: folder.join(&file.output),
            stated_model: section("model"),
            resolved: resolved(&file, &variants),
            stated_train: base,
            warnings: Vec::new(),
            variants,
            file,
        };
        // The vocabulary's size is not known yet; any is valid for the checks of the other fields.
        let model = |variant: &Variant| run.model_config(variant.layout, 1 << 16);
        run.variants.iter().try_for_each(|variant| model(variant).validate()).map_err(model_setting)?;
        if run.file.model.from.is_none() {
            run.check_fit(model)?;
        }
        Ok(run)
    }

    /// Checks that every variant's training fits the model that it gets.
    pub(crate) fn check_fit(&self, model: impl Fn(&Variant) -> ModelConfig) -> Result<()> {
        check_fit(&self.file, &self.variants, &self.stated_train, model)
    }

    /// What is deprecated in the run file and its overrides, a sentence each.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
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
    pub(crate) fn cache<'a>(&self, progress: &'a dyn Progress) -> Cache<'a> {
        Cache::new(self.cache_folder(), self.absolute_path(), progress)
    }

    /// The run file, by a path that is the same however it is named.
    pub(crate) fn absolute_path(&self) -> PathBuf {
        std::fs::canonicalize(&self.path).unwrap_or_else(|_| self.path.clone())
    }

    /// Where the finished stages of this and other runs are.
    pub fn cache_folder(&self) -> PathBuf {
        self.output.join("cache")
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

/// A run that makes no sentences from a graph has the same text whatever a variant says of them.
fn with_sentences(file: &RunFile, mut variant: Variant) -> Variant {
    if file.verbalize.is_none() {
        variant.graph.sentences = GraphText::Graph;
    }
    variant
}

/// Brings `seeds` and `train.seed` together: the latter is the only seed where no others are given, else one of them.
fn join_seeds(file: &mut RunFile, seeds_given: bool, train: &Table) -> Result<()> {
    let seed = file.train.seed;
    if train.contains_key("seed") && !seeds_given {
        file.seeds = vec![seed.0];
    }
    let expected = format!("one of `seeds`, {:?}, under each of which every variant is trained", file.seeds);
    if train.contains_key("seed") {
        InvalidSetting::check(file.seeds.contains(&seed.0), "train.seed", &expected, seed.0)?;
    }
    for variant in &file.variants {
        let own = variant.train.get("seed").and_then(toml::Value::as_integer).and_then(|seed| u64::try_from(seed).ok());
        let Some(own) = own else { continue };
        InvalidSetting::check(file.seeds.contains(&own), "train.seed", &expected, own)
            .map_err(|invalid| Error::in_variant(&variant.name, invalid))?;
    }
    Ok(())
}

/// The file with every default and every variant's settings spelled out.
fn resolved(file: &RunFile, variants: &[Variant]) -> String {
    let mut file = file.clone();
    let has_sentences = file.verbalize.is_some();
    // Whatever seed stands there, training goes by `seeds`.
    file.train.seed = file.seeds.first().map_or(file.train.seed, |&seed| Seed(seed));
    for (settings, variant) in file.variants.iter_mut().zip(variants) {
        settings.layout = Some(variant.layout);
        settings.summary = Some(variant.summary.clone());
        settings.graph = Some(variant.graph.links);
        settings.verbalize = has_sentences.then_some(variant.graph.sentences);
        settings.masking = table_of(&variant.masking);
        settings.train = table_of(&variant.train);
        settings.train.remove("seed");
    }
    if let Some(ablation) = &mut file.ablation {
        // The controls are spelled out; the resolved file must not add them once more.
        ablation.controls = false;
    }
    toml::to_string(&file).expect("a run file is plain data")
}
