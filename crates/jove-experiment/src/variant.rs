//! A variant with all its settings, and the controls that an ablation adds to one.

use std::path::Path;

use jove_core::Layout;
use jove_masking::MaskConfig;
use jove_trainer::TrainConfig;
use serde::Serialize;
use serde::de::DeserializeOwned;
use toml::Table;

use crate::error::{Error, Result};
use crate::run_file::{Graph, Recipe, RunFile, VariantSettings};
use crate::settings::{explain, merge};

/// What the name of a control with its graph shuffled ends in.
const SHUFFLED: &str = "-graph-shuffled";
/// And that of one without a graph.
const OFF: &str = "-graph-off";

/// A variant with all its settings.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Variant {
    pub(crate) name: String,
    pub(crate) summary: String,
    pub(crate) layout: Layout,
    pub(crate) graph: Graph,
    pub(crate) masking: MaskConfig,
    pub(crate) train: TrainConfig,
}

impl Variant {
    /// Lays the recipe, the run's `[train]` and the variant's own settings over each other.
    pub(crate) fn resolve(path: &Path, settings: &VariantSettings, base: &Table) -> Result<Self> {
        let recipe = settings.recipe;
        let masking =
            layered(path, &format!("variants.{}.masking", settings.name), &recipe.masking(), &[&settings.masking])?;
        let mut train = table_of(&TrainConfig::default());
        merge(&mut train, &recipe.train());
        let train = layered_table(path, &format!("variants.{}.train", settings.name), train, &[base, &settings.train])?;
        Ok(Self {
            name: settings.name.clone(),
            summary: settings.summary.clone().unwrap_or_else(|| recipe.summary().to_owned()),
            layout: settings.layout.unwrap_or(recipe.layout()),
            graph: settings.graph,
            masking,
            train,
        })
    }

    /// The most tokens that training reads.
    pub(crate) fn budget(&self) -> u64 {
        let train = &self.train;
        train.total_steps() * train.batch_tokens as u64 * train.accumulation as u64
    }
}

impl Recipe {
    fn layout(self) -> Layout {
        match self {
            Self::Pd | Self::Kg => Layout::Bert,
            Self::Ml => Layout::XlmRoberta,
        }
    }

    fn summary(self) -> &'static str {
        match self {
            Self::Pd => "pure data: whole-word masks",
            Self::Kg => "entity and part-of-speech masks, contrastive knowledge link",
            Self::Ml => "translation pairs: masks over both sides, and contrast",
        }
    }

    fn masking(self) -> MaskConfig {
        match self {
            Self::Pd => MaskConfig::pd(),
            Self::Kg => MaskConfig::kg(),
            Self::Ml => MaskConfig::ml(),
        }
    }

    /// The objectives that the recipe adds to masked language modelling.
    fn train(self) -> Table {
        let text = match self {
            Self::Pd => "",
            Self::Kg => "objectives.link.weight = 0.2",
            Self::Ml => "objectives.tlm.weight = 1.0\nobjectives.translation.weight = 0.3",
        };
        text.parse().expect("the recipes are constants")
    }
}

/// The variants that the run file's `[ablation]` adds: one variant with its graph shuffled, and without it.
pub(crate) fn controls(file: &RunFile, variants: &[Variant]) -> Result<Vec<VariantSettings>> {
    let Some(settings) = file.ablation.as_ref().filter(|settings| settings.controls) else { return Ok(Vec::new()) };
    let chosen = match &settings.controls_for {
        Some(name) => Some(variants.iter().position(|variant| &variant.name == name).ok_or_else(|| {
            let known: Vec<&str> = variants.iter().map(|variant| variant.name.as_str()).collect();
            refusal("ablation.controls-for", format!("one of {}", known.join(", ")), format!("`{name}`"))
        })?),
        None => variants.iter().rposition(uses_graph),
    };
    let Some(chosen) = chosen else { return Ok(Vec::new()) };
    let treated = &file.variants[chosen];
    let control = |graph, suffix: &str, summary: &str| VariantSettings {
        name: format!("{}{suffix}", treated.name),
        summary: Some(format!("{} with {summary}", treated.name)),
        graph,
        ..treated.clone()
    };
    let shuffled = control(Graph::Shuffled, SHUFFLED, "names bound to the wrong entities");
    let mut off = control(Graph::Off, OFF, "no links and no names of the graph");
    if variants[chosen].train.objectives.relation.weight > 0.0 {
        // Facts are the graph; what they took of each batch is text now.
        merge(&mut off.train, &"objectives.relation.weight = 0.0".parse().expect("a constant"));
    }
    Ok(vec![shuffled, off])
}

/// The pairs that say whether it is the graph, each a variant and what it is compared to.
pub(crate) fn contrasted(variants: &[String]) -> Vec<[String; 2]> {
    let find = |name: String| variants.iter().find(|other| **other == name);
    let pairs = |treated: &String| {
        let (shuffled, off) = (find(format!("{treated}{SHUFFLED}"))?, find(format!("{treated}{OFF}"))?);
        Some([[treated.clone(), shuffled.clone()], [treated.clone(), off.clone()], [shuffled.clone(), off.clone()]])
    };
    variants.iter().filter_map(pairs).flatten().collect()
}

/// Whether a variant learns from links or facts.
pub(crate) fn uses_graph(variant: &Variant) -> bool {
    let objectives = &variant.train.objectives;
    let learns =
        variant.masking.weights.entity > 0.0 || objectives.link.weight > 0.0 || objectives.relation.weight > 0.0;
    variant.graph == Graph::Full && learns
}

pub(crate) fn table_of(value: &impl Serialize) -> Table {
    Table::try_from(value).expect("settings are plain tables")
}

fn layered<T: Serialize + DeserializeOwned>(path: &Path, at: &str, base: &T, layers: &[&Table]) -> Result<T> {
    layered_table(path, at, table_of(base), layers)
}

fn layered_table<T: DeserializeOwned>(path: &Path, at: &str, mut base: Table, layers: &[&Table]) -> Result<T> {
    for layer in layers {
        merge(&mut base, layer);
    }
    base.try_into().map_err(|error| match explain(path, &error) {
        Error::RunFile { path, message, hint } => Error::RunFile { path, message: format!("{at}: {message}"), hint },
        other => other,
    })
}

fn refusal(key: &str, expected: impl Into<String>, found: impl Into<String>) -> Error {
    Error::Setting { key: key.to_owned(), expected: expected.into(), found: found.into() }
}
