//! Entities as tags of units of a text, and back.
//!
//! Tags are numbers: 0 is outside, `1 + 2 k` begins an entity of type `k` and `2 + 2 k` is inside one.

use jove_core::ByteSpan;

use crate::example::Entity;

/// The number of tags for a number of entity types, and their names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tags {
    /// Number of entity types.
    pub labels: usize,
}

impl Tags {
    /// How many tags there are.
    pub fn count(self) -> usize {
        1 + 2 * self.labels
    }
}

/// The tag of every unit of a text, such as its tokens or its characters, given by the bytes that each covers. A unit belongs to
/// the entity that it shares a byte with; where two entities would share a unit, the one that begins first keeps it. `None` for a
/// unit that covers nothing.
pub fn tags_of(units: &[ByteSpan], entities: &[Entity]) -> Vec<Option<u32>> {
    let mut tags: Vec<Option<u32>> = units.iter().map(|unit| (!unit.is_empty()).then_some(0)).collect();
    for entity in entities {
        let inside = |at: &usize| tags[*at].is_some() && units[*at].overlaps(entity.span);
        let members: Vec<usize> = (0..units.len()).filter(inside).collect();
        if members.iter().any(|&at| tags[at] != Some(0)) {
            continue;
        }
        for (place, at) in members.into_iter().enumerate() {
            tags[at] = Some(1 + 2 * entity.label + u32::from(place > 0));
        }
    }
    tags
}

/// The entities that tags spell, by the rule of conlleval and seqeval: one begins at a tag that begins, and at a tag inside where
/// the tag before is outside or of another type.
pub fn entities_of(tagged: impl IntoIterator<Item = (ByteSpan, u32)>) -> Vec<Entity> {
    let mut entities: Vec<Entity> = Vec::new();
    let mut open: Option<Entity> = None;
    for (unit, tag) in tagged {
        let Some(tag) = tag.checked_sub(1) else {
            entities.extend(open.take());
            continue;
        };
        let (label, begins) = (tag / 2, tag.is_multiple_of(2));
        match &mut open {
            Some(entity) if !begins && entity.label == label => entity.span.end = unit.end,
            _ => entities.extend(open.replace(Entity { span: unit, label })),
        }
    }
    entities.extend(open);
    entities
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn units(count: u32) -> Vec<ByteSpan> {
        (0..count).map(|at| ByteSpan::new(3 * at, 3 * at + 3)).collect()
    }

    fn entity(start: u32, end: u32, label: u32) -> Entity {
        Entity { span: ByteSpan::new(3 * start, 3 * end), label }
    }

    proptest! {
        #[test]
        fn entities_come_back_from_their_tags(cuts in proptest::collection::vec((1u32..4, 0u32..3, any::<bool>()), 0..12)) {
            let mut at = 0;
            let mut entities = Vec::new();
            for (length, label, named) in cuts {
                if named {
                    entities.push(entity(at, at + length, label));
                }
                at += length;
            }
            let units = units(at);
            let tags = tags_of(&units, &entities);
            let tagged = units.iter().zip(&tags).map(|(unit, tag)| (*unit, tag.unwrap()));
            prop_assert_eq!(entities_of(tagged), entities);
        }
    }

    #[test]
    fn an_inside_without_a_beginning_begins() {
        let tags = [2, 2, 4, 0, 2, 1, 2];
        let found = entities_of(units(7).into_iter().zip(tags));
        assert_eq!(found, [entity(0, 2, 0), entity(2, 3, 1), entity(4, 5, 0), entity(5, 7, 0)]);
        assert_eq!(entities_of(std::iter::empty()), []);
    }

    #[test]
    fn empty_units_have_no_tag_and_overlaps_keep_the_first() {
        let units = [ByteSpan::new(0, 0), ByteSpan::new(0, 4), ByteSpan::new(4, 6)];
        let both = [Entity { span: ByteSpan::new(0, 3), label: 1 }, Entity { span: ByteSpan::new(3, 6), label: 0 }];
        assert_eq!(tags_of(&units, &both), [None, Some(3), Some(0)]);
        assert_eq!(Tags { labels: 10 }.count(), 21);
    }
}
