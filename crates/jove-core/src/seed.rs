//! Random streams that depend on their purpose, never on the order of work.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The generator that every random choice draws from: portable across machines and versions.
pub type Rng = ChaCha8Rng;

/// What a random stream is for. The numbers are part of the file format of results: never renumber.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u64)]
pub enum Purpose {
    /// Starting weights.
    Init = 1,
    /// The order of examples in an epoch.
    Shuffle = 2,
    /// Which tokens are masked, and by what.
    Mask = 3,
    /// Dropped activations.
    Dropout = 4,
    /// Negative examples.
    Negatives = 5,
    /// Which corpus, language or objective a batch comes from.
    Sampling = 6,
    /// Which facts, sentences or pairs are held out.
    Split = 7,
    /// Sentence patterns of the verbaliser.
    Verbalize = 8,
    /// Resampling in statistics.
    Bootstrap = 9,
    /// Candidates and examples of a probe.
    Probe = 10,
    /// Control conditions, such as a shuffled graph.
    Control = 11,
    /// Texts that a vocabulary is trained on.
    Vocabulary = 12,
}

/// The one number a run's randomness comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Seed(pub u64);

impl Seed {
    /// The stream for one purpose, epoch and example. The four numbers are the generator's whole key, so two streams
    /// are the same only where all four are.
    pub fn rng(self, purpose: Purpose, epoch: u64, example: u64) -> Rng {
        let mut key = [0; 32];
        for (slot, word) in key.chunks_exact_mut(8).zip([self.0, purpose as u64, epoch, example]) {
            slot.copy_from_slice(&word.to_le_bytes());
        }
        ChaCha8Rng::from_seed(key)
    }
}

#[cfg(test)]
mod tests {
    use rand::Rng as _;

    use super::*;

    #[test]
    fn streams_differ_in_every_part_of_their_key() {
        let first = |mut rng: Rng| rng.next_u64();
        let base = first(Seed(1).rng(Purpose::Mask, 0, 0));
        assert_eq!(base, first(Seed(1).rng(Purpose::Mask, 0, 0)));
        assert_ne!(base, first(Seed(2).rng(Purpose::Mask, 0, 0)));
        assert_ne!(base, first(Seed(1).rng(Purpose::Dropout, 0, 0)));
        assert_ne!(base, first(Seed(1).rng(Purpose::Mask, 1, 0)));
        assert_ne!(base, first(Seed(1).rng(Purpose::Mask, 0, 1)));
    }

    /// Every published number depends on the streams, so they may not change.
    #[test]
    fn the_stream_is_frozen() {
        let mut rng = Seed(7).rng(Purpose::Shuffle, 3, 5);
        assert_eq!(rng.next_u64(), 11_741_406_044_637_208_266);
    }
}
