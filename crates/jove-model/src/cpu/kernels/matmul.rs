//! Matrix products on all threads.

use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use crate::view::{Part, View, multiply};

/// Rows and columns of the tiles that a product is cut into: large enough to pack operands once for many sums.
/// Measured, see `docs/performance.md`.
const TILE: (usize, usize) = (1024, 768);
/// Smaller products are cut into at least as many tiles, so that threads have something to share.
const TILES_MIN: usize = 4;
/// But never into tiles smaller than this.
const TILE_MIN: usize = 64;

/// `c = a b`, or `c += a b` where `add`.
pub(crate) fn matmul(c: Part<'_>, a: View<'_>, b: View<'_>, add: bool) {
    matmul_then(c, a, b, add, |_, _, _, _| {});
}

/// `c = a b`, or `c += a b` where `add`; then calls `then` with each finished tile, its number, its first row and its
/// first column, while it is in the cache.
pub(crate) fn matmul_then(
    c: Part<'_>,
    a: View<'_>,
    b: View<'_>,
    add: bool,
    then: impl Fn(&mut Part<'_>, usize, usize, usize) + Sync,
) {
    let (rows, columns) = tiles(c.rows(), c.columns());
    let tiles_across = columns.len() - 1;
    c.split(&rows, &columns).into_par_iter().enumerate().for_each(|(tile, mut part)| {
        let (r, n) = (tile / tiles_across, tile % tiles_across);
        let a = a.block(rows[r]..rows[r + 1], 0..a.columns());
        let b = b.block(0..b.rows(), columns[n]..columns[n + 1]);
        multiply(&mut part, a, b, 1.0, add);
        then(&mut part, tile, rows[r], columns[n]);
    });
}

/// Where the tiles of a product of this size begin; depends on the size alone.
pub(crate) fn tiles(rows: usize, columns: usize) -> (Vec<usize>, Vec<usize>) {
    let (mut tall, mut wide) = TILE;
    loop {
        let tiles = (pieces(rows, tall), pieces(columns, wide));
        let enough = (tiles.0.len() - 1) * (tiles.1.len() - 1) >= TILES_MIN;
        let [lower, narrower] = [tall, wide].map(|side| side >= 2 * TILE_MIN);
        if enough || !(lower || narrower) {
            return tiles;
        }
        // The longer side of a tile is halved.
        if lower && (!narrower || tall.min(rows) >= wide.min(columns)) {
            tall /= 2;
        } else {
            wide /= 2;
        }
    }
}

/// The tiles of a second matrix, each for the thread that works on the same tile of the first.
pub(crate) struct Tiles<'a>(Mutex<Vec<Option<Part<'a>>>>);

impl<'a> Tiles<'a> {
    pub(crate) fn new(parts: Vec<Part<'a>>) -> Self {
        Self(Mutex::new(parts.into_iter().map(Some).collect()))
    }

    /// The tile with this number; each can be taken once.
    pub(crate) fn take(&self, number: usize) -> Part<'a> {
        let mut parts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        parts[number].take().expect("each tile is worked on once")
    }
}

/// Where to cut `0..size` into the fewest pieces of at most `step`, which is 16 or more, all of nearly the same size; depends on the
/// sizes alone. The library sums products of a few rows in another order, so a small rest would differ in its last bits
/// from the same rows within a larger product.
pub(crate) fn pieces(size: usize, step: usize) -> Vec<usize> {
    // Whole vector registers in each piece but the last.
    let (registers, count) = (size.div_ceil(16), size.div_ceil(step).max(1));
    (0..count).map(|piece| piece * registers / count * 16).chain([size]).collect()
}

/// Cuts `0..count` into at most `groups` contiguous shares.
pub(crate) fn groups(count: usize, groups: usize) -> Vec<usize> {
    let groups = groups.min(count).max(1);
    (0..=groups).map(|g| g * count / groups).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_cover_everything_once() {
        for size in [0, 1, 15, 16, 17, 255, 256, 257, 511, 512, 513, 1000, 5000] {
            let bounds = pieces(size, 256);
            assert!(bounds.is_sorted() && bounds[0] == 0 && *bounds.last().unwrap() == size, "{size}: {bounds:?}");
            assert!(bounds.windows(2).all(|b| b[1] - b[0] <= 256), "{size}: {bounds:?}");
        }
        for size in 1..5000 {
            let bounds = pieces(size, 256 + size % 300);
            assert!(bounds.is_sorted_by(|a, b| a < b) && bounds.last() == Some(&size), "{size}: {bounds:?}");
        }
    }

    #[test]
    fn no_piece_is_a_small_rest() {
        for (size, step) in (129..3000).flat_map(|size| [64, 96, 128, 768, 1024].map(|step| (size, step))) {
            let pieces: Vec<usize> = pieces(size, step).windows(2).map(|b| b[1] - b[0]).collect();
            let (least, most) = (*pieces.iter().min().unwrap(), *pieces.iter().max().unwrap());
            assert!(most <= step && least >= size.min(step) / 2, "{size} in steps of {step}: {pieces:?}");
        }
    }

    #[test]
    fn tiles_add_up_to_the_product() {
        let (m, k, n) = (300, 7, 1100);
        let a: Vec<f32> = (0..m * k).map(|i| (i % 11) as f32 - 5.0).collect();
        let b: Vec<f32> = (0..k * n).map(|i| (i % 13) as f32 - 6.0).collect();
        let mut c = vec![1.0; m * n];
        matmul_then(Part::new(&mut c, m, n), View::new(&a, m, k), View::new(&b, k, n), true, |tile, _, row, column| {
            for r in 0..tile.rows() {
                for (j, value) in tile.row_mut(r).iter_mut().enumerate() {
                    *value += ((row + r) * 10_000 + column + j) as f32;
                }
            }
        });
        for (i, value) in c.iter().enumerate() {
            let (r, j) = (i / n, i % n);
            let product: f32 = (0..k).map(|p| a[r * k + p] * b[p * n + j]).sum();
            assert!((value - (1.0 + product + (r * 10_000 + j) as f32)).abs() < 0.5, "{r} {j}");
        }
    }
}
