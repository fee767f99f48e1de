//! Questions of mention retrieval: mentions that don't spell the description they are looking for.

use std::collections::{BTreeMap, BTreeSet};

use jove_core::{ByteSpan, EntityId, Lang, Purpose, Seed};
use jove_corpus::Tokenizer;
use jove_kb::{Kb, Sentence};
use rand::seq::SliceRandom as _;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::mention::{MentionItem, mention_item};
use crate::names::{AllNames, has_name};
use crate::truths::Truths;

/// The random stream of [`Purpose::Probe`] that this module uses.
const MENTION_ORDER: u64 = 2;

/// A description of an entity in one language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Description {
    /// The entity.
    pub entity: EntityId,
    /// The language of the text.
    pub lang: Lang,
    /// The text; it begins with the entity's name.
    pub text: String,
}

/// A mention and which descriptions are compared to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MentionQuestion {
    /// The sentence.
    pub text: String,
    /// Its language.
    pub lang: Lang,
    /// The mention.
    pub span: ByteSpan,
    /// Its entity.
    pub entity: EntityId,
    /// Whether the model sees a mask token in place of the mention.
    pub hidden: bool,
    /// A language whose descriptions are not compared.
    pub skipped: Option<Lang>,
    /// Entities that are not compared: the sentence would be as true of them.
    pub excluded: BTreeSet<EntityId>,
    /// The only entities that are compared, those of one name; all where it is `None`.
    pub among: Option<BTreeSet<EntityId>>,
    /// The entities that the rest of the sentence names.
    pub others: Vec<EntityId>,
}

impl MentionQuestion {
    /// Whether an entity's description in a language is compared.
    pub fn compares(&self, entity: EntityId, lang: Lang) -> bool {
        self.skipped != Some(lang)
            && !self.excluded.contains(&entity)
            && self.among.as_ref().is_none_or(|among| among.contains(&entity))
    }

    /// What a model sees, in words.
    pub fn shown(&self) -> String {
        let (before, after) = (&self.text[..self.span.range().start], &self.text[self.span.range().end..]);
        if self.hidden { format!("{before}{after}") } else { self.text.clone() }
    }

    /// The name of the mention, where a model sees it.
    pub fn name(&self) -> Option<&str> {
        self.span.slice(&self.text).filter(|_| !self.hidden)
    }

    /// The question in tokens. A mention without a token is hidden.
    ///
    /// # Errors
    /// Where the text cannot be tokenized.
    pub fn item(&self, tokenizer: &Tokenizer) -> Result<MentionItem, Error> {
        mention_item(&self.text, self.lang, self.span, self.entity, tokenizer)
    }
}

/// Questions about the mentions of held-out facts' sentences.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MentionQuestions {
    /// The mention is hidden: only the rest of the sentence tells the entity.
    pub hidden: Vec<MentionQuestion>,
    /// The mention is a name that no compared description of its entity holds: one of another language than they are in, or
    /// an alias.
    pub other_name: Vec<MentionQuestion>,
    /// The mention's name is that of several entities, and only these are compared.
    pub ambiguous: Vec<MentionQuestion>,
}

/// Makes the questions; of each kind at most `items_max` of all that there are, drawn by `seed`.
///
/// # Errors
/// Where the knowledge base cannot be read.
pub fn mention_questions(
    kb: &Kb,
    sentences: &[Sentence],
    descriptions: &[Description],
    items_max: usize,
    seed: Seed,
) -> Result<MentionQuestions, Error> {
    let maker = Maker::new(kb, sentences, descriptions)?;
    let mut places: Vec<(&Sentence, bool)> =
        sentences.iter().flat_map(|sentence| [(sentence, false), (sentence, true)]).collect();
    places.shuffle(&mut seed.rng(Purpose::Probe, MENTION_ORDER, 0));
    let mut questions = MentionQuestions::default();
    for (sentence, is_object) in places {
        let place = Place::new(sentence, is_object);
        if questions.hidden.len() < items_max {
            questions.hidden.extend(maker.hidden(&place));
        }
        if maker.namesakes(&place).len() > 1 {
            if questions.ambiguous.len() < items_max {
                questions.ambiguous.extend(maker.ambiguous(&place));
            }
        } else if questions.other_name.len() < items_max {
            questions.other_name.extend(maker.other_name(&place));
        }
    }
    Ok(questions)
}

/// One end of a fact in its sentence.
struct Place<'a> {
    sentence: &'a Sentence,
    span: ByteSpan,
    entity: EntityId,
    /// The other end.
    other: EntityId,
    is_object: bool,
}

impl<'a> Place<'a> {
    fn new(sentence: &'a Sentence, is_object: bool) -> Self {
        let fact = sentence.fact;
        if is_object {
            Self { sentence, span: sentence.object, entity: fact.object, other: fact.subject, is_object }
        } else {
            Self { sentence, span: sentence.subject, entity: fact.subject, other: fact.object, is_object }
        }
    }

    fn name(&self) -> &'a str {
        self.span.slice(&self.sentence.text).unwrap_or_default()
    }

    fn question(&self) -> MentionQuestion {
        MentionQuestion {
            text: self.sentence.text.clone(),
            lang: self.sentence.lang,
            span: self.span,
            entity: self.entity,
            hidden: false,
            skipped: None,
            excluded: BTreeSet::new(),
            among: None,
            others: vec![self.other],
        }
    }
}

struct Maker {
    truths: Truths,
    names: AllNames,
    /// Of each entity, in lower case.
    descriptions: BTreeMap<EntityId, Vec<(Lang, String)>>,
    /// Aliases of the ends, by language.
    aliases: BTreeMap<(EntityId, Lang), Vec<String>>,
    /// By name in lower case, the entities with a description that have it.
    namesakes: BTreeMap<String, BTreeSet<EntityId>>,
}

impl Maker {
    fn new(kb: &Kb, sentences: &[Sentence], all: &[Description]) -> Result<Self, Error> {
        let ends: BTreeSet<EntityId> = sentences.iter().flat_map(|s| [s.fact.subject, s.fact.object]).collect();
        let mut descriptions: BTreeMap<EntityId, Vec<(Lang, String)>> = BTreeMap::new();
        for description in all {
            let lower = description.text.to_lowercase();
            descriptions.entry(description.entity).or_default().push((description.lang, lower));
        }
        let spelt =
            |s: &Sentence| [s.subject, s.object].map(|span| span.slice(&s.text).unwrap_or_default().to_lowercase());
        let mut namesakes: BTreeMap<String, BTreeSet<EntityId>> =
            sentences.iter().flat_map(spelt).map(|name| (name, BTreeSet::new())).collect();
        let mut aliases: BTreeMap<(EntityId, Lang), Vec<String>> = BTreeMap::new();
        kb.visit_aliases(|record| {
            if descriptions.contains_key(&record.entity)
                && let Some(entities) = namesakes.get_mut(&record.alias.to_lowercase())
            {
                entities.insert(record.entity);
            }
            if let Some(lang) = record.lang.filter(|_| ends.contains(&record.entity)) {
                aliases.entry((record.entity, lang)).or_default().push(record.alias);
            }
        })?;
        let (truths, names) = (Truths::new(kb, &ends)?, AllNames::new(kb, &ends)?);
        Ok(Self { truths, names, descriptions, aliases, namesakes })
    }

    fn namesakes(&self, place: &Place<'_>) -> &BTreeSet<EntityId> {
        static NONE: BTreeSet<EntityId> = BTreeSet::new();
        self.namesakes.get(&place.name().to_lowercase()).unwrap_or(&NONE)
    }

    fn described(&self, entity: EntityId) -> &[(Lang, String)] {
        self.descriptions.get(&entity).map_or(&[], Vec::as_slice)
    }

    fn hidden(&self, place: &Place<'_>) -> Option<MentionQuestion> {
        let text = &place.sentence.text;
        let hides =
            !self.described(place.entity).is_empty() && !self.names.stands_elsewhere(text, place.span, place.entity);
        let mut excluded = self.truths.ends(place.other, place.sentence.fact.predicate, place.is_object);
        excluded.insert(place.other);
        excluded.remove(&place.entity);
        let asked = self.descriptions.keys().filter(|entity| !excluded.contains(entity)).nth(1).is_some();
        (hides && asked).then(|| MentionQuestion { hidden: true, excluded, ..place.question() })
    }

    fn other_name(&self, place: &Place<'_>) -> Option<MentionQuestion> {
        let (lang, own) = (place.sentence.lang, place.name().to_lowercase());
        let described = self.described(place.entity);
        let holds = |name: &str, skipped: Option<Lang>| {
            described.iter().filter(|(lang, _)| Some(*lang) != skipped).any(|(_, text)| has_name(text, name))
        };
        let elsewhere = described.iter().any(|(other, _)| *other != lang);
        let excluded = BTreeSet::from([place.other]);
        if elsewhere && !own.is_empty() && !holds(&own, Some(lang)) {
            return Some(MentionQuestion { skipped: Some(lang), excluded, ..place.question() });
        }
        let aliases = self.aliases.get(&(place.entity, lang)).filter(|_| !described.is_empty())?;
        let usable = |alias: &&String| {
            let lower = alias.to_lowercase();
            alias.contains(char::is_alphanumeric) && lower != own && !holds(&lower, None)
        };
        let alias = aliases.iter().find(usable)?;
        let question = place.question();
        let (start, end) = (question.span.range().start, question.span.range().end);
        let text = format!("{}{alias}{}", &question.text[..start], &question.text[end..]);
        let span = ByteSpan::new(start as u32, (start + alias.len()) as u32);
        Some(MentionQuestion { text, span, excluded, ..question })
    }

    fn ambiguous(&self, place: &Place<'_>) -> Option<MentionQuestion> {
        let namesakes = self.namesakes(place);
        let asked = namesakes.contains(&place.entity).then(|| namesakes.clone())?;
        let excluded = BTreeSet::from([place.other]);
        let left = asked.difference(&excluded).count();
        (left > 1).then(|| MentionQuestion { among: Some(asked), excluded, ..place.question() })
    }
}
