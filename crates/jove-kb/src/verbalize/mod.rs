//! Sentences from facts.

mod families;
mod patterns;
mod sentence;
mod shuffled;
mod skipped;

use std::borrow::Cow;
use std::collections::BTreeMap;

use jove_core::{EntityId, InvalidSetting, Lang, Purpose, Rng, Seed};
use rand::RngExt as _;
use rand::seq::SliceRandom as _;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::families::Families;
use self::patterns::Pattern;
pub use self::patterns::{Patterns, Relation};
use self::sentence::Named;
pub use self::sentence::Sentence;
use self::skipped::Reason;
pub use self::skipped::Skipped;
use crate::error::Result;
use crate::fact::{Fact, PredicateId};
use crate::intake::name_of;
use crate::kb::Kb;

/// How to make sentences.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct VerbalizeOptions {
    /// Languages to write in; a fact whose names are missing in one is left out there.
    pub langs: Vec<Lang>,
    /// Share of facts that are kept out of the training sentences, in [0, 1).
    pub held_out_fraction: f64,
    /// Sentences for each fact and language, each by another pattern where there are enough.
    pub per_fact: usize,
    /// Where every choice comes from.
    pub seed: Seed,
}

impl Default for VerbalizeOptions {
    fn default() -> Self {
        Self { langs: vec![Lang::ZH, Lang::EN], held_out_fraction: 0.1, per_fact: 3, seed: Seed(0) }
    }
}

impl VerbalizeOptions {
    /// Checks the options.
    ///
    /// # Errors
    /// The first field that makes no sense.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        InvalidSetting::check(!self.langs.is_empty(), "langs", "at least one language", "none")?;
        let part = self.held_out_fraction;
        InvalidSetting::check((0.0..1.0).contains(&part), "held-out-fraction", "a number from 0 to below 1", part)?;
        InvalidSetting::check(self.per_fact > 0, "per-fact", "an integer, 1 or more", self.per_fact)
    }
}

/// Sentences to train on and sentences to ask with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verbalized {
    /// Sentences of the facts that are not held out.
    pub train: Vec<Sentence>,
    /// Sentences of held-out facts. None of those facts, nor the same stated in the other direction, is in `train`, in any
    /// language.
    pub held_out: Vec<Sentence>,
    /// Facts that no sentence was written of, for each language.
    pub skipped: Vec<Skipped>,
}

/// Writes every fact that has a pattern and names as sentences, in the order of facts, then languages.
///
/// A fact is held out together with its inverse and symmetric twins: those that the knowledge base or the patterns declare, and
/// those that the facts themselves show.
///
/// # Errors
/// When an option is invalid or the knowledge base cannot be read.
pub fn verbalize(kb: &Kb, patterns: &Patterns, options: &VerbalizeOptions) -> Result<Verbalized> {
    let author = Author::new(kb, patterns, options)?;
    let mut out = Verbalized { skipped: author.skipped(), ..Verbalized::default() };
    for stated in author.stated() {
        let side = if stated.held_out { &mut out.held_out } else { &mut out.train };
        author.write(&stated, stated.fact, side);
    }
    Ok(out)
}

/// The sentences of [`Verbalized::train`] over a shuffled graph: of each fact by the same patterns, with the object of another
/// fact of the same relation. No sentence states a fact, and no two entities that one names are related by a fact of the
/// knowledge base, held out or not. A fact for which there is no such object has no sentence.
///
/// # Errors
/// When an option is invalid or the knowledge base cannot be read.
pub fn verbalize_shuffled(kb: &Kb, patterns: &Patterns, options: &VerbalizeOptions) -> Result<Vec<Sentence>> {
    let author = Author::new(kb, patterns, options)?;
    let stated: Vec<Stated> = author.stated().into_iter().filter(|stated| !stated.held_out).collect();
    let classed: Vec<(shuffled::Class, Fact)> =
        stated.iter().map(|stated| ((stated.fact.predicate.0, author.languages(stated.fact)), stated.fact)).collect();
    let fits = |(predicate, languages): &shuffled::Class, subject, object| {
        author.languages(Fact { subject, predicate: PredicateId(*predicate), object }) == *languages
    };
    let facts = shuffled::shuffled(&classed, &author.facts, options.seed, fits);
    let mut sentences = Vec::new();
    for (stated, fact) in stated.iter().zip(facts) {
        if let Some(fact) = fact {
            author.write(stated, fact, &mut sentences);
        }
    }
    Ok(sentences)
}

/// A fact that can be written in at least one language.
struct Stated {
    /// Its place among all facts.
    number: u64,
    fact: Fact,
    held_out: bool,
}

/// The facts, and what writing them needs.
struct Author<'a> {
    options: &'a VerbalizeOptions,
    facts: Vec<Fact>,
    families: Families,
    writers: Vec<Writer<'a>>,
}

impl<'a> Author<'a> {
    fn new(kb: &Kb, patterns: &'a Patterns, options: &'a VerbalizeOptions) -> Result<Self> {
        options.validate()?;
        let facts = kb.facts()?;
        let families = Families::new(kb.predicates()?, &facts, patterns);
        Ok(Self { options, families, writers: writers(kb, patterns, options)?, facts })
    }

    /// The facts that cannot be written, for each language.
    fn skipped(&self) -> Vec<Skipped> {
        let of = |writer: &Writer<'_>| {
            let mut skipped = Skipped::new(writer.lang);
            for fact in &self.facts {
                skipped.count(writer.write(*fact).as_ref().err());
            }
            skipped
        };
        self.writers.iter().map(of).collect()
    }

    /// The facts that can be written, in their order.
    fn stated(&self) -> Vec<Stated> {
        let mut groups = BTreeMap::new();
        let mut stated = Vec::new();
        for (number, fact) in (0..).zip(self.facts.iter().copied()) {
            if self.languages(fact).contains(&true) {
                let next = groups.len() as u64;
                let group = self.families.group(fact);
                let number_of_group = *groups.entry(group).or_insert(next);
                let held_out = self.families.may_hold_out(group) && held_out(self.options, number_of_group);
                stated.push(Stated { number, fact, held_out });
            }
        }
        stated
    }

    /// For each language, whether a fact can be written in it.
    fn languages(&self, fact: Fact) -> Vec<bool> {
        self.writers.iter().map(|writer| writer.write(fact).is_ok()).collect()
    }

    /// Adds the sentences that state `fact`, by the patterns that were drawn for `stated`.
    fn write(&self, stated: &Stated, fact: Fact, sentences: &mut Vec<Sentence>) {
        for (index, writer) in (0..).zip(&self.writers) {
            let Ok((forms, names)) = writer.write(fact) else { continue };
            let mut rng = self.options.seed.rng(Purpose::Verbalize, index, stated.number);
            for pattern in choose(forms, self.options.per_fact, &mut rng) {
                sentences.push(pattern.write(fact, writer.lang, names));
            }
        }
    }
}

/// Whether a group of facts that are equivalent is held out.
fn held_out(options: &VerbalizeOptions, group: u64) -> bool {
    options.seed.rng(Purpose::Split, 0, group).random::<f64>() < options.held_out_fraction
}

/// Different patterns in random order.
fn choose<'a>(forms: &'a [Pattern], count: usize, rng: &mut Rng) -> Vec<&'a Pattern> {
    let mut order: Vec<_> = forms.iter().collect();
    order.shuffle(rng);
    order.truncate(count);
    order
}

/// What writing in one language needs.
struct Writer<'a> {
    lang: Lang,
    names: BTreeMap<EntityId, String>,
    forms: BTreeMap<PredicateId, Vec<Pattern>>,
    patterns: &'a Patterns,
}

impl Writer<'_> {
    /// The patterns and names for a fact, when there are any. Nothing can be learned or probed where both names are
    /// the same, as with Singapore and its capital.
    fn write(&self, fact: Fact) -> Result<(&[Pattern], [Named<'_>; 2]), Reason> {
        let forms = self.forms.get(&fact.predicate).filter(|forms| !forms.is_empty()).ok_or(Reason::NoPattern)?;
        let named = |entity| {
            let name = self.names.get(&entity).ok_or(Reason::NoName)?;
            Ok((self.patterns.article(self.lang, name), name.as_str()))
        };
        let names = [named(fact.subject)?, named(fact.object)?];
        if names[0].1 == names[1].1 { Err(Reason::SameName) } else { Ok((forms.as_slice(), names)) }
    }
}

fn writers<'a>(kb: &Kb, patterns: &'a Patterns, options: &VerbalizeOptions) -> Result<Vec<Writer<'a>>> {
    let predicates = kb.predicates()?;
    let mut writers = Vec::new();
    for &lang in &options.langs {
        let mut forms = BTreeMap::new();
        for (index, info) in predicates.iter().enumerate() {
            let id = PredicateId(index as u32);
            let name = kb.predicate_name_in(id, lang)?.unwrap_or_else(|| relation_name(&info.key).into_owned());
            forms.insert(id, patterns.forms(&info.key, &name, lang));
        }
        writers.push(Writer { lang, names: kb.labels_in(lang)?, forms, patterns });
    }
    Ok(writers)
}

/// What a relation without a name is called: `_hypernym` is `hypernym`, and of an IRI or a path the last part counts.
fn relation_name(key: &str) -> Cow<'_, str> {
    let path = key.contains("://") || key.starts_with('/');
    let last = if path { key.rsplit(['/', '#']).find(|part| !part.is_empty()).unwrap_or(key) } else { key };
    name_of(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relations_without_a_name_are_called_by_their_key() {
        for (key, name) in [
            ("", ""),
            ("产地", "产地"),
            ("_hypernym", "hypernym"),
            ("located_in", "located in"),
            ("/location/country/capital", "capital"),
            ("http://ex.org/o#partOf", "partOf"),
            ("http://ex.org/", "ex.org"),
            ("a/b", "a/b"),
        ] {
            assert_eq!(relation_name(key), name);
        }
    }
}
