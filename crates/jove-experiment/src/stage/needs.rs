//! What every arm needs, asked before the first of them is trained: an arm that cannot be trained stops the run before an hour
//! was spent on the others.

use std::collections::BTreeSet;

use jove_core::{EntityId, Seed};
use jove_objectives::Descriptions;
use jove_trainer::{Collator, TrainConfig, TrainingData};
use tracing::subscriber::{NoSubscriber, with_default};

use crate::cache::{Key, Leftover, Stage};
use crate::error::{Error, Result};
use crate::files::write_json;
use crate::initial_checkpoint::InitialCheckpoint;
use crate::prepared::Prepared;
use crate::run_file::Graph;
use crate::stage::knowledge::{self, Knowledge};
use crate::stage::{StageContext, tokenizer, train};
use crate::variant::Variant;

/// What was asked of.
pub(crate) const SUMMARY: &str = "summary.json";

/// Makes the data of every arm's training as training does, and stops where one of them lacks what it learns from.
///
/// # Errors
/// `Error::Needs` with the variant, what it lacks, and the line of the run file that mends it.
pub(crate) fn needs(work: &StageContext<'_>, prepared: &Prepared) -> Result<Stage> {
    let seed = Seed(work.run.file.seeds[0]);
    let knowledge = |variant: &Variant| knowledge::knowledge(work, variant, seed, prepared);
    let arms: Vec<(&Variant, Knowledge)> =
        work.run.variants.iter().map(|variant| Ok((variant, knowledge(variant)?))).collect::<Result<_>>()?;
    let weights = work.initial.as_ref().map(InitialCheckpoint::weights_key).transpose()?;
    let mut inputs: Vec<&Key> = weights.iter().collect();
    for (variant, knowledge) in &arms {
        inputs.extend([&prepared.corpus(variant).shards.key, &prepared.corpus(variant).vocabulary.key]);
        inputs.extend(knowledge.keys());
    }
    // Steps and rates need nothing.
    let settings: Vec<_> = arms
        .iter()
        .map(|(Variant { train, masking, .. }, _)| (&train.objectives, train.max_length, train.batch_tokens, masking))
        .collect();
    let key = Key::new("needs", &(settings, &work.run.file.model), &inputs);
    work.cache.stage("needs", key, Leftover::Discard, |folder| {
        work.progress.begin("ask what each arm needs", Some(arms.len() as u64), "arms");
        for (variant, knowledge) in &arms {
            work.check()?;
            let config = TrainConfig { seed, ..variant.train.clone() };
            // What it warns of, training will say.
            let quiet = NoSubscriber::default();
            with_default(quiet, || ask(work, variant, &config, prepared, knowledge))?;
            work.progress.advance(1);
        }
        work.progress.end();
        write_json(&folder.join(SUMMARY), &arms.len())
    })
}

fn ask(
    work: &StageContext<'_>,
    variant: &Variant,
    config: &TrainConfig,
    prepared: &Prepared,
    knowledge: &Knowledge,
) -> Result<()> {
    let data = train::data(variant, prepared, knowledge, String::new())?;
    let has_links = config.objectives.link.weight > 0.0 && variant.graph.links != Graph::Off;
    if has_links && data.descriptions.len() > 1 {
        check_links(variant, &data)?;
    }
    let specials = tokenizer::open(&prepared.corpus(variant).vocabulary)?.specials();
    let model = match &work.initial {
        Some(initial) => initial.config.clone(),
        None => work.run.model_config(variant.layout, specials.vocab_size as usize),
    };
    let lacks = |error: jove_trainer::Error| match error {
        jove_trainer::Error::NoData { objective, expected, found } => Error::Needs {
            variant: variant.name.clone(),
            what: format!("objective {objective}: expected {expected}, found {found}"),
            hint: mending(objective),
        },
        other => other.into(),
    };
    Collator::new(config, data, specials, &model).map(drop).map_err(lacks)
}

/// The link learns from names in the text whose entities are described.
fn check_links(variant: &Variant, data: &TrainingData) -> Result<()> {
    let described = described(&data.descriptions);
    for index in 0..data.text.len() {
        let text = data.text.get(index).map_err(|cause| jove_trainer::Error::Example {
            source_name: "texts",
            index,
            cause,
        })?;
        if text.mentions.iter().any(|(_, entity)| described.contains(entity)) {
            return Ok(());
        }
    }
    Err(Error::Needs {
        variant: variant.name.clone(),
        what: format!(
            "objective link: expected a linked name whose entity has a description, found none in {} texts; {} entities are described",
            data.text.len(),
            described.len()
        ),
        hint: mending("link"),
    })
}

fn described(descriptions: &Descriptions) -> BTreeSet<EntityId> {
    descriptions.iter().filter(|(_, variants)| !variants.is_empty()).map(|(entity, _)| *entity).collect()
}

/// The line of the run file that mends a lack.
fn mending(objective: &str) -> String {
    let off = |key: &str| {
        format!("train = {{ objectives = {{ {key} = {{ weight = 0.0 }} }} }} in the variant trains it without")
    };
    match objective {
        "link" => format!(
            "describe = {{ types = true }} describes entities by their types, facts = 4 by their facts; {}",
            off("link")
        ),
        "relation" => format!(
            "give the graph facts that are not held out (verbalize.sentences.held-out-fraction); {}",
            off("relation")
        ),
        "tlm" | "translation" | "word-alignment" => {
            format!(
                "pairs = {{ train = [{{ path = \"PAIRS.tsv\", langs = [\"zh\", \"en\"] }}] }} gives it pairs; {}",
                off(objective)
            )
        }
        _ => "text = { sources = [{ path = \"FOLDER\", lang = \"zh\" }] } gives it text".to_owned(),
    }
}
