//! Removes from descriptions what would reveal a held-out fact.

use std::collections::{BTreeMap, BTreeSet};

use jove_core::EntityId;
use jove_kb::Kb;

use crate::error::Result;
use crate::held_out::facts::{Ends, HeldOutFacts, reveals};

/// What ends a clause.
const ENDS: &[char] = &['，', '。', '；', '！', '？', '、', ',', '.', ';', '!', '?', '\n'];

/// Punctuation that is trimmed where the last clause was removed.
const DANGLING: &[char] = &['，', '；', '、', ',', ';', ' '];

/// Finds the names of the ends of held-out facts in descriptions.
pub(crate) struct DescriptionFilter<'a> {
    /// By the first character: lower-case names, and the entities that have them.
    by_first: BTreeMap<char, Vec<(String, EntityId)>>,
    facts: &'a HeldOutFacts,
}

impl<'a> DescriptionFilter<'a> {
    /// Reads the names, in every language, of all ends of held-out facts.
    ///
    /// # Errors
    /// When the knowledge base cannot be read.
    pub(crate) fn new(kb: &Kb, facts: &'a HeldOutFacts) -> Result<Self> {
        let mut names = Vec::new();
        for entity in facts.ends() {
            names.extend(kb.names(entity)?.into_iter().map(|(_, name, _)| (name, entity)));
        }
        Ok(Self::of(names, facts))
    }

    fn of(names: Vec<(String, EntityId)>, facts: &'a HeldOutFacts) -> Self {
        let mut by_first: BTreeMap<char, Vec<(String, EntityId)>> = BTreeMap::new();
        for (name, entity) in names {
            let name = name.trim().to_lowercase();
            if let Some(first) = name.chars().next() {
                by_first.entry(first).or_default().push((name, entity));
            }
        }
        Self { by_first, facts }
    }

    /// The description of an entity without the clauses that, with the entity and the clauses before, name both ends of a
    /// held-out fact.
    pub(crate) fn filter(&self, entity: EntityId, text: &str) -> String {
        let mut named = BTreeSet::from([entity]);
        let mut kept = String::new();
        for clause in text.split_inclusive(ENDS) {
            let mut with = named.clone();
            with.extend(self.named(clause));
            if reveals(&with, self.facts).is_none() {
                named = with;
                kept.push_str(clause);
            }
        }
        if kept.len() < text.len() {
            kept.truncate(kept.trim_end_matches(DANGLING).len());
        }
        kept
    }

    /// The held-out fact that a description of an entity reveals.
    pub(crate) fn revealed(&self, entity: EntityId, text: &str) -> Option<Ends> {
        let mut named = self.named(text);
        named.insert(entity);
        reveals(&named, self.facts)
    }

    /// The entities with a name in a text, also inside a longer name; in scripts with spaces between words a name is whole
    /// words. Case is ignored.
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

/// Whether two neighbouring characters belong to one word.
fn inside_word(left: Option<char>, right: Option<char>) -> bool {
    left.is_some_and(spaced) && right.is_some_and(spaced)
}

/// Whether a letter belongs to a script with spaces between words: those before Thai in Unicode's order, which is close
/// enough to find whole names.
fn spaced(letter: char) -> bool {
    letter.is_alphanumeric() && (letter as u32) < 0x0e00
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NAMES: [(&str, u32); 8] = [
        ("法国", 1),
        ("France", 1),
        ("巴黎", 2),
        ("Paris", 2),
        ("尼日尔", 3),
        ("Niger", 3),
        ("فرنسا", 1),
        ("باريس", 2),
    ];

    fn held_out() -> HeldOutFacts {
        [(EntityId(1), EntityId(2))].into_iter().collect()
    }

    fn filter(facts: &HeldOutFacts) -> DescriptionFilter<'_> {
        let names = NAMES.map(|(name, entity)| (name.to_owned(), EntityId(entity)));
        DescriptionFilter::of(names.to_vec(), facts)
    }

    fn check(entity: u32, text: &str, expected: &str) {
        let facts = held_out();
        let filter = filter(&facts);
        let kept = filter.filter(EntityId(entity), text);
        assert_eq!(kept, expected);
        assert_eq!(filter.revealed(EntityId(entity), &kept), None);
    }

    #[test]
    fn clauses_that_reveal_a_held_out_fact_are_removed() {
        check(1, "欧洲国家，首都巴黎，人口众多。", "欧洲国家，人口众多。");
        check(2, "欧洲城市，法国首都", "欧洲城市");
        check(2, "a city, capital of france; on the Seine", "a city, on the Seine");
        check(9, "法国的河流，流经巴黎。", "法国的河流");
        check(9, "A painter of Paris who never saw France.", "");
        check(9, "法国的河流。", "法国的河流。");
        check(1, "Parisian by nobody's law", "Parisian by nobody's law");
        check(1, "", "");
        check(2, "مدينة كبيرة. عاصمة فرنسا", "مدينة كبيرة.");
        check(1, "🗼 near Paris, 🥐 for all", " 🥐 for all");
    }

    #[test]
    fn names_are_whole_words_where_words_have_spaces_and_parts_elsewhere() {
        let facts = held_out();
        let filter = filter(&facts);
        for (text, expected) in [
            ("Paris", &[2][..]),
            ("PARIS!", &[2]),
            ("comparison of Parisians", &[]),
            ("大巴黎地区", &[2]),
            ("Paris1", &[]),
            ("(Paris)和法国", &[1, 2]),
            ("", &[]),
        ] {
            let expected: BTreeSet<EntityId> = expected.iter().copied().map(EntityId).collect();
            assert_eq!(filter.named(text), expected, "{text:?}");
        }
    }

    proptest! {
        /// Whatever a description says, what is kept of it reveals nothing, is made of its clauses, and is kept as it is.
        #[test]
        fn what_is_kept_reveals_nothing(
            entity in 1u32..5,
            parts in prop::collection::vec(
                prop::sample::select(vec!["法国", "Paris", "巴黎", "，", ". ", "France", "河", "🥐", "e\u{301}", " "]),
                0..14,
            ),
        ) {
            let facts = held_out();
            let filter = filter(&facts);
            let text = parts.concat();
            let kept = filter.filter(EntityId(entity), &text);
            prop_assert_eq!(filter.revealed(EntityId(entity), &kept), None);
            prop_assert!(kept.len() <= text.len());
            prop_assert_eq!(filter.filter(EntityId(entity), &kept), kept.clone());
            if filter.revealed(EntityId(entity), &text).is_none() {
                prop_assert_eq!(kept, text);
            }
        }
    }
}
