//! The sum of three embedding tables.

use dfdx::prelude::{GatherTo, HasShape, PutTape, Tape, TryAdd};

use crate::error::device;
use crate::{Backend, Error, Matrix, Sequences};

/// The embedding tables.
#[derive(Clone, Copy, Debug)]
pub struct Tables<'a, D: Backend> {
    /// `[v, h]`.
    pub tokens: &'a Matrix<D>,
    /// `[positions, h]`.
    pub positions: &'a Matrix<D>,
    /// `[segments, h]`.
    pub segments: &'a Matrix<D>,
}

/// Every id must be a row of its table: dfdx does not check on every device.
pub(crate) fn check<D: Backend>(tables: &Tables<'_, D>, batch: &Sequences) -> Result<(), Error> {
    for (table, ids) in
        [(tables.tokens, batch.tokens()), (tables.positions, batch.positions()), (tables.segments, batch.segments())]
    {
        super::rows::check("embedding", table.shape().0, ids)?;
    }
    Ok(())
}

pub(crate) fn composed<D: Backend, T: Tape<f32, D>>(
    tables: &Tables<'_, D>,
    batch: &Sequences,
    tape: T,
) -> Result<Matrix<D, T>, Error> {
    check(tables, batch)?;
    let gather = |table: &Matrix<D>, ids: &[u32], tape: T| -> Result<Matrix<D, T>, Error> {
        let ids: Vec<usize> = ids.iter().map(|&id| id as usize).collect();
        let count = (ids.len(),);
        let ids = table.device().try_tensor_from_vec(ids, count).map_err(device)?;
        table.clone().put_tape(tape).try_gather(ids).map_err(device)
    };
    let tokens = gather(tables.tokens, batch.tokens(), tape)?;
    let positions = gather(tables.positions, batch.positions(), T::default())?;
    let segments = gather(tables.segments, batch.segments(), T::default())?;
    tokens.try_add(positions).map_err(device)?.try_add(segments).map_err(device)
}
