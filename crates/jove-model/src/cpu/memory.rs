//! How much memory training will take, before it begins.

use jove_core::ModelConfig;

use super::kernels::{pool, vocabulary_loss};
use crate::parameters::parameter_count;

/// The memory of one training step on the CPU, in bytes, by what it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryEstimate {
    /// The model.
    pub parameters: u64,
    /// Its gradients.
    pub gradients: u64,
    /// The two moments of AdamW.
    pub optimizer: u64,
    /// What the forward pass keeps for the backward pass, and the most that is needed besides.
    pub activations: u64,
    /// A copy of the largest parameter, which is made when a checkpoint is written.
    pub saving: u64,
}

/// The sizes of a batch that memory depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchShape {
    /// Tokens in all sequences together.
    pub tokens: usize,
    /// Tokens that are predicted.
    pub masked: usize,
    /// Tokens whose hidden state some loss reads, predicted ones included.
    pub read: usize,
    /// Whether activations are computed again in the backward pass.
    pub recompute: bool,
}

/// Bytes of a number.
const FLOAT: u64 = 4;
/// Code, stacks and buffers that do not depend on the model.
const PROCESS: u64 = 40 << 20;

impl MemoryEstimate {
    /// For a masked language model of this shape and a batch of this size.
    pub fn new(config: &ModelConfig, batch: &BatchShape) -> Self {
        let parameters = FLOAT.saturating_mul(parameter_count(config));
        let [v, h, f] = [config.vocab_size, config.hidden_size, config.intermediate_size].map(|n| n as u64);
        Self {
            parameters,
            gradients: parameters,
            optimizer: parameters.saturating_mul(2),
            activations: FLOAT.saturating_mul(activation_count(config, batch)),
            saving: FLOAT.saturating_mul(h).saturating_mul(v.max(f)),
        }
    }

    /// All together, with what the process takes anyway.
    pub fn total(&self) -> u64 {
        let parts = [self.parameters, self.gradients, self.optimizer, self.activations, self.saving, PROCESS];
        parts.into_iter().fold(0, u64::saturating_add)
    }
}

fn activation_count(config: &ModelConfig, batch: &BatchShape) -> u64 {
    let [h, f, a] = [config.hidden_size, config.intermediate_size, config.num_attention_heads].map(|n| n as u128);
    let (t, n) = (batch.tokens as u128, batch.masked as u128);
    // Queries, keys, values, their mixture and two normalised sums; then what comes before the GELU.
    let saved = t * (6 * h + f + a);
    // The input of each half, which is the output of the one before.
    let inputs = 2 * t * h;
    // The last layer has keys and values of all rows, and the rest, the picked input too, of those that are read.
    let r = batch.read as u128;
    let last_inputs = (t + r) * h;
    let last_saved = 2 * t * h + r * (5 * h + f + a);
    let layers = config.num_hidden_layers as u128;
    let kept = layers.saturating_sub(1) * (inputs + if batch.recompute { 0 } else { saved })
        + last_inputs
        + if batch.recompute { 0 } else { last_saved };
    // One half at work backwards: gradients of intermediate activations, of queries, keys, values and their mixture, of the
    // input and the output.
    let working = t * (f.max(4 * h) + 3 * h) + if batch.recompute { saved } else { 0 };
    // The head's rows, their gradients, and partial ones over shares of the vocabulary; exponentials that are kept.
    let exponentials = n * config.vocab_size as u128;
    let kept_exponentials = if exponentials <= vocabulary_loss::KEPT as u128 { exponentials } else { 0 };
    let head = n * h * (8 + 16) + kept_exponentials;
    let floats = kept + t * 3 * h + working.max(head);
    pool::with_slack(usize::try_from(floats).unwrap_or(usize::MAX).min(usize::MAX / 2)) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recomputing_takes_less() {
        let config = ModelConfig::bert(21_128, 768, 12, 12, 3072);
        let batch = |read, recompute| BatchShape { tokens: 1024, masked: 160, read, recompute };
        let estimate = |recompute| MemoryEstimate::new(&config, &batch(160, recompute));
        assert!(estimate(false).activations < MemoryEstimate::new(&config, &batch(1024, false)).activations);
        assert!(estimate(true).activations * 2 < estimate(false).activations);
        assert_eq!(estimate(true).parameters, estimate(false).parameters);
    }

    #[test]
    fn no_shape_is_too_large_to_be_counted() {
        let most = i32::MAX as usize;
        for (vocabulary, hidden, layers) in [(100, 32, 1_000_000_007), (most, most, most), (most, 8, 1), (5, most, 2)] {
            let config = ModelConfig::bert(vocabulary, hidden, layers, 1, hidden);
            let batch = BatchShape { tokens: 1 << 24, masked: 1 << 20, read: 1 << 24, recompute: false };
            let estimate = MemoryEstimate::new(&config, &batch);
            assert!(estimate.total() > 1 << 33, "{config:?}: {estimate:?}");
            assert!(estimate.total() >= estimate.parameters.max(estimate.activations));
        }
    }

    #[test]
    fn layers_are_counted_without_being_listed() {
        let count = |layers| parameter_count(&ModelConfig::bert(100, 32, layers, 4, 64));
        assert_eq!(count(1_000_000_007) - count(7), 1_000_000_000 * (count(2) - count(1)));
        assert_eq!(count(12) - count(11), count(2) - count(1));
    }
}
