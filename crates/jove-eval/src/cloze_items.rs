//! Items of both cloze probes: gaps in sentences of facts, and gaps in text.

use std::collections::{BTreeMap, BTreeSet};

use jove_core::{AnnotatedText, ByteSpan, EntityId, Lang, Mention, Purpose, Seed, TokenId, TokenSpan, TokenizedText};
use jove_corpus::Tokenizer;
use jove_kb::{Fact, Kb, PredicateId, Sentence};
use rand::seq::SliceRandom as _;

use crate::cloze::ClozeItem;
use crate::error::Error;

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

/// Items of the relation cloze: sentences of held-out facts with the object as the gap.
///
/// Candidates are objects of the same relation with a name in the sentence's language and, where those are too few, entities of
/// the object's type. The ranking is filtered: neither the subject nor another true object of subject and relation is a
/// candidate, whether the fact itself, its declared inverse, or the opposite direction of a symmetric relation states it.
/// Candidates are tokenized in the place of the gap. Sentences with fewer than two candidates are left out, and so are
/// those that contain the object's name a second time, since it could be copied.
///
/// # Errors
/// Where the knowledge base cannot be read or a text cannot be tokenized.
pub fn relation_cloze_items(
    kb: &Kb,
    sentences: &[Sentence],
    tokenizer: &Tokenizer,
    options: &ClozeOptions,
) -> Result<Vec<ClozeItem>, Error> {
    let langs: BTreeSet<Lang> = sentences.iter().map(|sentence| sentence.lang).collect();
    let names = Names::new(kb, &langs)?;
    let truths = Truths::new(kb, &sentences.iter().map(|sentence| sentence.fact.subject).collect())?;
    let mut objects: BTreeMap<PredicateId, BTreeSet<EntityId>> =
        sentences.iter().map(|sentence| (sentence.fact.predicate, BTreeSet::new())).collect();
    kb.visit_facts(|fact| {
        if let Some(set) = objects.get_mut(&fact.predicate) {
            set.insert(fact.object);
        }
    })?;
    let pools: BTreeMap<PredicateId, Vec<EntityId>> =
        objects.into_iter().map(|(predicate, set)| (predicate, set.into_iter().collect())).collect();
    let mut items = Vec::new();
    for index in order(sentences.len(), options.seed, RELATION_ORDER) {
        if items.len() == options.items_max {
            break;
        }
        let Sentence { text, lang, fact, object, .. } = &sentences[index];
        let wrong = |entity: EntityId| {
            entity != fact.object
                && entity != fact.subject
                && !truths.holds(Fact { object: entity, ..*fact })
                && !truths.holds_inversely(Fact { object: entity, ..*fact })
        };
        let mut distractors = Distractors::new(text, *object, options, RELATION_CANDIDATES, index);
        distractors.sample(&pools[&fact.predicate], &names, *lang, &wrong);
        distractors.sample(names.peers(*lang, fact.object), &names, *lang, &wrong);
        items.extend(item(text, *lang, *object, &distractors.names, Some(fact.predicate), tokenizer)?);
    }
    Ok(items)
}

/// Items of the entity cloze: text with a linked mention as the gap.
///
/// Candidates are entities of the same type with a name in the text's language. No candidate is mentioned in the text or has
/// the correct one's relation to another entity of the text: it could be equally true. Mentions with fewer than two
/// candidates are left out, and so are those whose words occur a second time in the text, since they could be copied.
///
/// # Errors
/// Where the knowledge base cannot be read or a text cannot be tokenized.
pub fn entity_cloze_items(
    kb: &Kb,
    texts: &[AnnotatedText],
    tokenizer: &Tokenizer,
    options: &ClozeOptions,
) -> Result<Vec<ClozeItem>, Error> {
    let langs: BTreeSet<Lang> = texts.iter().map(|text| text.lang).collect();
    let names = Names::new(kb, &langs)?;
    let linked = texts.iter().flat_map(|text| &text.mentions).map(|mention| mention.entity).collect();
    let truths = Truths::new(kb, &linked)?;
    let places: Vec<(&AnnotatedText, &Mention)> =
        texts.iter().flat_map(|text| text.mentions.iter().map(move |mention| (text, mention))).collect();
    let mut items = Vec::new();
    for index in order(places.len(), options.seed, ENTITY_ORDER) {
        if items.len() == options.items_max {
            break;
        }
        let (text, mention) = places[index];
        let mut others: BTreeSet<EntityId> = text.mentions.iter().map(|mention| mention.entity).collect();
        let mut as_true = BTreeSet::new();
        for &other in others.iter().filter(|&&other| other != mention.entity) {
            truths.alike(other, mention.entity, &mut as_true);
        }
        others.extend(as_true);
        let wrong = |entity: EntityId| entity != mention.entity && !others.contains(&entity);
        let mut distractors = Distractors::new(&text.text, mention.span, options, ENTITY_CANDIDATES, index);
        distractors.sample(names.peers(text.lang, mention.entity), &names, text.lang, &wrong);
        items.extend(item(&text.text, text.lang, mention.span, &distractors.names, None, tokenizer)?);
    }
    Ok(items)
}

fn order(count: usize, seed: Seed, stream: u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    order.shuffle(&mut seed.rng(Purpose::Probe, stream, 0));
    order
}

/// Names by language, and entities by language and type.
struct Names {
    by_lang: BTreeMap<Lang, BTreeMap<EntityId, String>>,
    types: Vec<Option<u32>>,
    peers: BTreeMap<(Lang, Option<u32>), Vec<EntityId>>,
}

impl Names {
    fn new(kb: &Kb, langs: &BTreeSet<Lang>) -> Result<Self, Error> {
        let mut names = Self { by_lang: BTreeMap::new(), types: kb.type_of_all()?, peers: BTreeMap::new() };
        for &lang in langs {
            let labels = kb.labels_in(lang)?;
            for &entity in labels.keys() {
                let kind = names.type_of(entity);
                names.peers.entry((lang, kind)).or_default().push(entity);
            }
            names.by_lang.insert(lang, labels);
        }
        Ok(names)
    }

    fn type_of(&self, entity: EntityId) -> Option<u32> {
        self.types.get(entity.0 as usize).copied().flatten()
    }

    /// The entities of an entity's type that have a name in a language.
    fn peers(&self, lang: Lang, entity: EntityId) -> &[EntityId] {
        self.peers.get(&(lang, self.type_of(entity))).map_or(&[], Vec::as_slice)
    }

    fn name(&self, lang: Lang, entity: EntityId) -> Option<&str> {
        self.by_lang.get(&lang)?.get(&entity).map(String::as_str)
    }
}

/// The facts that some entities take part in.
struct Truths {
    /// By entity: relation, whether the entity is its subject, and the other end.
    around: BTreeMap<EntityId, BTreeSet<(PredicateId, bool, EntityId)>>,
    /// By relation: its inverse; a symmetric relation is its own.
    inverse: Vec<Option<PredicateId>>,
}

impl Truths {
    fn new(kb: &Kb, entities: &BTreeSet<EntityId>) -> Result<Self, Error> {
        let mut around: BTreeMap<EntityId, BTreeSet<_>> = BTreeMap::new();
        kb.visit_facts(|fact| {
            for (entity, forward, other) in [(fact.subject, true, fact.object), (fact.object, false, fact.subject)] {
                if entities.contains(&entity) {
                    around.entry(entity).or_default().insert((fact.predicate, forward, other));
                }
            }
        })?;
        let own = |(index, info): (usize, &jove_kb::PredicateInfo)| {
            if info.symmetric { Some(PredicateId(index as u32)) } else { info.inverse }
        };
        Ok(Self { around, inverse: kb.predicates()?.iter().enumerate().map(own).collect() })
    }

    fn holds(&self, fact: Fact) -> bool {
        self.around.get(&fact.subject).is_some_and(|set| set.contains(&(fact.predicate, true, fact.object)))
    }

    /// Whether the fact follows from a fact of the inverse relation.
    fn holds_inversely(&self, fact: Fact) -> bool {
        let inverse = self.inverse.get(fact.predicate.0 as usize).copied().flatten();
        let around = self.around.get(&fact.subject);
        inverse.zip(around).is_some_and(|(inverse, set)| set.contains(&(inverse, false, fact.object)))
    }

    /// Adds all entities that share with `entity` a relation to `other`.
    fn alike(&self, other: EntityId, entity: EntityId, found: &mut BTreeSet<EntityId>) {
        let Some(set) = self.around.get(&other) else { return };
        let shared: BTreeSet<(PredicateId, bool)> = set
            .iter()
            .filter(|(_, _, end)| *end == entity)
            .map(|&(predicate, forward, _)| (predicate, forward))
            .collect();
        for (predicate, forward) in shared {
            let range = (predicate, forward, EntityId(0))..=(predicate, forward, EntityId(u32::MAX));
            found.extend(set.range(range).map(|&(_, _, end)| end));
        }
    }
}

/// The names of one item's wrong candidates.
struct Distractors<'a> {
    own: &'a str,
    names: Vec<&'a str>,
    wanted: usize,
    rng: jove_core::Rng,
}

impl<'a> Distractors<'a> {
    fn new(text: &'a str, gap: ByteSpan, options: &ClozeOptions, stream: u64, index: usize) -> Self {
        let rng = options.seed.rng(Purpose::Probe, stream, index as u64);
        let wanted = options.candidates.saturating_sub(1);
        Self { own: gap.slice(text).unwrap_or_default(), names: Vec::new(), wanted, rng }
    }

    /// Samples a pool until there are as many names as wanted.
    fn sample(&mut self, pool: &[EntityId], names: &'a Names, lang: Lang, wrong: &impl Fn(EntityId) -> bool) {
        let sampled = pool.len().min(SAMPLED_PER_CANDIDATE * (self.wanted + 1));
        if self.names.len() >= self.wanted {
            return;
        }
        for place in rand::seq::index::sample(&mut self.rng, pool.len(), sampled) {
            let entity = pool[place];
            let Some(name) = names.name(lang, entity).filter(|_| wrong(entity)) else { continue };
            if name != self.own && !self.names.contains(&name) {
                self.names.push(name);
            }
            if self.names.len() >= self.wanted {
                return;
            }
        }
    }
}

/// One item; `None` where fewer than two candidates have tokens of their own or the answer can be copied.
fn item(
    text: &str,
    lang: Lang,
    gap: ByteSpan,
    names: &[&str],
    relation: Option<PredicateId>,
    tokenizer: &Tokenizer,
) -> Result<Option<ClozeItem>, Error> {
    let Some(own) = gap.slice(text).filter(|own| !own.is_empty()) else { return Ok(None) };
    let (before, after) = (&text[..gap.range().start], &text[gap.range().end..]);
    if before.contains(own) || after.contains(own) {
        return Ok(None);
    }
    let Some((tokens, gap)) = in_place(before, own, after, lang, tokenizer)? else { return Ok(None) };
    let mut candidates = vec![tokens.tokens[gap.range()].to_vec()];
    for name in names {
        if let Some((tokens, span)) = in_place(before, name, after, lang, tokenizer)? {
            candidates.push(tokens.tokens[span.range()].to_vec());
        }
    }
    drop_copies_of_the_first(&mut candidates);
    Ok((candidates.len() > 1).then_some(ClozeItem { tokens: tokens.tokens, gap, candidates, answer: 0, relation }))
}

/// A wrong candidate with the tokens of the answer could not be ranked apart from it.
fn drop_copies_of_the_first(candidates: &mut Vec<Vec<TokenId>>) {
    let answer = candidates[0].clone();
    let mut index = 0;
    candidates.retain(|tokens| {
        index += 1;
        index == 1 || *tokens != answer
    });
}

/// The tokens of `before + name + after` and the span of the name; `None` where the name has no token.
fn in_place(
    before: &str,
    name: &str,
    after: &str,
    lang: Lang,
    tokenizer: &Tokenizer,
) -> Result<Option<(TokenizedText, TokenSpan)>, Error> {
    let span = ByteSpan::new(before.len() as u32, (before.len() + name.len()) as u32);
    let mentions = vec![Mention { span, entity: EntityId(0), score: 1.0 }];
    let text = AnnotatedText { text: format!("{before}{name}{after}"), lang, words: Vec::new(), mentions };
    let tokens = tokenizer.encode(&text)?;
    let found = tokens.mentions.first().map(|&(span, _)| span).filter(|span| !span.is_empty());
    Ok(found.map(|span| (tokens, span)))
}
