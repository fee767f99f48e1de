//! Takes out of descriptions what would tell a held-out fact.

use std::collections::{BTreeMap, BTreeSet};

use jove_core::EntityId;
use jove_kb::Kb;

use crate::Result;
use crate::stage::annotate::HeldOutFacts;

/// What ends a clause.
const ENDS: &[char] = &['，', '。', '；', '！', '？', '、', ',', '.', ';', '!', '?', '\n'];

/// What is left hanging where the last clause went.
const HANGING: &[char] = &['，', '；', '、', ',', ';', ' '];

/// Knows the names of all ends of held-out facts.
pub(crate) struct DescriptionFilter<'a> {
    /// By the first letter: names in small letters, and who goes by them.
    by_first: BTreeMap<char, Vec<(String, EntityId)>>,
    secrets: &'a HeldOutFacts,
}

impl<'a> DescriptionFilter<'a> {
    /// Reads the names, in every language, of all ends of held-out facts.
    pub(crate) fn new(kb: &Kb, secrets: &'a HeldOutFacts) -> Result<Self> {
        let ends: BTreeSet<EntityId> =
            secrets.iter().flat_map(|(&subject, objects)| objects.iter().copied().chain([subject])).collect();
        let mut names = Vec::new();
        for entity in ends {
            names.extend(kb.names(entity)?.into_iter().map(|(_, name, _)| (name, entity)));
        }
        Ok(Self::of(names, secrets))
    }

    fn of(names: Vec<(String, EntityId)>, secrets: &'a HeldOutFacts) -> Self {
        let mut by_first: BTreeMap<char, Vec<(String, EntityId)>> = BTreeMap::new();
        for (name, entity) in names {
            let name = name.trim().to_lowercase();
            if let Some(first) = name.chars().next() {
                by_first.entry(first).or_default().push((name, entity));
            }
        }
        Self { by_first, secrets }
    }

    /// A description of an entity, less the clauses that, with the entity and the clauses before, name both ends of a
    /// held-out fact.
    pub(crate) fn cut(&self, entity: EntityId, text: &str) -> String {
        let mut told = BTreeSet::from([entity]);
        let mut kept = String::new();
        for clause in text.split_inclusive(ENDS) {
            let mut with = told.clone();
            with.extend(self.named(clause));
            if self.give_away(&with).is_none() {
                told = with;
                kept.push_str(clause);
            }
        }
        if kept.len() < text.len() {
            kept.truncate(kept.trim_end_matches(HANGING).len());
        }
        kept
    }

    /// The two ends of a held-out fact that a description of an entity tells.
    pub(crate) fn told(&self, entity: EntityId, text: &str) -> Option<(EntityId, EntityId)> {
        let mut named = self.named(text);
        named.insert(entity);
        self.give_away(&named)
    }

    /// The first held-out fact of which both ends are among some entities.
    fn give_away(&self, entities: &BTreeSet<EntityId>) -> Option<(EntityId, EntityId)> {
        let objects = entities.iter().filter_map(|entity| Some((entity, self.secrets.get(entity)?)));
        let mut told = objects.flat_map(|(&entity, objects)| objects.iter().map(move |&object| (entity, object)));
        told.find(|(_, object)| entities.contains(object))
    }

    /// Whoever has a name in a text, also inside a longer name; in scripts that put spaces between words a name is whole
    /// words. Case does not count.
    fn named(&self, text: &str) -> BTreeSet<EntityId> {
        let text = text.to_lowercase();
        let mut named = BTreeSet::new();
        let mut before = None;
        for (place, letter) in text.char_indices() {
            let starts = |(name, _): &&(String, EntityId)| {
                text[place..].strip_prefix(name.as_str()).is_some_and(|rest| {
                    !inside_word(before, Some(letter)) && !inside_word(name.chars().next_back(), rest.chars().next())
                })
            };
            named.extend(self.by_first.get(&letter).into_iter().flatten().filter(starts).map(|(_, entity)| *entity));
            before = Some(letter);
        }
        named
    }
}

/// Whether two neighbours are letters of one word.
fn inside_word(left: Option<char>, right: Option<char>) -> bool {
    left.is_some_and(spaced) && right.is_some_and(spaced)
}

/// Whether a letter belongs to a script that puts spaces between words, for all that matters here.
fn spaced(letter: char) -> bool {
    letter.is_alphanumeric() && (letter as u32) < 0x0e00
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(entity: u32, text: &str, expected: &str) {
        let secrets = HeldOutFacts::from([(EntityId(1), BTreeSet::from([EntityId(2)]))]);
        let names = [("法国", 1), ("France", 1), ("巴黎", 2), ("Paris", 2), ("尼日尔", 3), ("Niger", 3)];
        let names = names.map(|(name, entity)| (name.to_owned(), EntityId(entity))).to_vec();
        let censor = DescriptionFilter::of(names, &secrets);
        let cut = censor.cut(EntityId(entity), text);
        assert_eq!(cut, expected);
        assert_eq!(censor.told(EntityId(entity), &cut), None);
    }

    #[test]
    fn clauses_that_tell_a_held_out_fact_are_cut() {
        check(1, "欧洲国家，首都巴黎，人口众多。", "欧洲国家，人口众多。");
        check(2, "欧洲城市，法国首都", "欧洲城市");
        check(2, "a city, capital of france; on the Seine", "a city, on the Seine");
        check(9, "法国的河流，流经巴黎。", "法国的河流");
        check(9, "A painter of Paris who never saw France.", "");
        check(9, "法国的河流。", "法国的河流。");
        check(1, "Parisian by nobody's law", "Parisian by nobody's law");
        check(1, "", "");
    }
}
