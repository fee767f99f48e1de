//! The engine over the `daachorse` crate.

use daachorse::CharwiseDoubleArrayAhoCorasick;

use super::engine::Engine;
use crate::error::Error;

/// A double-array automaton over characters.
pub(crate) struct DaachorseEngine(CharwiseDoubleArrayAhoCorasick<u32>);

impl Engine for DaachorseEngine {
    fn build(patterns: &[Box<str>]) -> Result<Self, Error> {
        let built = CharwiseDoubleArrayAhoCorasick::new(patterns.iter().map(|pattern| &**pattern));
        built.map(Self).map_err(|error| Error::Engine {
            engine: "daachorse",
            aliases: patterns.len(),
            reason: error.to_string(),
        })
    }

    fn for_each(&self, text: &str, mut visit: impl FnMut(u32, usize, usize)) {
        for found in self.0.find_overlapping_iter(text) {
            visit(found.value(), found.start(), found.end());
        }
    }

    fn memory(&self) -> usize {
        self.0.heap_bytes()
    }
}
