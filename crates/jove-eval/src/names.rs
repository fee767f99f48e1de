//! Names of entities as items need them: by language, and whether a text holds one.

use std::collections::{BTreeMap, BTreeSet};

use jove_core::{ByteSpan, EntityId, Lang};
use jove_kb::Kb;

use crate::error::Error;

/// Labels by language, and entities by language and type.
pub(crate) struct Names {
    by_lang: BTreeMap<Lang, BTreeMap<EntityId, String>>,
    types: Vec<Option<u32>>,
    peers: BTreeMap<(Lang, Option<u32>), Vec<EntityId>>,
}

impl Names {
    pub(crate) fn new(kb: &Kb, langs: &BTreeSet<Lang>) -> Result<Self, Error> {
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
    pub(crate) fn peers(&self, lang: Lang, entity: EntityId) -> &[EntityId] {
        self.peers.get(&(lang, self.type_of(entity))).map_or(&[], Vec::as_slice)
    }

    /// A name with a letter or a digit: others may have no token.
    pub(crate) fn name(&self, lang: Lang, entity: EntityId) -> Option<&str> {
        let name = self.by_lang.get(&lang)?.get(&entity)?;
        name.contains(char::is_alphanumeric).then_some(name)
    }
}

/// All names of some entities, in any language, in lower case.
pub(crate) struct AllNames(BTreeMap<EntityId, Vec<String>>);

impl AllNames {
    pub(crate) fn new(kb: &Kb, entities: &BTreeSet<EntityId>) -> Result<Self, Error> {
        let mut names: BTreeMap<EntityId, Vec<String>> = BTreeMap::new();
        kb.visit_aliases(|record| {
            if entities.contains(&record.entity) {
                names.entry(record.entity).or_default().push(record.alias.to_lowercase());
            }
        })?;
        Ok(Self(names))
    }

    /// Whether a text without one of its spans still holds what the span says, or another name of the span's entity: an
    /// answer that could be copied.
    pub(crate) fn stands_elsewhere(&self, text: &str, span: ByteSpan, entity: EntityId) -> bool {
        let parts = [&text[..span.range().start], &text[span.range().end..]].map(str::to_lowercase);
        let own = span.slice(text).unwrap_or_default().to_lowercase();
        let holds = |name: &String| !name.is_empty() && parts.iter().any(|part| has_name(part, name));
        holds(&own) || self.0.get(&entity).is_some_and(|names| names.iter().any(holds))
    }
}

/// Whether a text holds a name; one of Latin or other spaced letters only as whole words, or `Oman` would be in `woman`.
pub(crate) fn has_name(text: &str, name: &str) -> bool {
    let spaced = jove_core::script::is_spaced;
    let inside = |before: Option<char>, first: Option<char>| match (before, first) {
        (Some(before), Some(first)) => spaced(before) && spaced(first),
        _ => false,
    };
    text.match_indices(name).any(|(start, found)| {
        let (before, after) = (text[..start].chars().next_back(), text[start + found.len()..].chars().next());
        !inside(before, name.chars().next()) && !inside(after, name.chars().next_back())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_spaced_scripts_are_found_as_words() {
        for (text, name, expected) in [
            ("a woman from oman", "oman", true),
            ("a woman", "oman", false),
            ("omani rial", "oman", false),
            ("中国人说", "中国", true),
            ("中国", "中国", true),
            ("", "中国", false),
            ("oman", "oman", true),
            ("in oman.", "oman", true),
            ("étude", "tude", false),
            ("мир!", "мир", true),
        ] {
            assert_eq!(has_name(text, name), expected, "{text} {name}");
        }
    }
}
