//! Sums over the rows of a matrix: the gradients of biases.

use rayon::prelude::*;

use super::pool;
use super::vectorized::vectorized;

/// Rows that are added up before the partial sums are.
pub(crate) const ROWS: usize = 64;

/// Adds the sum of each column of the row-major `[rows, total.len()]` matrix `x` to `total`.
pub(crate) fn add_sums(total: &mut [f32], x: &[f32]) {
    let width = total.len();
    if x.is_empty() {
        return;
    }
    let blocks = x.len().div_ceil(ROWS * width);
    let mut partial = pool::take(blocks * width);
    partial.par_chunks_mut(width).zip(x.par_chunks(ROWS * width)).for_each(|(partial, rows)| {
        vectorized(
            #[inline(always)]
            || {
                partial.fill(0.0);
                for row in rows.chunks_exact(width) {
                    add(partial, row);
                }
            },
        );
    });
    add_rows(total, &partial);
}

/// Adds every row of `partial` to `total`, first to last.
pub(crate) fn add_rows(total: &mut [f32], partial: &[f32]) {
    vectorized(
        #[inline(always)]
        || {
            for row in partial.chunks_exact(total.len()) {
                add(total, row);
            }
        },
    );
}

#[inline(always)]
pub(crate) fn add(total: &mut [f32], row: &[f32]) {
    for (t, r) in total.iter_mut().zip(row) {
        *t += r;
    }
}

/// `total += x`, elementwise.
pub(crate) fn add_all(total: &mut [f32], x: &[f32]) {
    const BLOCK: usize = 1 << 15;
    total.par_chunks_mut(BLOCK).zip(x.par_chunks(BLOCK)).for_each(|(total, x)| {
        vectorized(
            #[inline(always)]
            || add(total, x),
        );
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_counts_once() {
        for rows in [0, 1, 63, 64, 65, 200] {
            let x: Vec<f32> = (0..rows * 3).map(|i| (i % 7) as f32).collect();
            let mut total = [1.0; 3];
            add_sums(&mut total, &x);
            for (c, t) in total.iter().enumerate() {
                let expected = 1.0 + x.iter().skip(c).step_by(3).sum::<f32>();
                assert!((t - expected).abs() < 1e-3, "{rows} rows, column {c}");
            }
        }
    }
}
