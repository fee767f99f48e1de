//! What objectives, masks and probes read of the graph. Each part is kept by itself, so that all arms and probes that need
//! it share it.

use jove_core::{EntityId, Seed, TokenId};
use jove_masking::{SameType, TypedName};
use jove_objectives::Descriptions;
use jove_trainer::{HardNegatives, RelationFact, Relations};

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
        knowledge.relations = Some(relations(work, prepared, vocabulary, variant.graph.links)?);
    }
    knowledge.replacements = replacements(work, variant, &prepared.base, vocabulary)?;
    Ok(knowledge)
}

/// What training reads of the graph in the tokens of one vocabulary.
pub(crate) struct Written {
    pub(crate) vocabulary: Stage,
    /// Descriptions of entities, alone or beside relations.
    pub(crate) descriptions: Stage,
    /// Whether the part holds facts of relations.
    pub(crate) has_relations: bool,
}

/// Makes what all arms need, before any of them starts: processes that run arms side by side then only read.
/// Returns each part that names entities or facts once.
pub(crate) fn prepare(work: &StageContext<'_>, prepared: &Prepared) -> Result<Vec<Written>> {
    let mut written: Vec<Written> = Vec::new();
    for variant in &work.run.variants {
        let vocabulary = &prepared.corpus(variant).vocabulary;
        let mut add = |part: Option<Stage>, has_relations| {
            if let Some(descriptions) = part.filter(|part| written.iter().all(|one| one.descriptions.key != part.key)) {
                written.push(Written { vocabulary: vocabulary.clone(), descriptions, has_relations });
            }
        };
        for &seed in &work.run.file.seeds {
            let knowledge = knowledge(work, variant, Seed(seed), prepared)?;
            add(knowledge.descriptions, false);
            add(knowledge.relations, true);
        }
    }
    Ok(written)
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
        let (labels, facts) = (read_lines(&part.file(LABELS))?, read_facts(part)?);
        Ok(Relations::new(labels, facts, read_descriptions(part)?))
    }

    /// Empty without this part.
    pub(crate) fn replacements(&self) -> Result<SameType> {
        read_replacements(self.replacements.as_ref())
    }
}

/// Reads the facts of a finished part with relations.
pub(crate) fn read_facts(part: &Stage) -> Result<Vec<RelationFact>> {
    read_lines(&part.file(FACTS))
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
        work.progress.begin(&name.replacen('-', ": ", 1), None, "entities");
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

#[cfg(test)]
mod tests {
    use jove_core::Lang;
    use jove_masking::Replacements as _;
    use proptest::prelude::*;

    use super::*;

    /// A part whose files the caller writes.
    fn folder() -> (tempfile::TempDir, Stage) {
        let folder = tempfile::tempdir().unwrap();
        let stage = Stage { folder: folder.path().to_owned(), key: Key::new("test", &(), &[]) };
        (folder, stage)
    }

    fn tokens() -> impl Strategy<Value = Vec<TokenId>> {
        prop::collection::vec(any::<u32>().prop_map(TokenId), 1..6)
    }

    fn entities() -> impl Strategy<Value = Vec<EntityId>> {
        prop::collection::vec((0u32..9).prop_map(EntityId), 0..5)
    }

    fn described() -> impl Strategy<Value = Descriptions> {
        prop::collection::btree_map((0u32..9).prop_map(EntityId), prop::collection::vec(tokens(), 1..4), 0..9)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn descriptions_come_back_as_they_were(descriptions in described()) {
            let (_folder, part) = folder();
            write_lines(&part.file(DESCRIPTIONS), &descriptions).unwrap();
            prop_assert_eq!(read_descriptions(&part).unwrap(), descriptions);
        }

        #[test]
        fn hard_negatives_come_back_in_the_order_of_their_draws(
            names in prop::collection::vec(entities(), 0..5),
            negatives in prop::collection::btree_map((0u32..9).prop_map(EntityId), entities(), 0..9),
        ) {
            let (_folder, part) = folder();
            write_lines(&part.file(SHARED_NAMES), &names).unwrap();
            write_lines(&part.file(NEGATIVES), &negatives).unwrap();
            let knowledge = Knowledge { hard_negatives: Some(part), ..Knowledge::default() };
            let mut expected = HardNegatives::sharing(names);
            expected.negatives = negatives;
            prop_assert_eq!(knowledge.hard_negatives().unwrap(), expected);
        }

        #[test]
        fn relations_come_back_as_they_were(
            labels in prop::collection::vec(prop::collection::vec(tokens(), 0..3), 0..4),
            facts in prop::collection::vec((0u32..9, 0u32..5, 0u32..9), 0..20),
            descriptions in described(),
        ) {
            let facts = facts.into_iter().map(|(subject, relation, object)| (EntityId(subject), relation, EntityId(object)));
            let facts: Vec<RelationFact> = facts.collect();
            let (_folder, part) = folder();
            write_lines(&part.file(LABELS), &labels).unwrap();
            write_lines(&part.file(FACTS), &facts).unwrap();
            write_lines(&part.file(DESCRIPTIONS), &descriptions).unwrap();
            let knowledge = Knowledge { relations: Some(part), ..Knowledge::default() };
            prop_assert_eq!(knowledge.relations().unwrap(), Relations::new(labels, facts, descriptions));
        }
    }

    #[test]
    fn replacement_names_come_back_in_their_order() {
        let names = [(EntityId(3), 0, [7, 8]), (EntityId(1), 0, [9, 4]), (EntityId(2), 1, [5, 6])];
        let names = names.map(|(entity, kind, tokens)| (entity, kind, Lang::ZH, tokens.map(TokenId)));
        let (_folder, part) = folder();
        write_lines(&part.file(NAMES), names).unwrap();
        let knowledge = Knowledge { replacements: Some(part), ..Knowledge::default() };
        let table = knowledge.replacements().unwrap();
        let found = table.candidates(EntityId(1), Lang::ZH, 2);
        assert_eq!(found.len(), 2);
        assert_eq!([found.get(0), found.get(1)], [names[0].3.as_slice(), names[1].3.as_slice()]);
        assert!(table.candidates(EntityId(1), Lang::EN, 2).is_empty());
    }

    #[test]
    fn parts_that_are_not_needed_are_empty_and_have_no_key() {
        let none = Knowledge::default();
        assert!(none.descriptions().unwrap().is_empty() && none.replacements().unwrap().is_empty());
        assert_eq!(none.hard_negatives().unwrap(), HardNegatives::default());
        assert_eq!(none.relations().unwrap(), Relations::default());
        assert_eq!(none.keys().count(), 0);
        let (_folder, part) = folder();
        assert_eq!(Knowledge { relations: Some(part), ..none }.keys().count(), 1);
    }
}
