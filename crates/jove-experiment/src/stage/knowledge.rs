//! What objectives, masks and probes read of the graph. Each part is kept by itself, so that all arms and probes that need
//! it share it.

use jove_core::{EntityId, Seed, TokenId};
use jove_masking::{SameType, TypedName};
use jove_objectives::Descriptions;
use jove_trainer::{HardNegatives, Relations};

use crate::cache::{Key, Leftover, Stage};
use crate::error::{Error, Result};
use crate::files::{read_lines, write_json, write_lines};
use crate::held_out::facts::HeldOutFacts;
use crate::knowledge::descriptions::{Bare, Describer};
use crate::knowledge::{hard_negatives, relations, replacements};
use crate::prepared::Prepared;
use crate::run_file::{DescribeSettings, Graph};
use crate::stage::{StageContext, kb, text, tokenizer};
use crate::variant::Variant;

/// Descriptions, an entity a line.
const DESCRIPTIONS: &str = "descriptions.jsonl";
/// The entities that share a name, a name a line.
const SHARED_NAMES: &str = "shared-names.jsonl";
/// Hard negatives, an entity a line.
const NEGATIVES: &str = "negatives.jsonl";
/// The labels of relations, a relation a line.
const LABELS: &str = "labels.jsonl";
/// Facts.
const FACTS: &str = "facts.jsonl";
/// Names that may replace others.
const NAMES: &str = "names.jsonl";
/// Counts.
const SUMMARY: &str = "summary.json";

/// The parts that the training of one arm reads; those that it does not need are `None`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Knowledge {
    descriptions: Option<Stage>,
    hard_negatives: Option<Stage>,
    relations: Option<Stage>,
    replacements: Option<Stage>,
}

/// The parts that an arm needs, each made where it is not there yet.
pub(crate) fn knowledge(
    work: &StageContext<'_>,
    variant: &Variant,
    seed: Seed,
    prepared: &Prepared,
) -> Result<Knowledge> {
    let vocabulary = &prepared.corpus(variant).vocabulary;
    let objectives = &variant.train.objectives;
    let mut knowledge = Knowledge::default();
    if objectives.link.weight > 0.0 {
        let described = descriptions(work, prepared, vocabulary)?;
        let wanted = (objectives.link.hard_negatives > 0).then_some(seed);
        knowledge.hard_negatives = Some(hard_negatives(work, prepared, &described, wanted)?);
        knowledge.descriptions = Some(described);
    }
    if objectives.relation.weight > 0.0 {
        knowledge.relations = Some(relations(work, prepared, vocabulary, variant.graph)?);
    }
    knowledge.replacements = replacements(work, variant, &prepared.base, vocabulary)?;
    Ok(knowledge)
}

/// Makes what all arms and their probes need, before any of them starts: processes that run arms side by side then only read.
pub(crate) fn prepare(work: &StageContext<'_>, prepared: &Prepared) -> Result<()> {
    for variant in &work.run.variants {
        probed(work, variant, prepared)?;
        for &seed in &work.run.file.seeds {
            knowledge(work, variant, Seed(seed), prepared)?;
        }
    }
    Ok(())
}

/// The descriptions that a variant's probes read; `None` where no fact is held out, and so no probe is about descriptions.
pub(crate) fn probed(work: &StageContext<'_>, variant: &Variant, prepared: &Prepared) -> Result<Option<Stage>> {
    let wanted = prepared.texts.held_out_sentences > 0;
    wanted.then(|| descriptions(work, prepared, &prepared.corpus(variant).vocabulary)).transpose()
}

impl Knowledge {
    /// The keys of the parts that there are.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &Key> {
        let parts = [&self.descriptions, &self.hard_negatives, &self.relations, &self.replacements];
        parts.into_iter().flatten().map(|part| &part.key)
    }

    /// Empty without this part.
    pub(crate) fn descriptions(&self) -> Result<Descriptions> {
        self.descriptions.as_ref().map_or_else(|| Ok(Descriptions::new()), read_descriptions)
    }

    /// Empty without this part.
    pub(crate) fn hard_negatives(&self) -> Result<HardNegatives> {
        let Some(part) = &self.hard_negatives else { return Ok(HardNegatives::default()) };
        let mut hard_negatives = HardNegatives::sharing(read_lines::<Vec<EntityId>>(&part.file(SHARED_NAMES))?);
        hard_negatives.negatives = read_lines(&part.file(NEGATIVES))?.into_iter().collect();
        Ok(hard_negatives)
    }

    /// Empty without this part.
    pub(crate) fn relations(&self) -> Result<Relations> {
        let Some(part) = &self.relations else { return Ok(Relations::default()) };
        let (labels, facts) = (read_lines(&part.file(LABELS))?, read_lines(&part.file(FACTS))?);
        Ok(Relations::new(labels, facts, read_descriptions(part)?))
    }

    /// Empty without this part.
    pub(crate) fn replacements(&self) -> Result<SameType> {
        read_replacements(self.replacements.as_ref())
    }
}

/// Reads the descriptions of a finished part.
pub(crate) fn read_descriptions(part: &Stage) -> Result<Descriptions> {
    Ok(read_lines::<(EntityId, Vec<Vec<TokenId>>)>(&part.file(DESCRIPTIONS))?.into_iter().collect())
}

/// The names that may replace what a variant masks; none where its masks replace nothing.
pub(crate) fn replacement_names(
    work: &StageContext<'_>,
    variant: &Variant,
    base: &Stage,
    vocabulary: &Stage,
) -> Result<SameType> {
    read_replacements(replacements(work, variant, base, vocabulary)?.as_ref())
}

fn read_replacements(part: Option<&Stage>) -> Result<SameType> {
    let Some(part) = part else { return Ok(SameType::default()) };
    let names = read_lines(&part.file(NAMES))?.into_iter();
    Ok(SameType::new(names.map(|(entity, kind, lang, tokens)| TypedName { entity, kind, lang, tokens })))
}

/// The tokens of entities' descriptions, by one vocabulary.
fn descriptions(work: &StageContext<'_>, prepared: &Prepared, vocabulary: &Stage) -> Result<Stage> {
    let settings = &work.run.file.describe;
    let inputs = [&prepared.base.key, &prepared.text.key, &vocabulary.key];
    let key = Key::new("knowledge-descriptions", &(settings, &prepared.languages), &inputs);
    part(work, "knowledge-descriptions", key, |folder| {
        let count = describe(prepared, vocabulary, settings, Bare::Drop, folder)?;
        write_json(&folder.join(SUMMARY), &count)
    })
}

/// Who may be confused with whom; hard negatives only where a seed is given.
fn hard_negatives(
    work: &StageContext<'_>,
    prepared: &Prepared,
    described: &Stage,
    seed: Option<Seed>,
) -> Result<Stage> {
    let key = Key::new("knowledge-negatives", &seed.map(|seed| seed.0), &[&prepared.base.key, &described.key]);
    part(work, "knowledge-negatives", key, |folder| {
        let (kb, descriptions) = (kb::open(&prepared.base)?, read_descriptions(described)?);
        let shared = hard_negatives::shared_names(&kb, &descriptions)?;
        let names = write_lines(&folder.join(SHARED_NAMES), &shared)?;
        let negatives = match seed {
            Some(seed) => hard_negatives::negatives(&kb, &descriptions, shared, seed)?,
            None => hard_negatives::Negatives::new(),
        };
        let count = write_lines(&folder.join(NEGATIVES), &negatives)?;
        write_json(&folder.join(SUMMARY), &(names, count))
    })
}

/// Facts with their relations' labels, and their ends described by name, type and description alone: a description that
/// states facts would state the answer.
fn relations(work: &StageContext<'_>, prepared: &Prepared, vocabulary: &Stage, graph: Graph) -> Result<Stage> {
    let settings = DescribeSettings { facts: 0, further_facts: 0, ..work.run.file.describe.clone() };
    let inputs = [&prepared.base.key, &prepared.text.key, &vocabulary.key];
    let key = Key::new("knowledge-relations", &(&settings, &prepared.languages, graph), &inputs);
    part(work, "knowledge-relations", key, |folder| {
        let (kb, tokenizer) = (kb::open(&prepared.base)?, tokenizer::open(vocabulary)?);
        let held_out = HeldOutFacts::read(&prepared.text.file(text::FACTS))?;
        let facts = relations::facts(&kb, &held_out, graph)?;
        write_lines(&folder.join(LABELS), relations::labels(&kb, &prepared.languages, &tokenizer)?)?;
        describe(prepared, vocabulary, &settings, Bare::Keep, folder)?;
        let count = write_lines(&folder.join(FACTS), facts)?;
        write_json(&folder.join(SUMMARY), &count)
    })
}

/// The names that may replace masked ones, by one vocabulary; `None` where the variant's masks replace none.
fn replacements(work: &StageContext<'_>, variant: &Variant, base: &Stage, vocabulary: &Stage) -> Result<Option<Stage>> {
    if variant.masking.entity_swap == 0.0 || variant.masking.weights.entity == 0.0 {
        return Ok(None);
    }
    let key = Key::new("knowledge-replacements", &(), &[&base.key, &vocabulary.key]);
    let replacements = part(work, "knowledge-replacements", key, |folder| {
        let names = replacements::replacements(&kb::open(base)?, &tokenizer::open(vocabulary)?)?;
        if SameType::new(names.iter().cloned()).is_empty() {
            return Err(Error::Data {
                what: "masking.entity-swap: no two names of one type and language have equally many tokens".to_owned(),
                hint: "give the graph's entities types, or set masking.entity-swap to 0".to_owned(),
            });
        }
        let rows = names.iter().map(|name| (name.entity, name.kind, name.lang, &name.tokens));
        let count = write_lines(&folder.join(NAMES), rows)?;
        write_json(&folder.join(SUMMARY), &count)
    });
    replacements.map(Some)
}

fn part(
    work: &StageContext<'_>,
    name: &str,
    key: Key,
    make: impl FnOnce(&std::path::Path) -> Result<()>,
) -> Result<Stage> {
    work.cache.stage(name, key, Leftover::Discard, |folder| {
        work.check()?;
        work.progress.begin(&name.replace('-', ", "), None, "entities");
        make(folder)?;
        work.progress.end();
        Ok(())
    })
}

fn describe(
    prepared: &Prepared,
    vocabulary: &Stage,
    settings: &DescribeSettings,
    bare: Bare,
    folder: &std::path::Path,
) -> Result<u64> {
    let (kb, tokenizer) = (kb::open(&prepared.base)?, tokenizer::open(vocabulary)?);
    let facts = HeldOutFacts::read(&prepared.text.file(text::FACTS))?;
    let describer = Describer { kb: &kb, facts: &facts, languages: &prepared.languages };
    write_lines(&folder.join(DESCRIPTIONS), &describer.tokens(settings, bare, &tokenizer)?)
}
