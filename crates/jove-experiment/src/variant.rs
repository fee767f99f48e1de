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
    /// Merges the recipe, the run's `[train]` and the variant's own settings; later ones override.
    pub(crate) fn resolve(path: &Path, settings: &VariantSettings, base: &Table) -> Result<Self> {
        let recipe = settings.recipe;
        let place = |key: &str| format!("variant \"{}\": {key}", settings.name);
        let masking = layered(path, &place("masking"), &recipe.masking(), &[&settings.masking])?;
        let mut train = table_of(&TrainConfig::default());
        merge(&mut train, &recipe.train());
        let train = layered_table(path, &place("train"), train, &[base, &settings.train])?;
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

    pub(crate) fn masking(self) -> MaskConfig {
        match self {
            Self::Pd => MaskConfig::pd(),
            Self::Kg => MaskConfig::kg(),
            Self::Ml => MaskConfig::ml(),
        }
    }

    /// The objectives that the recipe adds to masked language modelling.
    pub(crate) fn train(self) -> Table {
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
    base.try_into().map_err(|error| explain(path, at, &error))
}

fn refusal(key: &str, expected: impl Into<String>, found: impl Into<String>) -> Error {
    Error::Setting { key: key.to_owned(), expected: expected.into(), found: found.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A run file of these variants with an `[ablation]`, and its variants.
    fn file(ablation: &str, variants: &str) -> (RunFile, Vec<Variant>) {
        let text = format!("name = \"test\"\n[ablation]\n{ablation}\n{variants}");
        let file: RunFile = toml::from_str(&text).unwrap();
        let resolved = |settings: &VariantSettings| Variant::resolve(Path::new("run.toml"), settings, &Table::new());
        let variants = file.variants.iter().map(|settings| resolved(settings).unwrap()).collect();
        (file, variants)
    }

    fn check(ablation: &str, variants: &str, expected: &[&str]) {
        let (file, variants) = file(ablation, variants);
        let controls = controls(&file, &variants).unwrap();
        let names: Vec<&str> = controls.iter().map(|control| control.name.as_str()).collect();
        assert_eq!(names, expected);
    }

    const PD: &str = "[[variants]]\nname = \"pd\"\nrecipe = \"pd\"\n";
    const KG: &str = "[[variants]]\nname = \"kg\"\nrecipe = \"kg\"\n";

    #[test]
    fn controls_are_of_the_last_variant_that_uses_the_graph() {
        let other = KG.replace("\"kg\"\nrecipe", "\"kg2\"\nrecipe");
        check("", &format!("{PD}{KG}"), &["kg-graph-shuffled", "kg-graph-off"]);
        check("", &format!("{KG}{other}{PD}"), &["kg2-graph-shuffled", "kg2-graph-off"]);
        check("controls-for = \"kg\"", &format!("{KG}{other}"), &["kg-graph-shuffled", "kg-graph-off"]);
        check("controls = false", &format!("{PD}{KG}"), &[]);
        check("", PD, &[]);
        check("", &format!("{PD}{KG}graph = \"off\"\n"), &[]);
        let (file, variants) = file("controls-for = \"none\"", PD);
        let error = controls(&file, &variants).unwrap_err().to_string();
        assert!(error.contains("ablation.controls-for") && error.contains("one of pd"), "{error}");
    }

    #[test]
    fn a_control_without_a_graph_reads_no_facts() {
        let kg = format!("{KG}train = {{ objectives = {{ relation = {{ weight = 0.3 }} }} }}\n");
        let (file, variants) = file("", &kg);
        let resolved =
            |control: &VariantSettings| Variant::resolve(Path::new("run.toml"), control, &Table::new()).unwrap();
        let [shuffled, off] = controls(&file, &variants).unwrap().try_into().unwrap();
        assert!(resolved(&shuffled).train.objectives.relation.weight > 0.0);
        assert!(resolved(&off).train.objectives.relation.weight <= 0.0);
        for control in [&shuffled, &off] {
            let control = resolved(control);
            assert!(!uses_graph(&control) && control.budget() == variants[0].budget());
        }
    }

    #[test]
    fn variants_are_contrasted_with_both_of_their_controls_or_none() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let [kg, shuffled, off] = ["kg", "kg-graph-shuffled", "kg-graph-off"];
        let pairs = contrasted(&names(&["pd", kg, off, shuffled]));
        assert_eq!(pairs, [[kg, shuffled], [kg, off], [shuffled, off]].map(|pair| pair.map(str::to_owned)));
        assert!(contrasted(&names(&["pd", kg, off])).is_empty());
        assert!(contrasted(&[]).is_empty());
    }

    #[test]
    fn the_budget_counts_every_token_of_every_step() {
        let (_, variants) = file("", &format!("{PD}train = {{ steps = 10, batch-tokens = 64, accumulation = 3 }}\n"));
        assert_eq!(variants[0].budget(), 10 * 64 * 3);
    }
}
