//! What the inflected forms of names have in common, as further patterns of the search engine.

use crate::inflection::{Inflection, RuleId};
use crate::table::AliasTable;

/// The longest name that is inflected, in characters.
const CHARS_MAX: usize = 40;

/// An alias and a rule by which its forms begin with a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Stem {
    pub(crate) alias: u32,
    pub(crate) rule: RuleId,
}

/// By pattern, the aliases whose forms begin with it. Aliases are the first patterns; those that are no alias follow.
#[derive(Debug, Default)]
pub(crate) struct Stems {
    /// Where each pattern's stems begin; empty where there are none at all.
    starts: Vec<u32>,
    stems: Vec<Stem>,
}

impl Stems {
    /// The stems of all aliases, whose normal forms are `patterns`; those that are no alias are added to the patterns.
    pub(crate) fn new(table: &AliasTable, patterns: &mut Vec<Box<str>>, inflection: &Inflection) -> Self {
        let mut found: Vec<(String, Stem)> = Vec::new();
        for (alias, name) in (0..).zip(patterns.iter()) {
            if name.chars().nth(CHARS_MAX).is_none() {
                for lang in table.languages(alias) {
                    let stems = inflection.stems(lang, name).chain(inflection.first_word_stems(lang, name));
                    found.extend(stems.map(|(rule, stem)| (stem, Stem { alias, rule })));
                }
            }
        }
        found.sort_unstable();
        found.dedup();
        let aliases = patterns.len();
        let mut numbered: Vec<(u32, Stem)> = Vec::with_capacity(found.len());
        for (stem, entry) in found {
            let alias = patterns[..aliases].binary_search_by(|name| (**name).cmp(stem.as_str()));
            let number = alias.unwrap_or_else(|_| {
                if patterns.len() == aliases || patterns.last().is_none_or(|last| **last != *stem) {
                    patterns.push(stem.into_boxed_str());
                }
                patterns.len() - 1
            });
            numbered.push((number as u32, entry));
        }
        Self::pack(numbered, patterns.len())
    }

    fn pack(mut numbered: Vec<(u32, Stem)>, patterns: usize) -> Self {
        if numbered.is_empty() {
            return Self::default();
        }
        numbered.sort_unstable();
        let mut starts = Vec::with_capacity(patterns + 1);
        for (place, (number, _)) in numbered.iter().enumerate() {
            while starts.len() <= *number as usize {
                starts.push(place as u32);
            }
        }
        starts.resize(patterns + 1, numbered.len() as u32);
        Self { starts, stems: numbered.into_iter().map(|(_, stem)| stem).collect() }
    }

    /// The stems that a pattern is.
    pub(crate) fn of(&self, pattern: u32) -> &[Stem] {
        let pattern = pattern as usize;
        match (self.starts.get(pattern), self.starts.get(pattern + 1)) {
            (Some(start), Some(end)) => &self.stems[*start as usize..*end as usize],
            _ => &[],
        }
    }

    /// Whether a pattern is a stem.
    pub(crate) fn has(&self, pattern: u32) -> bool {
        !self.of(pattern).is_empty()
    }

    /// Bytes on the heap.
    pub(crate) fn memory(&self) -> usize {
        self.starts.capacity() * size_of::<u32>() + self.stems.capacity() * size_of::<Stem>()
    }
}

#[cfg(test)]
mod tests {
    use jove_core::{AliasRecord, EntityId, Lang};

    use super::*;
    use crate::options::EntityLinkingOptions;

    #[test]
    fn stems_lead_to_their_names() {
        let record = |alias: &str, entity, lang: &str| AliasRecord {
            alias: alias.to_owned(),
            entity: EntityId(entity),
            lang: Lang::new(lang).ok(),
            prior: 1.0,
            popularity: 0.0,
        };
        let records =
            [record("Верона", 0, "ru"), record("верон", 1, "ru"), record("Lake", 2, "en"), record("😀", 3, "ru")];
        let options = EntityLinkingOptions { chars_min: 1, ..EntityLinkingOptions::default() };
        let (table, mut patterns) = AliasTable::build(records, &options);
        let aliases = patterns.len();
        let stems = Stems::new(&table, &mut patterns, &Inflection::new(options.normalization));
        let number = |pattern: &str| patterns.iter().position(|other| **other == *pattern).unwrap() as u32;
        assert_eq!(patterns.len(), aliases, "the stem of one name is another name");
        assert_eq!(stems.of(number("верон")).iter().map(|stem| stem.alias).collect::<Vec<_>>(), [number("верона")]);
        for other in ["верона", "lake", "😀"] {
            assert!(!stems.has(number(other)), "{other}");
        }
        assert!(!stems.has(900) && !Stems::default().has(0) && stems.memory() > 0);
    }
}
