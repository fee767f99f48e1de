//! Builds items of the knowledge probes from sentences and a base.

use std::collections::{BTreeMap, BTreeSet};

use jove_core::{AnnotatedText, ByteSpan, EntityId, Lang, Mention, Purpose, Seed, TokenSpan, TokenizedText};
use jove_corpus::Tokenizer;
use jove_kb::{Kb, PredicateId, Sentence};
use rand::seq::SliceRandom as _;

use crate::{ClozeItem, Error, MentionItem};

/// How many questions there are, and how hard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClozeOptions {
    /// The most items; of more sentences some are drawn.
    pub items_max: usize,
    /// The most candidates of an item, the right one included.
    pub candidates: usize,
    /// Where both are drawn from.
    pub seed: Seed,
}

impl Default for ClozeOptions {
    fn default() -> Self {
        Self { items_max: 500, candidates: 50, seed: Seed(0) }
    }
}

/// Entities of one type with their names in one language.
type Named = Vec<(EntityId, String)>;

/// Cloze items of sentences of held-out facts: the object is the gap; candidates are entities of its type with a name in
/// the sentence's language. Other true objects of the same subject and relation are no candidates, nor is the subject.
/// Candidates are cut into tokens in their place in the sentence, as they would stand there. Sentences with fewer than two
/// candidates are left out.
///
/// # Errors
/// Where the base cannot be read or a text cannot be cut into tokens.
pub fn cloze_items(
    kb: &Kb,
    sentences: &[Sentence],
    tokenizer: &Tokenizer,
    options: &ClozeOptions,
) -> Result<Vec<ClozeItem>, Error> {
    let types = kb.type_of_all()?;
    let type_of = |entity: EntityId| types.get(entity.0 as usize).copied().flatten();
    let mut objects: BTreeMap<(EntityId, PredicateId), BTreeSet<EntityId>> = BTreeMap::new();
    for fact in kb.facts()? {
        objects.entry((fact.subject, fact.predicate)).or_default().insert(fact.object);
    }
    let mut named: BTreeMap<(Lang, Option<u32>), Named> = BTreeMap::new();
    for lang in sentences.iter().map(|sentence| sentence.lang).collect::<BTreeSet<_>>() {
        for (entity, name) in kb.labels_in(lang)? {
            named.entry((lang, type_of(entity))).or_default().push((entity, name));
        }
    }
    let mut order: Vec<usize> = (0..sentences.len()).collect();
    order.shuffle(&mut options.seed.rng(Purpose::Probe, 0, 0));
    let mut items = Vec::new();
    for index in order {
        if items.len() == options.items_max {
            break;
        }
        let sentence = &sentences[index];
        let true_objects = objects.get(&(sentence.fact.subject, sentence.fact.predicate));
        let peers = named.get(&(sentence.lang, type_of(sentence.fact.object)));
        let wrong = |entity: EntityId| {
            entity != sentence.fact.subject && true_objects.is_none_or(|objects| !objects.contains(&entity))
        };
        let own = sentence.object.slice(&sentence.text).unwrap_or_default();
        let mut names: Vec<&str> = peers
            .into_iter()
            .flatten()
            .filter(|(entity, name)| wrong(*entity) && name != own)
            .map(|(_, name)| name.as_str())
            .collect();
        names.sort_unstable();
        names.dedup();
        names.shuffle(&mut options.seed.rng(Purpose::Probe, 1, index as u64));
        names.truncate(options.candidates.saturating_sub(1));
        items.extend(item(sentence, &names, tokenizer)?);
    }
    Ok(items)
}

/// One item, unless too little of it is left in tokens.
fn item(sentence: &Sentence, names: &[&str], tokenizer: &Tokenizer) -> Result<Option<ClozeItem>, Error> {
    let (before, after) =
        (&sentence.text[..sentence.object.range().start], &sentence.text[sentence.object.range().end..]);
    let Some(own) = sentence.object.slice(&sentence.text) else { return Ok(None) };
    let Some((tokens, gap)) = in_place(before, own, after, sentence.lang, tokenizer)? else { return Ok(None) };
    let mut candidates = vec![tokens.tokens[gap.range()].to_vec()];
    for name in names {
        if let Some((tokens, span)) = in_place(before, name, after, sentence.lang, tokenizer)? {
            candidates.push(tokens.tokens[span.range()].to_vec());
        }
    }
    // Names that the vocabulary cannot tell apart are no fair candidates.
    let answer = candidates[0].clone();
    let mut index = 0;
    candidates.retain(|tokens| {
        index += 1;
        index == 1 || *tokens != answer
    });
    Ok((candidates.len() > 1).then_some(ClozeItem { tokens: tokens.tokens, gap, candidates, answer: 0 }))
}

/// `before + name + after` in tokens, and where the name stands; `None` where it has no token.
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

/// One item for every linked mention of some texts, at most `items_max` of them, drawn by `seed`.
pub fn mention_items(texts: &[TokenizedText], items_max: usize, seed: Seed) -> Vec<MentionItem> {
    let places = texts.iter().enumerate().flat_map(|(index, text)| (0..text.mentions.len()).map(move |m| (index, m)));
    let mut places: Vec<(usize, usize)> = places.collect();
    places.shuffle(&mut seed.rng(Purpose::Probe, 2, 0));
    places.truncate(items_max);
    let item = |(index, mention): (usize, usize)| {
        let text: &TokenizedText = &texts[index];
        let (span, entity) = text.mentions[mention];
        MentionItem { tokens: text.tokens.clone(), span, entity }
    };
    places.into_iter().map(item).collect()
}
