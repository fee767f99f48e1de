//! Questions of both cloze probes: gaps in sentences of facts, and gaps in text.

use std::collections::{BTreeMap, BTreeSet};

use jove_core::{AnnotatedText, ByteSpan, EntityId, Lang, Mention, Purpose, Rng, Seed};
use jove_kb::{Kb, PredicateId, Sentence};
use rand::seq::SliceRandom as _;

use crate::error::Error;
use crate::names::{AllNames, Names};
use crate::question::{Candidate, ClozeQuestion};
use crate::training_counts::TrainingCounts;
use crate::truths::{Range, Truths, ranges};

/// Size and difficulty of a cloze probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClozeOptions {
    /// Largest number of items; of more gaps a sample is drawn. Default 1000.
    pub items_max: usize,
    /// Largest number of candidates of an item, the correct one included. Default 50.
    pub candidates: usize,
    /// Seed of both samples.
    pub seed: Seed,
}

impl Default for ClozeOptions {
    fn default() -> Self {
        Self { items_max: 1000, candidates: 50, seed: Seed(0) }
    }
}

/// Entities that are sampled for each candidate: most qualify, and a large type need not be read whole.
const SAMPLED_PER_CANDIDATE: usize = 8;

/// Random streams of [`Purpose::Probe`] that this module uses.
const RELATION_ORDER: u64 = 0;
const RELATION_CANDIDATES: u64 = 1;
const ENTITY_ORDER: u64 = 3;
const ENTITY_CANDIDATES: u64 = 4;

/// Questions of the relation cloze: sentences of held-out facts with the object as the gap.
///
/// Candidates are objects of the same relation with a name in the sentence's language, and nothing else: half of them the
/// commonest ones, so that being common does not make an object stand out, half drawn from the others. The ranking is
/// filtered: neither the subject nor another true object of subject and relation is a candidate, whether the fact itself, its
/// declared inverse, or the opposite direction of a symmetric relation states it. Sentences with fewer than two candidates
/// are left out, and so are those that hold a name of the object elsewhere, since it could be copied. What is left is drawn
/// from.
///
/// # Errors
/// Where the knowledge base cannot be read.
pub fn relation_questions(
    kb: &Kb,
    sentences: &[Sentence],
    options: &ClozeOptions,
) -> Result<Vec<ClozeQuestion>, Error> {
    let langs: BTreeSet<Lang> = sentences.iter().map(|sentence| sentence.lang).collect();
    let names = Names::new(kb, &langs)?;
    let truths = Truths::new(kb, &sentences.iter().map(|sentence| sentence.fact.subject).collect())?;
    let all = AllNames::new(kb, &sentences.iter().map(|sentence| sentence.fact.object).collect())?;
    let held_out = sentences.iter().map(|sentence| sentence.fact).collect();
    let relations: BTreeSet<PredicateId> = sentences.iter().map(|sentence| sentence.fact.predicate).collect();
    let ranges: BTreeMap<PredicateId, Range> = ranges(kb, &relations, &held_out)?;
    let mut questions = Vec::new();
    for index in order(sentences.len(), options.seed, RELATION_ORDER) {
        if questions.len() == options.items_max {
            break;
        }
        let Sentence { text, lang, fact, object, subject, .. } = &sentences[index];
        if all.stands_elsewhere(text, *object, fact.object) {
            continue;
        }
        let mut wrong = truths.ends(fact.subject, fact.predicate, true);
        wrong.extend([fact.subject, fact.object]);
        let range = ranges.get(&fact.predicate).map_or(&[][..], Vec::as_slice);
        let range: Vec<EntityId> = range.iter().map(|&(entity, _)| entity).collect();
        let rng = options.seed.rng(Purpose::Probe, RELATION_CANDIDATES, index as u64);
        let mut draw = Draw { names: &names, lang: *lang, taken: wrong, candidates: Vec::new(), rng };
        let place = Place { text, span: *object, entity: fact.object };
        let question = draw.question(&place, options.candidates, &range, &range);
        questions.extend(question.map(|question| ClozeQuestion {
            subject: Some(*subject),
            relation: Some(fact.predicate),
            others: vec![fact.subject],
            ..question
        }));
    }
    Ok(questions)
}

/// Questions of the entity cloze: text with a linked mention as the gap.
///
/// Candidates are entities of the same type with a name in the text's language: half of them those that training text links
/// most often, half drawn from the others. No candidate is mentioned in the text or has the correct one's relation to another
/// entity of the text: it could be equally true. Mentions with fewer than two candidates are left out, and so are those of
/// which the text holds any name elsewhere, since it could be copied. What is left is drawn from.
///
/// # Errors
/// Where the knowledge base cannot be read.
pub fn entity_questions(
    kb: &Kb,
    texts: &[AnnotatedText],
    counts: &TrainingCounts,
    options: &ClozeOptions,
) -> Result<Vec<ClozeQuestion>, Error> {
    let langs: BTreeSet<Lang> = texts.iter().map(|text| text.lang).collect();
    let names = Names::new(kb, &langs)?;
    let linked: BTreeSet<EntityId> =
        texts.iter().flat_map(|text| &text.mentions).map(|mention| mention.entity).collect();
    let (truths, all) = (Truths::new(kb, &linked)?, AllNames::new(kb, &linked)?);
    let places: Vec<(&AnnotatedText, &Mention)> =
        texts.iter().flat_map(|text| text.mentions.iter().map(move |mention| (text, mention))).collect();
    let mut commonest: BTreeMap<(Lang, EntityId), Vec<EntityId>> = BTreeMap::new();
    let mut questions = Vec::new();
    for index in order(places.len(), options.seed, ENTITY_ORDER) {
        if questions.len() == options.items_max {
            break;
        }
        let (text, mention) = places[index];
        let others: BTreeSet<EntityId> =
            text.mentions.iter().filter(|other| other.span != mention.span).map(|other| other.entity).collect();
        if others.contains(&mention.entity) || all.stands_elsewhere(&text.text, mention.span, mention.entity) {
            continue;
        }
        let mut wrong: BTreeSet<EntityId> = others.iter().copied().chain([mention.entity]).collect();
        for &other in &others {
            truths.alike(other, mention.entity, &mut wrong);
        }
        let peers = names.peers(text.lang, mention.entity);
        let first = peers.first().copied().unwrap_or(mention.entity);
        // One list for each type: its first entity stands for it.
        let common = commonest.entry((text.lang, first)).or_insert_with(|| counts.commonest(peers));
        let rng = options.seed.rng(Purpose::Probe, ENTITY_CANDIDATES, index as u64);
        let mut draw = Draw { names: &names, lang: text.lang, taken: wrong, candidates: Vec::new(), rng };
        let place = Place { text: &text.text, span: mention.span, entity: mention.entity };
        let question = draw.question(&place, options.candidates, common, peers);
        questions.extend(question.map(|question| ClozeQuestion { others: others.into_iter().collect(), ..question }));
    }
    Ok(questions)
}

fn order(count: usize, seed: Seed, stream: u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    order.shuffle(&mut seed.rng(Purpose::Probe, stream, 0));
    order
}

/// Where a name stands that a question hides.
struct Place<'a> {
    text: &'a str,
    span: ByteSpan,
    entity: EntityId,
}

/// The candidates of one question as they are drawn.
struct Draw<'a> {
    names: &'a Names,
    lang: Lang,
    /// Entities that may not be drawn, or are already.
    taken: BTreeSet<EntityId>,
    candidates: Vec<Candidate>,
    rng: Rng,
}

impl Draw<'_> {
    /// A question with half of its candidates the first ones of `common` and the others drawn from `pool`; `None` where there
    /// are fewer than two, or the name has neither letter nor digit.
    fn question(
        &mut self,
        place: &Place<'_>,
        count: usize,
        common: &[EntityId],
        pool: &[EntityId],
    ) -> Option<ClozeQuestion> {
        let own = place.span.slice(place.text).filter(|own| own.contains(char::is_alphanumeric))?;
        let gold = Candidate { entity: place.entity, name: own.to_owned() };
        self.candidates.push(gold.clone());
        for &entity in common {
            if self.candidates.len() > count / 2 {
                break;
            }
            self.take(entity);
        }
        let sampled = pool.len().min(SAMPLED_PER_CANDIDATE * count);
        for index in rand::seq::index::sample(&mut self.rng, pool.len(), sampled) {
            if self.candidates.len() >= count {
                break;
            }
            self.take(pool[index]);
        }
        if self.candidates.len() < 2 {
            return None;
        }
        self.candidates.shuffle(&mut self.rng);
        let candidates = std::mem::take(&mut self.candidates);
        let answer = candidates.iter().position(|candidate| *candidate == gold)?;
        let (text, lang, gap) = (place.text.to_owned(), self.lang, place.span);
        Some(ClozeQuestion { text, lang, gap, subject: None, relation: None, others: Vec::new(), candidates, answer })
    }

    /// Takes an entity with a name that no candidate has yet.
    fn take(&mut self, entity: EntityId) {
        let Some(name) = self.names.name(self.lang, entity).filter(|_| !self.taken.contains(&entity)) else { return };
        let lower = name.to_lowercase();
        if self.candidates.iter().all(|candidate| candidate.name.to_lowercase() != lower) {
            self.taken.insert(entity);
            self.candidates.push(Candidate { entity, name: name.to_owned() });
        }
    }
}
