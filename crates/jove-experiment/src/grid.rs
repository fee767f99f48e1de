//! What makes a comparison an ablation: controls, equal budgets, seeds enough to say something.

use std::collections::BTreeMap;

use crate::run::{Run, Variant};
use crate::run_file::{Graph, RunFile, VariantSettings};
use crate::settings::merge;
use crate::{Error, Result};

/// Fewer seeds than this cannot tell an effect from luck.
const SEEDS_MIN: usize = 2;
/// Fewer seeds than this give rough intervals.
pub(crate) const SEEDS_WANTED: usize = 5;

/// What the name of a control with its graph shuffled ends in.
const SHUFFLED: &str = "-graph-shuffled";
/// And that of one without a graph.
const OFF: &str = "-graph-off";

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

impl Run {
    /// Checks that what the run file compares can be called an ablation: it says `[ablation]`, every variant reads the same
    /// number of tokens, and there is more than one seed unless `allow_single_seed`.
    ///
    /// # Errors
    /// Names the setting that is wrong, what it should be and what it is.
    pub fn check_grid(&self, allow_single_seed: bool) -> Result<()> {
        if self.file.ablation.is_none() {
            return Err(refusal("ablation", "a section [ablation], which may be empty", "none"));
        }
        let seeds = self.file.seeds.len();
        if seeds < SEEDS_MIN && !allow_single_seed {
            let expected = "two or more seeds, better five, since one proves nothing";
            return Err(Error::SingleSeed { expected: expected.to_owned(), found: format!("{:?}", self.file.seeds) });
        }
        if self.variants.len() < 2 {
            return Err(refusal("variants", "two or more variants to compare", self.variants.len().to_string()));
        }
        let mut budgets: BTreeMap<u64, Vec<&str>> = BTreeMap::new();
        for variant in &self.variants {
            budgets.entry(variant.budget()).or_default().push(&variant.name);
        }
        if budgets.len() > 1 {
            let found: Vec<String> =
                budgets.iter().map(|(tokens, names)| format!("{tokens} for {}", names.join(", "))).collect();
            return Err(refusal("variants.train", "the same number of tokens for every variant", found.join("; ")));
        }
        Ok(())
    }
}

impl Variant {
    /// The most tokens that training reads.
    pub(crate) fn budget(&self) -> u64 {
        let train = &self.train;
        train.total_steps() * train.batch_tokens as u64 * train.accumulation as u64
    }
}

fn refusal(key: &str, expected: impl Into<String>, found: impl Into<String>) -> Error {
    Error::Setting { key: key.to_owned(), expected: expected.into(), found: found.into() }
}
