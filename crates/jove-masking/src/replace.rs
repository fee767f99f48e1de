//! Entity replacement: names of other entities of the same type.

use std::collections::HashMap;

use jove_core::{EntityId, Lang, TokenId};

/// A source of entity replacements.
pub trait Replacements {
    /// Names in a language, of exactly `tokens` tokens, of entities that share a type with `entity`; the entity's own
    /// names may be among them.
    fn candidates(&self, entity: EntityId, lang: Lang, tokens: usize) -> Names<'_>;
}

/// Tokenised names of one length, one after the other.
#[derive(Clone, Copy, Debug)]
pub struct Names<'a> {
    tokens: &'a [TokenId],
    length: usize,
}

impl<'a> Names<'a> {
    /// No names.
    pub const EMPTY: Self = Self { tokens: &[], length: 1 };

    /// How many names.
    pub const fn len(self) -> usize {
        self.tokens.len() / self.length
    }

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.tokens.is_empty()
    }

    /// The name with this index, below [`Names::len`].
    pub fn get(self, index: usize) -> &'a [TokenId] {
        &self.tokens[index * self.length..(index + 1) * self.length]
    }
}

/// Never replaces anything.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoReplacements;

impl Replacements for NoReplacements {
    fn candidates(&self, _entity: EntityId, _lang: Lang, _tokens: usize) -> Names<'_> {
        Names::EMPTY
    }
}

/// A tokenised name of an entity with a type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypedName {
    /// What it names.
    pub entity: EntityId,
    /// The number of the entity's type.
    pub kind: u32,
    /// The language it is a name in.
    pub lang: Lang,
    /// Its tokens, as they stand inside a text.
    pub tokens: Vec<TokenId>,
}

/// Replacements from a table of typed, tokenised names.
#[derive(Clone, Debug, Default)]
pub struct SameType {
    type_of: HashMap<EntityId, u32>,
    /// By type, language and length.
    names: HashMap<(u32, Lang, u32), Vec<TokenId>>,
}

impl SameType {
    /// Builds the table. Draws depend on the order of the names. The first type of an entity counts; names without tokens
    /// are left out.
    pub fn new(names: impl IntoIterator<Item = TypedName>) -> Self {
        let mut table = Self::default();
        for TypedName { entity, kind, lang, tokens } in names {
            let kind = *table.type_of.entry(entity).or_insert(kind);
            if !tokens.is_empty() {
                table.names.entry((kind, lang, tokens.len() as u32)).or_default().extend(tokens);
            }
        }
        table
    }

    /// Whether no name has another one of its type, language and length to replace it.
    pub fn is_empty(&self) -> bool {
        self.names.iter().all(|((_, _, length), tokens)| tokens.len() <= *length as usize)
    }
}

impl Replacements for SameType {
    fn candidates(&self, entity: EntityId, lang: Lang, tokens: usize) -> Names<'_> {
        let names = self.type_of.get(&entity).and_then(|kind| self.names.get(&(*kind, lang, tokens as u32)));
        names.map_or(Names::EMPTY, |names| Names { tokens: names, length: tokens.max(1) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(entity: u32, kind: u32, lang: Lang, tokens: &[u32]) -> TypedName {
        let tokens = tokens.iter().copied().map(TokenId).collect();
        TypedName { entity: EntityId(entity), kind, lang, tokens }
    }

    #[test]
    fn names_are_found_by_type_language_and_length() {
        let table = SameType::new([
            name(1, 0, Lang::ZH, &[7, 8]),
            name(2, 0, Lang::ZH, &[9, 10]),
            name(2, 5, Lang::ZH, &[11]),
            name(2, 0, Lang::EN, &[14, 15]),
            name(3, 1, Lang::ZH, &[12, 13]),
            name(4, 1, Lang::ZH, &[]),
        ]);
        let candidates = |entity, lang, tokens| {
            let names = table.candidates(EntityId(entity), lang, tokens);
            let tokens = |index| names.get(index).iter().map(|token| token.0).collect::<Vec<u32>>();
            (0..names.len()).map(tokens).collect::<Vec<_>>()
        };
        let none: Vec<Vec<u32>> = Vec::new();
        assert_eq!(candidates(1, Lang::ZH, 2), vec![vec![7, 8], vec![9, 10]]);
        assert_eq!(candidates(1, Lang::ZH, 1), vec![vec![11]], "the first type that an entity is given counts");
        assert_eq!(candidates(1, Lang::EN, 2), vec![vec![14, 15]]);
        for (entity, tokens) in [(3, 1), (9, 2), (4, 0)] {
            assert_eq!(candidates(entity, Lang::ZH, tokens), none);
        }
    }

    #[test]
    fn a_table_of_names_without_others_is_empty() {
        let lone = [name(1, 0, Lang::ZH, &[7, 8]), name(2, 0, Lang::EN, &[7, 8]), name(3, 1, Lang::ZH, &[7, 8])];
        assert!(SameType::default().is_empty() && SameType::new(lone.clone()).is_empty());
        assert!(!SameType::new(lone.into_iter().chain([name(4, 1, Lang::ZH, &[9, 9])])).is_empty());
    }
}
