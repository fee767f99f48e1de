//! Which activations are dropped, derived from (seed, pass, op, index) alone.

use jove_core::{Purpose, Seed};
use rand::Rng as _;

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
    /// far less memory. Gradients stay the same, bit for bit. Only the CPU heeds it.
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

/// The dropped elements of one operator in one pass, as a function of (row, column): a counter-based hash, so any
/// thread can ask for any element in any order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DropMask {
    key: [u32; 2],
    threshold: u32,
    scale: f32,
}

impl DropMask {
    /// The mask of operator `op` in pass `pass`; `rate` is the share of elements dropped, in [0, 1).
    pub fn new(seed: Seed, pass: u64, op: u32, rate: f64) -> Self {
        let mut rng = seed.rng(Purpose::Dropout, u64::from(op), pass);
        let key = [rng.next_u32(), rng.next_u32()];
        Self { key, threshold: (rate * 4_294_967_296.0) as u32, scale: (1.0 / (1.0 - rate)) as f32 }
    }

    /// What the elements of one row are derived from.
    #[inline(always)]
    pub(crate) fn row(&self, row: u32) -> RowMask {
        RowMask {
            key: mix(mix(row ^ self.key[0]).wrapping_add(self.key[1])),
            threshold: self.threshold,
            scale: self.scale,
        }
    }

    /// The mask of a `[rows, columns]` matrix, row by row: 0 where dropped, else 1 / (1 - rate).
    pub fn factors(&self, rows: usize, columns: usize) -> Vec<f32> {
        self.of_rows(None).factors(rows, columns)
    }

    /// This mask for a matrix that holds only some of the masked rows, those numbered `rows`; all of them if `None`.
    pub(crate) fn of_rows(self, rows: Option<&[u32]>) -> RowsMask<'_> {
        RowsMask { mask: self, rows }
    }
}

/// A [`DropMask`] for a matrix that holds only some of the masked rows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RowsMask<'a> {
    mask: DropMask,
    rows: Option<&'a [u32]>,
}

impl RowsMask<'_> {
    /// The mask of the matrix's row `index`.
    #[inline(always)]
    pub(crate) fn row(&self, index: usize) -> RowMask {
        self.mask.row(self.rows.map_or(index as u32, |rows| rows[index]))
    }

    /// The mask of `[rows, columns]`, row by row: 0 where dropped, else 1 / (1 - rate).
    pub(crate) fn factors(&self, rows: usize, columns: usize) -> Vec<f32> {
        (0..rows)
            .flat_map(|r| {
                let row = self.row(r);
                (0..columns).map(move |c| row.factor(c as u32))
            })
            .collect()
    }
}

/// One row of a [`DropMask`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct RowMask {
    key: u32,
    threshold: u32,
    scale: f32,
}

impl RowMask {
    /// 0 where dropped, else 1 / (1 - rate).
    #[inline(always)]
    pub(crate) fn factor(&self, column: u32) -> f32 {
        let hash = mix(column.wrapping_mul(0x9e37_79b9) ^ self.key);
        if hash >= self.threshold { self.scale } else { 0.0 }
    }
}

/// A 32-bit finaliser with low bias (Wellons, "Prospecting for Hash Functions"): two products, so it vectorises.
#[inline(always)]
fn mix(mut x: u32) -> u32 {
    x ^= x >> 16;
    x = x.wrapping_mul(0x7feb_352d);
    x ^= x >> 15;
    x = x.wrapping_mul(0x846c_a68b);
    x ^ (x >> 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_dropped_is_the_rate() {
        for rate in [0.1, 0.5] {
            let factors = DropMask::new(Seed(3), 1, 2, rate).factors(200, 300);
            let dropped = factors.iter().filter(|f| **f < 0.5).count() as f64 / factors.len() as f64;
            assert!((dropped - rate).abs() < 0.01, "rate {rate}: {dropped}");
            assert!(factors.iter().all(|&f| f < 0.5 || (f64::from(f) - 1.0 / (1.0 - rate)).abs() < 1e-6));
            for r in 0..200 {
                let row = factors[r * 300..][..300].iter().filter(|f| **f < 0.5).count() as f64 / 300.0;
                assert!((row - rate).abs() < 0.15, "row {r}: {row}");
            }
        }
    }

    #[test]
    fn masks_differ_in_every_part_of_their_key() {
        let base = DropMask::new(Seed(1), 1, 1, 0.5).factors(8, 64);
        assert_eq!(base, DropMask::new(Seed(1), 1, 1, 0.5).factors(8, 64));
        for (seed, pass, op) in [(2, 1, 1), (1, 2, 1), (1, 1, 2)] {
            let other = DropMask::new(Seed(seed), pass, op, 0.5).factors(8, 64);
            let equal = base.iter().zip(&other).filter(|(a, b)| a.to_bits() == b.to_bits()).count();
            assert!((150..360).contains(&equal), "{seed} {pass} {op}: {equal} of 512 equal");
        }
    }

    #[test]
    fn nothing_is_dropped_in_evaluation() {
        assert_eq!(Pass::eval().mask(0, 0.1), None);
        assert_eq!(Pass::train(Seed(0), 0).mask(0, 0.0), None);
        assert!(Pass::train(Seed(0), 0).mask(0, 0.1).is_some());
    }
}
