//! Which example a sequence of a batch was made of.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Where an example of a batch comes from.
///
/// Random choices derive from its number, so a new source comes last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExampleSource {
    /// The texts.
    Text,
    /// The translation pairs, read as one sequence.
    Tlm,
    /// The translation pairs, read as two sequences.
    Translation,
    /// The facts of the graph.
    Relation,
}

impl ExampleSource {
    /// All sources.
    pub const ALL: [Self; 4] = [Self::Text, Self::Tlm, Self::Translation, Self::Relation];
}

/// An example of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Example {
    /// Where it comes from.
    pub origin: ExampleSource,
    /// Its index there.
    pub index: usize,
    /// How often its language had been read through before.
    pub epoch: u64,
}

impl fmt::Display for Example {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let origin = match self.origin {
            ExampleSource::Text => "text",
            ExampleSource::Tlm | ExampleSource::Translation => "pair",
            ExampleSource::Relation => "fact",
        };
        write!(f, "{origin} {} (epoch {})", self.index, self.epoch)
    }
}

impl Example {
    /// The number that this example's random choices derive from: different for the same index of another origin.
    pub(crate) fn key(self) -> u64 {
        (self.origin as u64) << 56 | self.index as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_different_sources_differ() {
        let keys = ExampleSource::ALL.map(|origin| Example { origin, index: 5, epoch: 0 }.key());
        for (index, key) in keys.iter().enumerate() {
            assert!(!keys[..index].contains(key));
        }
    }
}
