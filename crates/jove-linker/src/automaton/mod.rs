//! Search engines that find every occurrence of many names at once.

mod aho;
mod double_array;

use aho::AhoCorasickEngine;
use double_array::DaachorseEngine;

use crate::{EngineKind, Error};

/// Finds every occurrence of its patterns, overlapping ones too.
pub(crate) trait Engine: Sized {
    /// Builds the engine over different, non-empty patterns; a pattern's number is its place.
    fn build(patterns: &[Box<str>]) -> Result<Self, Error>;

    /// Calls `visit` with pattern, start and end of every occurrence, ends in ascending order.
    fn for_each(&self, text: &str, visit: impl FnMut(u32, usize, usize));

    /// Bytes on the heap.
    fn memory(&self) -> usize;
}

/// The engine that the options chose.
pub(crate) enum Automaton {
    AhoCorasick(AhoCorasickEngine),
    Daachorse(DaachorseEngine),
    /// No pattern at all.
    Empty,
}

impl Automaton {
    pub(crate) fn build(kind: EngineKind, patterns: &[Box<str>]) -> Result<Self, Error> {
        if patterns.is_empty() {
            return Ok(Self::Empty);
        }
        Ok(match kind {
            EngineKind::AhoCorasick => Self::AhoCorasick(AhoCorasickEngine::build(patterns)?),
            EngineKind::Daachorse => Self::Daachorse(DaachorseEngine::build(patterns)?),
        })
    }

    pub(crate) fn for_each(&self, text: &str, visit: impl FnMut(u32, usize, usize)) {
        match self {
            Self::AhoCorasick(engine) => engine.for_each(text, visit),
            Self::Daachorse(engine) => engine.for_each(text, visit),
            Self::Empty => {}
        }
    }

    pub(crate) fn memory(&self) -> usize {
        match self {
            Self::AhoCorasick(engine) => engine.memory(),
            Self::Daachorse(engine) => engine.memory(),
            Self::Empty => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn found(kind: EngineKind, patterns: &[Box<str>], text: &str) -> Vec<(u32, usize, usize)> {
        let mut all = Vec::new();
        let automaton = Automaton::build(kind, patterns).unwrap();
        automaton.for_each(text, |pattern, start, end| all.push((pattern, start, end)));
        assert!(all.is_sorted_by_key(|(_, _, end)| *end));
        all.sort_unstable();
        all
    }

    fn naive(patterns: &[Box<str>], text: &str) -> Vec<(u32, usize, usize)> {
        let mut all = Vec::new();
        for (number, pattern) in patterns.iter().enumerate() {
            let starts = (0..text.len()).filter(|start| text.is_char_boundary(*start));
            all.extend(
                starts
                    .filter(|start| text[*start..].starts_with(&**pattern))
                    .map(|start| (number as u32, start, start + pattern.len())),
            );
        }
        all.sort_unstable();
        all
    }

    proptest! {
        #[test]
        fn engines_equal_a_naive_search(
            patterns in prop::collection::btree_set("[ab中文😀\u{301}ש]{1,4}", 0..12),
            text in "[ab中文😀\u{301}ש ]{0,40}",
        ) {
            let patterns: Vec<Box<str>> = BTreeSet::into_iter(patterns).map(String::into_boxed_str).collect();
            let expected = naive(&patterns, &text);
            prop_assert_eq!(&found(EngineKind::AhoCorasick, &patterns, &text), &expected);
            prop_assert_eq!(&found(EngineKind::Daachorse, &patterns, &text), &expected);
        }
    }
}
