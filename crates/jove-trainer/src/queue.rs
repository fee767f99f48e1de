//! Keys of former batches.

use std::collections::VecDeque;

use jove_model::{Backend, Matrix};

use crate::error::Error;

/// The most keys of a queue.
pub(crate) const QUEUE_MAX: usize = 1 << 20;

/// The keys of a queue as constants on a device.
#[derive(Debug)]
pub(crate) struct QueuedKeys<D: Backend> {
    /// [keys, width], the oldest first.
    pub(crate) keys: Matrix<D>,
    /// What every key stands for.
    pub(crate) identities: Vec<u64>,
}

/// The last keys that a contrast has seen, first in, first out, each with the number of what it stands for, so that a
/// query is not contrasted with a key of its own: the queue of Momentum Contrast (MoCo), arXiv 1911.05722, section 3.2.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KeyQueue {
    capacity: usize,
    width: usize,
    /// `width` numbers for every key, the oldest first.
    keys: VecDeque<f32>,
    identities: VecDeque<u64>,
}

impl KeyQueue {
    /// A queue of nothing that will hold up to `capacity` keys of `width` numbers, which is above 0.
    pub fn new(capacity: usize, width: usize) -> Self {
        Self { capacity, width, ..Self::default() }
    }

    /// Number of keys.
    pub fn len(&self) -> usize {
        self.identities.len()
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.identities.is_empty()
    }

    /// Numbers of one key.
    pub fn width(&self) -> usize {
        self.width
    }

    /// What every key stands for, the oldest first.
    pub(crate) fn identities(&self) -> impl Iterator<Item = u64> + '_ {
        self.identities.iter().copied()
    }

    /// All keys, row by row, the oldest first; each of length 1, but for a key of zeros.
    pub fn keys(&self) -> Vec<f32> {
        self.keys.iter().copied().collect()
    }

    /// Adds keys, row by row, scaled to length 1, and forgets the oldest beyond the capacity. Keys without an identity, and
    /// numbers that make no whole key, are left out.
    pub fn push(&mut self, keys: &[f32], identities: &[u64]) {
        for (key, &identity) in keys.chunks_exact(self.width.max(1)).zip(identities) {
            let length = key.iter().map(|value| value * value).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
            self.keys.extend(key.iter().map(|value| value / length));
            self.identities.push_back(identity);
        }
        let over = self.len().saturating_sub(self.capacity);
        self.identities.drain(..over);
        self.keys.drain(..over * self.width);
    }

    /// Takes over keys as [`KeyQueue::keys`] gave them, bit for bit; `false`, and nothing changes, where the two lists do
    /// not fit together or this queue.
    #[must_use]
    pub(crate) fn restore(&mut self, keys: &[f32], identities: &[u64]) -> bool {
        let fits = identities.len() <= self.capacity && keys.len() == identities.len() * self.width;
        if fits {
            self.keys = keys.iter().copied().collect();
            self.identities = identities.iter().copied().collect();
        }
        fits
    }

    /// The keys as constants for a contrast, [keys, width]; `None` where there are none.
    ///
    /// # Errors
    /// If the device fails.
    pub fn matrix<D: Backend>(&self, device: &D) -> Result<Option<Matrix<D>>, Error> {
        if self.is_empty() {
            return Ok(None);
        }
        let matrix = device.try_tensor_from_vec(self.keys(), (self.len(), self.width));
        Ok(Some(matrix.map_err(|error| jove_model::Error::Device(format!("{error:?}")))?))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_last_keys_stay_in_their_order(capacity in 0usize..9, pushes in prop::collection::vec(0usize..7, 0..9)) {
            let mut queue = KeyQueue::new(capacity, 2);
            let mut all = Vec::new();
            for count in pushes {
                let new: Vec<u64> = (0..count).map(|index| (all.len() + index) as u64).collect();
                let keys: Vec<f32> = new.iter().flat_map(|&number| [number as f32 + 1.0, 0.0]).collect();
                queue.push(&keys, &new);
                all.extend(new);
            }
            let kept = &all[all.len().saturating_sub(capacity)..];
            prop_assert_eq!(queue.identities().collect::<Vec<_>>(), kept);
            prop_assert_eq!(queue.keys(), [1.0, 0.0].repeat(kept.len()), "each of length 1");
            let mut restored = KeyQueue::new(capacity, 2);
            prop_assert!(restored.restore(&queue.keys(), kept));
            prop_assert_eq!(restored, queue);
        }
    }

    #[test]
    fn what_does_not_fit_is_not_restored() {
        let mut queue = KeyQueue::new(2, 3);
        assert!(!queue.restore(&[0.0; 9], &[1, 2, 3]));
        assert!(!queue.restore(&[0.0; 5], &[1, 2]));
        assert!(queue.is_empty());
        queue.push(&[0.0; 3], &[5]);
        assert_eq!(queue.keys(), [0.0; 3], "a key of zeros stays one");
    }
}
