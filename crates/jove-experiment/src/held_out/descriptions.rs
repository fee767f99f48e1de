//! Removes from descriptions what would reveal a held-out fact.

use std::collections::BTreeSet;

use aho_corasick::AhoCorasick;
use jove_core::EntityId;
use jove_core::script::{ends_clause, is_comma, is_space_pausing};
use jove_kb::Kb;

use crate::error::Result;
use crate::held_out::facts::{HeldOutFacts, reveals};
use crate::held_out::letters::Letters;

/// Finds the names of the ends of held-out facts in descriptions.
pub(crate) struct DescriptionFilter<'a> {
    /// Finds the letters of each of `names`.
    search: AhoCorasick,
    names: Vec<(Letters, EntityId)>,
    /// Names without a letter or digit.
    symbols: Vec<(String, EntityId)>,
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
        let (mut spelled, mut symbols) = (Vec::new(), Vec::new());
        for (name, entity) in names {
            let letters = Letters::of_words(&name);
            match (letters.as_str().is_empty(), name.trim()) {
                (false, _) => spelled.push((letters, entity)),
                (true, "") => {}
                (true, symbol) => symbols.push((symbol.to_owned(), entity)),
            }
        }
        let search = AhoCorasick::new(spelled.iter().map(|(letters, _)| letters.as_str()));
        let search = search.expect("names are short, and memory ends before their numbers do");
        Self { search, names: spelled, symbols, facts }
    }

    /// The description of an entity without the clauses that, with the entity and the clauses before, name both ends of a
    /// held-out fact.
    pub(crate) fn filter(&self, entity: EntityId, text: &str) -> String {
        let mut named = BTreeSet::from([entity]);
        let mut kept = String::new();
        let mut last = ' ';
        let ends = |character: char| {
            let before = std::mem::replace(&mut last, character);
            ends_clause(character) || (character.is_whitespace() && is_space_pausing(before))
        };
        for clause in text.split_inclusive(ends) {
            let mut with = named.clone();
            with.extend(self.named(clause));
            if reveals(&with, self.facts).is_none() {
                named = with;
                kept.push_str(clause);
            }
        }
        if kept.len() < text.len() {
            // Punctuation that dangles where the last clause was removed.
            kept.truncate(kept.trim_end_matches(|character| is_comma(character) || character == ' ').len());
        }
        kept
    }

    /// The held-out fact that a description of an entity reveals.
    #[cfg(test)]
    pub(crate) fn revealed(&self, entity: EntityId, text: &str) -> Option<crate::held_out::facts::Ends> {
        let mut named = self.named(text);
        named.insert(entity);
        reveals(&named, self.facts)
    }

    /// The entities with a name in a text, also inside a longer name; in scripts with spaces between words a name is whole
    /// words. Case and accents are ignored.
    fn named(&self, text: &str) -> BTreeSet<EntityId> {
        let letters = Letters::of_words(text);
        let found = self.search.find_overlapping_iter(letters.as_str());
        let spelled = found.filter_map(|found| {
            let (name, entity) = &self.names[found.pattern().as_usize()];
            letters.have_at(found.start(), name).then_some(*entity)
        });
        let symbols = self.symbols.iter().filter(|(symbol, _)| text.contains(symbol)).map(|(_, entity)| *entity);
        spelled.chain(symbols).collect()
    }
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
