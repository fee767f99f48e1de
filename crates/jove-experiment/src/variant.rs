//! A variant with all its settings.

use std::path::Path;

use jove_core::Layout;
use jove_masking::MaskConfig;
use jove_trainer::TrainConfig;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use toml::Table;

use crate::error::Result;
use crate::run_file::{Graph, GraphText, Recipe, VariantSettings};
use crate::settings::{explain, merge};

/// What of the graph is in a training text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct GraphUse {
    /// As links.
    pub(crate) links: Graph,
    /// As sentences.
    pub(crate) sentences: GraphText,
}

impl GraphUse {
    /// The graph as it is.
    pub(crate) const TRUE: Self = Self { links: Graph::Full, sentences: GraphText::Graph };

    /// In words, such as `no links, shuffled sentences`; empty for the graph as it is.
    pub(crate) fn words(self) -> String {
        let links = match self.links {
            Graph::Full => "",
            Graph::Shuffled => "shuffled links",
            Graph::Off => "no links",
        };
        let sentences = match self.sentences {
            GraphText::Graph => "",
            GraphText::Shuffled => "shuffled sentences",
            GraphText::Off => "no sentences of the graph",
        };
        [links, sentences].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
    }
}

/// A variant with all its settings.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Variant {
    pub(crate) name: String,
    pub(crate) summary: String,
    pub(crate) layout: Layout,
    pub(crate) graph: GraphUse,
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
        let learns = learns_from_graph(&masking, &train);
        let links = if recipe == Recipe::Pd && !learns { Graph::Off } else { Graph::Full };
        let sentences = if recipe == Recipe::Pd { GraphText::Off } else { GraphText::Graph };
        Ok(Self {
            name: settings.name.clone(),
            summary: settings.summary.clone().unwrap_or_else(|| recipe.summary().to_owned()),
            layout: settings.layout.unwrap_or(recipe.layout()),
            graph: GraphUse {
                links: settings.graph.unwrap_or(links),
                sentences: settings.verbalize.unwrap_or(sentences),
            },
            masking,
            train,
        })
    }

    /// The most tokens that training reads.
    pub(crate) fn budget(&self) -> u64 {
        let train = &self.train;
        train.total_steps() * train.batch_tokens as u64 * train.gradient_accumulation_steps as u64
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

/// Whether a variant learns from true links or facts.
pub(crate) fn uses_graph(variant: &Variant) -> bool {
    variant.graph.links == Graph::Full && learns_from_graph(&variant.masking, &variant.train)
}

/// Whether masks or objectives read links or facts, where there are any.
fn learns_from_graph(masking: &MaskConfig, train: &TrainConfig) -> bool {
    let objectives = &train.objectives;
    masking.weights.entity > 0.0 || objectives.link.weight > 0.0 || objectives.relation.weight > 0.0
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

#[cfg(test)]
mod tests {
    use super::*;

    fn variant(settings: &str) -> Variant {
        let settings: VariantSettings = toml::from_str(&format!("name = \"test\"\n{settings}")).unwrap();
        Variant::resolve(Path::new("run.toml"), &settings, &Table::new()).unwrap()
    }

    #[test]
    fn the_budget_counts_every_token_of_every_step() {
        let settings = "recipe = \"pd\"\ntrain = { steps = 10, batch-tokens = 64, gradient-accumulation-steps = 3 }";
        assert_eq!(variant(settings).budget(), 10 * 64 * 3);
    }

    fn check(settings: &str, links: Graph, sentences: GraphText) {
        assert_eq!(variant(settings).graph, GraphUse { links, sentences }, "{settings}");
    }

    #[test]
    fn pure_data_reads_nothing_of_a_graph_unless_it_is_told_to() {
        check("recipe = \"pd\"", Graph::Off, GraphText::Off);
        check("recipe = \"kg\"", Graph::Full, GraphText::Graph);
        check("recipe = \"ml\"", Graph::Full, GraphText::Graph);
        check("recipe = \"pd\"\nverbalize = \"graph\"", Graph::Off, GraphText::Graph);
        check("recipe = \"pd\"\ngraph = \"full\"", Graph::Full, GraphText::Off);
        check("recipe = \"kg\"\ngraph = \"off\"\nverbalize = \"shuffled\"", Graph::Off, GraphText::Shuffled);
        for learns in
            ["masking = { weights = { entity = 0.5 } }", "train = { objectives = { link = { weight = 0.2 } } }"]
        {
            check(&format!("recipe = \"pd\"\n{learns}"), Graph::Full, GraphText::Off);
        }
    }

    #[test]
    fn what_a_text_holds_of_the_graph_is_said_in_words() {
        assert_eq!(GraphUse::TRUE.words(), "");
        let none = GraphUse { links: Graph::Off, sentences: GraphText::Off };
        assert_eq!(none.words(), "no links, no sentences of the graph");
    }
}
