//! Search engines that find every occurrence of many names at once.

mod aho;
mod double_array;
mod engine;
mod runs;

use self::aho::AhoCorasickEngine;
use self::double_array::DaachorseEngine;
use self::engine::Engine;
use self::runs::Runs;
use crate::error::Error;
use crate::options::EngineKind;

/// From this many names on `auto` takes daachorse; `docs/linking.md` has the measurement.
const LARGE: usize = 100_000;

/// Finds every occurrence of many names.
pub(crate) struct Automaton {
    /// Skips stretches of text that hold no name.
    runs: Runs,
    engine: Chosen,
}

/// The engine that the options chose.
enum Chosen {
    AhoCorasick(AhoCorasickEngine),
    Daachorse(DaachorseEngine),
    /// No pattern at all.
    Empty,
}

fn takes_daachorse(kind: EngineKind, names: usize) -> bool {
    match kind {
        EngineKind::Auto => names >= LARGE,
        EngineKind::AhoCorasick => false,
        EngineKind::Daachorse => true,
    }
}

impl Automaton {
    pub(crate) fn build(kind: EngineKind, patterns: &[Box<str>]) -> Result<Self, Error> {
        let engine = match patterns.len() {
            0 => Chosen::Empty,
            names if takes_daachorse(kind, names) => Chosen::Daachorse(DaachorseEngine::build(patterns)?),
            _ => Chosen::AhoCorasick(AhoCorasickEngine::build(patterns)?),
        };
        Ok(Self { runs: Runs::new(patterns), engine })
    }

    pub(crate) fn for_each(&self, text: &str, mut visit: impl FnMut(u32, usize, usize)) {
        match &self.engine {
            Chosen::AhoCorasick(engine) => self.in_runs(engine, text, &mut visit),
            Chosen::Daachorse(engine) => self.in_runs(engine, text, &mut visit),
            Chosen::Empty => {}
        }
    }

    fn in_runs(&self, engine: &impl Engine, text: &str, visit: &mut impl FnMut(u32, usize, usize)) {
        self.runs.for_each(text, |from, to| {
            engine.for_each(&text[from..to], |pattern, start, end| visit(pattern, from + start, from + end));
        });
    }

    pub(crate) fn memory(&self) -> usize {
        self.runs.memory()
            + match &self.engine {
                Chosen::AhoCorasick(engine) => engine.memory(),
                Chosen::Daachorse(engine) => engine.memory(),
                Chosen::Empty => 0,
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

    #[test]
    fn auto_takes_daachorse_for_large_tables() {
        for (kind, names, expected) in [
            (EngineKind::Auto, 0, false),
            (EngineKind::Auto, LARGE - 1, false),
            (EngineKind::Auto, LARGE, true),
            (EngineKind::AhoCorasick, LARGE, false),
            (EngineKind::Daachorse, 1, true),
        ] {
            assert_eq!(takes_daachorse(kind, names), expected, "{kind:?} {names}");
        }
    }

    /// Names of one character or more, and of two or more, by which a text is searched only in stretches.
    fn any_patterns() -> impl Strategy<Value = BTreeSet<String>> {
        let patterns = |pattern: &'static str| prop::collection::btree_set(pattern, 0..12);
        prop_oneof![patterns("[ab中文😀\u{301}ש]{1,4}"), patterns("[ab中文😀\u{301}ש]{2,4}")]
    }

    proptest! {
        #[test]
        fn engines_equal_a_naive_search(patterns in any_patterns(), text in "[ab中文😀\u{301}ש ]{0,40}") {
            let patterns: Vec<Box<str>> = BTreeSet::into_iter(patterns).map(String::into_boxed_str).collect();
            let expected = naive(&patterns, &text);
            for kind in [EngineKind::Auto, EngineKind::AhoCorasick, EngineKind::Daachorse] {
                prop_assert_eq!(&found(kind, &patterns, &text), &expected);
            }
        }
    }
}
