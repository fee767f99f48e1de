//! How one forward pass is computed.

use jove_core::Seed;

use crate::dropout::DropMask;

/// Whether a forward pass drops activations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dropout {
    /// Nothing is dropped: evaluation.
    #[default]
    Off,
    /// Activations are dropped at the model's rates.
    On {
        /// The run's seed.
        seed: Seed,
        /// The number of this forward pass in the run. Two passes with the same number drop the same activations, so
        /// every micro-batch and every objective needs its own.
        pass: u64,
    },
}

/// How one forward pass is computed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pass {
    /// What is dropped.
    pub dropout: Dropout,
    /// Also return the hidden states after this many layers: 0 is the embeddings, 1 the first layer.
    pub layer: Option<usize>,
    /// Keep only the input of each layer and compute the rest again in the backward pass: about a third more time for
    /// far less memory. Gradients stay the same, bit for bit. Other devices than the CPU ignore it.
    pub recompute: bool,
}

impl Pass {
    /// Without dropout.
    pub fn eval() -> Self {
        Self::default()
    }

    /// With dropout, as pass number `pass` of the run.
    pub fn train(seed: Seed, pass: u64) -> Self {
        Self { dropout: Dropout::On { seed, pass }, ..Self::default() }
    }

    /// Also returns the hidden states after `layer` layers.
    #[must_use]
    pub fn with_layer(self, layer: usize) -> Self {
        Self { layer: Some(layer), ..self }
    }

    /// Trades time for memory, see [`Pass::recompute`].
    #[must_use]
    pub fn with_recompute(self, recompute: bool) -> Self {
        Self { recompute, ..self }
    }

    /// The mask of op number `op`, if anything is dropped at `rate`.
    pub(crate) fn mask(&self, op: u32, rate: f64) -> Option<DropMask> {
        match self.dropout {
            Dropout::On { seed, pass } if rate > 0.0 => Some(DropMask::new(seed, pass, op, rate)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_dropped_in_evaluation() {
        assert_eq!(Pass::eval().mask(0, 0.1), None);
        assert_eq!(Pass::train(Seed(0), 0).mask(0, 0.0), None);
        assert!(Pass::train(Seed(0), 0).mask(0, 0.1).is_some());
    }
}
