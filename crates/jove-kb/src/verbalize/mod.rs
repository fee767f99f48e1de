//! Sentences from facts.

mod families;
mod patterns;
mod sentence;
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
    options.validate()?;
    let facts = kb.facts()?;
    let families = Families::new(kb.predicates()?, &facts, patterns);
    let writers = writers(kb, patterns, options)?;
    let mut groups = BTreeMap::new();
    let skipped = options.langs.iter().map(|lang| Skipped::new(*lang)).collect();
    let mut out = Verbalized { skipped, ..Verbalized::default() };
    for (number, fact) in facts.iter().enumerate() {
        let written: Vec<_> = writers.iter().map(|writer| (writer, writer.write(*fact))).collect();
        for ((_, found), skipped) in written.iter().zip(&mut out.skipped) {
            skipped.count(found.as_ref().err());
        }
        let written: Vec<_> = written.into_iter().map(|(writer, found)| (writer, found.ok())).collect();
        if written.iter().all(|(_, found)| found.is_none()) {
            continue;
        }
        let next = groups.len() as u64;
        let group = families.group(*fact);
        let number_of_group = *groups.entry(group).or_insert(next);
        let side = if families.may_hold_out(group) && held_out(options, number_of_group) {
            &mut out.held_out
        } else {
            &mut out.train
        };
        for (index, (writer, found)) in written.into_iter().enumerate() {
            let Some((forms, names)) = found else { continue };
            let mut rng = options.seed.rng(Purpose::Verbalize, index as u64, number as u64);
            for pattern in choose(forms, options.per_fact, &mut rng) {
                side.push(pattern.write(*fact, writer.lang, names));
            }
        }
    }
    Ok(out)
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
