//! Which activations are dropped, derived from (seed, pass, op, index) alone.

use jove_core::{Purpose, Seed};
use rand::Rng as _;

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
}
