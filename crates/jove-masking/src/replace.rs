//! Other entities of the same type, to stand in for a masked one.

use std::collections::HashMap;

use jove_core::{EntityId, TokenId};

/// Knows entities that may stand in for another.
pub trait Replacements {
    /// Names of exactly `tokens` tokens of entities that share a type with `entity`; the entity's own may be among them.
    fn candidates(&self, entity: EntityId, tokens: usize) -> Names<'_>;
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
    fn candidates(&self, _entity: EntityId, _tokens: usize) -> Names<'_> {
        Names::EMPTY
    }
}

/// Replacements from a table of typed, tokenised names.
#[derive(Clone, Debug, Default)]
pub struct SameType {
    type_of: HashMap<EntityId, u32>,
    names: HashMap<(u32, u32), Vec<TokenId>>,
}

impl SameType {
    /// Takes (entity, number of its type, tokens of its name). An entity keeps the first type it is given; empty names
    /// are left out.
    pub fn new(rows: impl IntoIterator<Item = (EntityId, u32, Vec<TokenId>)>) -> Self {
        let mut table = Self::default();
        for (entity, kind, tokens) in rows {
            let kind = *table.type_of.entry(entity).or_insert(kind);
            if !tokens.is_empty() {
                table.names.entry((kind, tokens.len() as u32)).or_default().extend(tokens);
            }
        }
        table
    }
}

impl Replacements for SameType {
    fn candidates(&self, entity: EntityId, tokens: usize) -> Names<'_> {
        let names = self.type_of.get(&entity).and_then(|kind| self.names.get(&(*kind, tokens as u32)));
        names.map_or(Names::EMPTY, |names| Names { tokens: names, length: tokens.max(1) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_by_type_and_length() {
        let name = |tokens: &[u32]| tokens.iter().copied().map(TokenId).collect::<Vec<_>>();
        let table = SameType::new([
            (EntityId(1), 0, name(&[7, 8])),
            (EntityId(2), 0, name(&[9, 10])),
            (EntityId(2), 5, name(&[11])),
            (EntityId(3), 1, name(&[12, 13])),
            (EntityId(4), 1, name(&[])),
        ]);
        let names = table.candidates(EntityId(1), 2);
        assert_eq!((names.len(), names.get(1)), (2, name(&[9, 10]).as_slice()));
        assert_eq!(table.candidates(EntityId(1), 1).get(0), name(&[11]).as_slice());
        assert!(table.candidates(EntityId(3), 1).is_empty());
        assert!(table.candidates(EntityId(9), 2).is_empty());
        assert!(table.candidates(EntityId(4), 0).is_empty());
    }
}
