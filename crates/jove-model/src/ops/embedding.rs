//! The sum of three embedding tables.

use dfdx::prelude::{Device, GatherTo, HasShape, PutTape, Tape, TryAdd};

use super::rows;
use crate::error::{Error, device};
use crate::packed_batch::PackedBatch;
use crate::tensors::Matrix;

/// The embedding tables.
#[derive(Clone, Copy, Debug)]
pub struct Tables<'a, D: Device<f32>> {
    /// `[v, h]`.
    pub words: &'a Matrix<D>,
    /// `[positions, h]`.
    pub positions: &'a Matrix<D>,
    /// `[segments, h]`.
    pub segments: &'a Matrix<D>,
}

/// Every id must be a row of its table: dfdx does not check on every device.
pub(crate) fn check<D: Device<f32>>(tables: &Tables<'_, D>, batch: &PackedBatch) -> Result<(), Error> {
    for (table, ids) in
        [(tables.words, batch.tokens()), (tables.positions, batch.positions()), (tables.segments, batch.segments())]
    {
        rows::check("embedding", table.shape().0, ids)?;
    }
    Ok(())
}

/// The composed form of [`Backend::embed`](super::backend::Backend::embed).
///
/// # Errors
/// As there.
pub fn composed<D: Device<f32>, T: Tape<f32, D>>(
    tables: &Tables<'_, D>,
    batch: &PackedBatch,
    tape: T,
) -> Result<Matrix<D, T>, Error> {
    check(tables, batch)?;
    let gather = |table: &Matrix<D>, ids: &[u32], tape: T| -> Result<Matrix<D, T>, Error> {
        let ids: Vec<usize> = ids.iter().map(|&id| id as usize).collect();
        let count = (ids.len(),);
        let ids = table.device().try_tensor_from_vec(ids, count).map_err(device)?;
        table.clone().put_tape(tape).try_gather(ids).map_err(device)
    };
    let words = gather(tables.words, batch.tokens(), tape)?;
    let positions = gather(tables.positions, batch.positions(), T::default())?;
    let segments = gather(tables.segments, batch.segments(), T::default())?;
    words.try_add(positions).map_err(device)?.try_add(segments).map_err(device)
}
