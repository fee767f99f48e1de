//! Means over spans of rows.

use dfdx::prelude::{Device, HasShape, PutTape, SplitTape, Tape, TryMatMul};

use super::rows;
use crate::error::{Error, device};
use crate::tensors::Matrix;

pub(crate) fn check(rows: usize, spans: &[(u32, u32)]) -> Result<(), Error> {
    match spans.iter().find(|(start, end)| start >= end || *end as usize > rows) {
        Some((start, end)) => {
            Err(Error::shape("span_mean", format!("non-empty spans within {rows} rows"), format!("{start}..{end}")))
        }
        None => Ok(()),
    }
}

/// The composed form of [`Backend::span_mean`](super::backend::Backend::span_mean).
///
/// Gathers the rows of all spans and averages them by a product with a `[spans, rows]` matrix of shares.
///
/// # Errors
/// As there.
pub fn composed<D: Device<f32>, T: Tape<f32, D>>(x: Matrix<D, T>, spans: &[(u32, u32)]) -> Result<Matrix<D, T>, Error> {
    check(x.shape().0, spans)?;
    let positions: Vec<u32> = spans.iter().flat_map(|&(start, end)| start..end).collect();
    let mut shares = vec![0.0; spans.len() * positions.len()];
    let mut column = 0;
    for (row, &(start, end)) in spans.iter().enumerate() {
        let length = (end - start) as usize;
        shares[row * positions.len() + column..][..length].fill(1.0 / length as f32);
        column += length;
    }
    let (x, tape) = rows::composed(x, &positions)?.split_tape();
    let shares = x.device().try_tensor_from_vec(shares, (spans.len(), positions.len())).map_err(device)?;
    shares.put_tape(tape).try_matmul(x).map_err(device)
}
