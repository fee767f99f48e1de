//! Answers without a model, on the questions that models are asked: what a measure shows only counts above these.

use std::collections::{BTreeMap, BTreeSet};

use jove_core::EntityId;
use jove_kb::{Kb, PredicateId, Sentence};
use rayon::prelude::*;

use crate::answer::Answer;
use crate::bag_of_words;
use crate::error::Error;
use crate::mention_items::{Description, MentionQuestion};
use crate::question::ClozeQuestion;
use crate::string_match::{StringIndex, grams, overlap};
use crate::training_counts::TrainingCounts;
use crate::truths::ranges;
use crate::typing_items::{TypingQuestion, TypingQuestions};

/// Names of answers.
const COMMONEST: &str = "commonest answer";
const STRING_MATCH: &str = "string match";
const NAME_MATCH: &str = "string match of the name";
const POPULARITY: &str = "popularity";
const TOGETHER: &str = "co-occurrence";
const BAG_OF_WORDS: &str = "linear probe on bag of words";
const NAME_ALONE: &str = "linear probe on the name";

/// What one way to answer without a model says to all questions of a probe.
#[derive(Clone, Debug, PartialEq)]
pub struct TrivialAnswers {
    /// The way, such as `commonest answer`.
    pub by: &'static str,
    /// The answers, in the order of the questions.
    pub answers: Vec<Answer>,
}

/// How many facts that are trained on have an object, by relation and object.
#[derive(Clone, Debug, Default)]
pub struct ObjectCounts(BTreeMap<(PredicateId, EntityId), u32>);

impl ObjectCounts {
    /// Counts the facts of the relations of some sentences, without the facts that these state.
    ///
    /// # Errors
    /// Where the knowledge base cannot be read.
    pub fn new(kb: &Kb, held_out: &[Sentence]) -> Result<Self, Error> {
        let relations = held_out.iter().map(|sentence| sentence.fact.predicate).collect();
        let ranges = ranges(kb, &relations, &held_out.iter().map(|sentence| sentence.fact).collect())?;
        let counts = ranges
            .into_iter()
            .flat_map(|(predicate, range)| range.into_iter().map(move |(entity, count)| ((predicate, entity), count)));
        Ok(Self(counts.collect()))
    }

    fn get(&self, predicate: PredicateId, entity: EntityId) -> u32 {
        self.0.get(&(predicate, entity)).copied().unwrap_or_default()
    }
}

/// Answers to a cloze: the relation's commonest object (only where there is a relation), the name that shares most with the
/// rest of the sentence, the entity that training text links most often, and the one that it links most often together with
/// the others of the sentence.
pub fn trivial_cloze(
    questions: &[ClozeQuestion],
    objects: &ObjectCounts,
    counts: &TrainingCounts,
) -> Vec<TrivialAnswers> {
    let answers = |by, score: &(dyn Fn(&ClozeQuestion) -> Vec<f32> + Sync)| TrivialAnswers {
        by,
        answers: questions.par_iter().map(|question| Answer::naming_one(question.answer, &score(question))).collect(),
    };
    let entities = |question: &ClozeQuestion, score: &dyn Fn(EntityId) -> f64| -> Vec<f32> {
        question.candidates.iter().map(|candidate| score(candidate.entity) as f32).collect()
    };
    let strings = |question: &ClozeQuestion| {
        let context: BTreeSet<String> = question.around().iter().flat_map(|part| grams(part)).collect();
        question.candidates.iter().map(|candidate| overlap(&candidate.name, &context)).collect()
    };
    let commonest = |question: &ClozeQuestion| {
        let count = |entity| question.relation.map_or(0, |relation| objects.get(relation, entity));
        entities(question, &|entity| f64::from(count(entity)))
    };
    let popularity = |question: &ClozeQuestion| entities(question, &|entity| f64::from(counts.links(entity)));
    let together = |question: &ClozeQuestion| {
        entities(question, &|entity| question.others.iter().map(|&other| counts.together(other, entity)).sum())
    };
    let mut all = Vec::new();
    if questions.iter().any(|question| question.relation.is_some()) {
        all.push(answers(COMMONEST, &commonest));
    }
    all.extend([answers(STRING_MATCH, &strings), answers(POPULARITY, &popularity), answers(TOGETHER, &together)]);
    all
}

/// The entities with a description, in their order: what an answer of mention retrieval counts by.
pub fn described_entities(descriptions: &[Description]) -> Vec<EntityId> {
    let entities: BTreeSet<EntityId> = descriptions.iter().map(|description| description.entity).collect();
    entities.into_iter().collect()
}

/// Answers to mention retrieval: the entity whose description is most like the sentence, and, where the mention is shown, like
/// the mention; the entity that training text links most often, and most often together with the other one of the sentence.
pub fn trivial_mentions(
    questions: &[MentionQuestion],
    descriptions: &[Description],
    counts: &TrainingCounts,
) -> Vec<TrivialAnswers> {
    let entities = described_entities(descriptions);
    let asked = Asked { descriptions, entities: &entities };
    let index = StringIndex::new(descriptions.iter().map(|description| description.text.as_str()));
    let answers = |by, score: &(dyn Fn(&MentionQuestion) -> Vec<f32> + Sync)| TrivialAnswers {
        by,
        answers: questions.par_iter().map(|question| asked.answer(question, &score(question))).collect(),
    };
    let each = |score: &dyn Fn(EntityId) -> f64| -> Vec<f32> {
        descriptions.iter().map(|description| score(description.entity) as f32).collect()
    };
    let mut all = vec![answers(STRING_MATCH, &|question| index.scores(&question.shown()))];
    if questions.iter().any(|question| !question.hidden) {
        all.push(answers(NAME_MATCH, &|question| index.scores(question.name().unwrap_or_default())));
    }
    all.push(answers(POPULARITY, &|_| each(&|entity| f64::from(counts.links(entity)))));
    all.push(answers(TOGETHER, &|question| {
        each(&|entity| question.others.iter().map(|&other| counts.together(other, entity)).sum())
    }));
    all
}

/// Descriptions and their entities.
struct Asked<'a> {
    descriptions: &'a [Description],
    entities: &'a [EntityId],
}

impl Asked<'_> {
    /// The answer of scores of all descriptions: an entity has the best of its own that are compared.
    fn answer(&self, question: &MentionQuestion, scores: &[f32]) -> Answer {
        let mut best: BTreeMap<EntityId, f32> = BTreeMap::new();
        for (description, &score) in self.descriptions.iter().zip(scores) {
            if question.compares(description.entity, description.lang) {
                let own = best.entry(description.entity).or_insert(score);
                *own = own.max(score);
            }
        }
        let answer = best.keys().position(|&entity| entity == question.entity).unwrap_or_default();
        let scores: Vec<f32> = best.values().copied().collect();
        let mut answer = Answer::naming_one(answer, &scores);
        let compared: Vec<EntityId> = best.into_keys().collect();
        for (index, _) in &mut answer.top {
            *index = self.entities.binary_search(&compared[*index]).unwrap_or_default();
        }
        answer
    }
}

/// Answers to entity typing: the commonest type of the training mentions, a linear probe on the letters of the name, and
/// one on those of the whole text. None where a side is empty.
pub fn trivial_typing(questions: &TypingQuestions) -> Vec<TrivialAnswers> {
    let TypingQuestions { train, test, types } = questions;
    if train.is_empty() || test.is_empty() {
        return Vec::new();
    }
    let mut commonest = vec![0.0f32; types.len()];
    for question in train {
        commonest[question.class] += 1.0;
    }
    let linear = |part: fn(&TypingQuestion) -> &str| {
        let known: Vec<(&str, usize)> = train.iter().map(|question| (part(question), question.class)).collect();
        let asked: Vec<&str> = test.iter().map(part).collect();
        bag_of_words::scores(&known, &asked, types.len())
    };
    let answers = |by, scores: Vec<Vec<f32>>| {
        let answer = |(question, scores): (&TypingQuestion, Vec<f32>)| Answer::naming_one(question.class, &scores);
        TrivialAnswers { by, answers: test.iter().zip(scores).map(answer).collect() }
    };
    vec![
        answers(COMMONEST, vec![commonest; test.len()]),
        answers(NAME_ALONE, linear(TypingQuestion::name)),
        answers(BAG_OF_WORDS, linear(|question| &question.text)),
    ]
}

/// Which test mentions have a name that tells the type: a linear probe on its letters is right.
pub fn told_by_name(typing: &[TrivialAnswers]) -> Vec<bool> {
    let name = typing.iter().find(|trivial| trivial.by == NAME_ALONE);
    name.map_or_else(Vec::new, |name| name.answers.iter().map(|answer| answer.rank.hit() > 0.0).collect())
}

/// Answers to bitext retrieval, from the first side to the second: the sentence that shares most letters, digits and names.
pub fn trivial_bitext(queries: &[&str], keys: &[&str]) -> TrivialAnswers {
    let index = StringIndex::new(keys.iter().copied());
    let answer = |(number, query): (usize, &&str)| Answer::naming_one(number, &index.scores(query));
    TrivialAnswers { by: STRING_MATCH, answers: queries.par_iter().enumerate().map(answer).collect() }
}
