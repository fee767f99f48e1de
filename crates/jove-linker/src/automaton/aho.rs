//! The engine over the `aho-corasick` crate.

use aho_corasick::{AhoCorasick, MatchKind};

use super::engine::Engine;
use crate::error::Error;

/// An automaton over bytes.
pub(crate) struct AhoCorasickEngine(AhoCorasick);

impl Engine for AhoCorasickEngine {
    fn build(patterns: &[Box<str>]) -> Result<Self, Error> {
        let built = AhoCorasick::builder().match_kind(MatchKind::Standard).build(patterns.iter().map(|p| p.as_bytes()));
        built.map(Self).map_err(|error| Error::Engine {
            engine: "aho-corasick",
            aliases: patterns.len(),
            reason: error.to_string(),
        })
    }

    fn for_each(&self, text: &str, mut visit: impl FnMut(u32, usize, usize)) {
        for found in self.0.find_overlapping_iter(text) {
            visit(found.pattern().as_u32(), found.start(), found.end());
        }
    }

    fn memory(&self) -> usize {
        self.0.memory_usage()
    }
}
