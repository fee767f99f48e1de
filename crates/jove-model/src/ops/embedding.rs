//! The sum of three embedding tables.

use dfdx::prelude::{Cpu, GatherTo, HasShape, PutTape, Tape, Tensor, TensorFromVec, TryAdd};
use rayon::prelude::*;

use super::take_gradient;
use crate::error::device;
use crate::kernels::columns;
use crate::view::slice;
use crate::{Backend, Error, Matrix, PackedBatch};

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
pub(crate) fn check<D: Backend>(tables: &Tables<'_, D>, batch: &PackedBatch) -> Result<(), Error> {
    for (table, ids) in
        [(tables.tokens, batch.tokens()), (tables.positions, batch.positions()), (tables.segments, batch.segments())]
    {
        super::rows::check("embedding", table.shape().0, ids)?;
    }
    Ok(())
}

/// The composed form of [`Backend::embed`].
///
/// # Errors
/// As there.
pub fn composed<D: Backend, T: Tape<f32, D>>(
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
    let tokens = gather(tables.tokens, batch.tokens(), tape)?;
    let positions = gather(tables.positions, batch.positions(), T::default())?;
    let segments = gather(tables.segments, batch.segments(), T::default())?;
    tokens.try_add(positions).map_err(device)?.try_add(segments).map_err(device)
}

/// Touches only the rows of the batch, forwards and backwards.
pub(crate) fn fused<T: Tape<f32, Cpu>>(
    tables: &Tables<'_, Cpu>,
    batch: &PackedBatch,
    mut tape: T,
) -> Result<Matrix<Cpu, T>, Error> {
    check(tables, batch)?;
    let (count, width) = (batch.token_count(), tables.tokens.shape().1);
    let mut x = vec![0.0; count * width];
    let sources = [tables.tokens, tables.positions, tables.segments].map(slice);
    let ids = [batch.tokens(), batch.positions(), batch.segments()];
    x.par_chunks_mut(width).enumerate().for_each(|(i, x)| {
        for (source, ids) in sources.iter().zip(ids) {
            columns::add(x, &source[ids[i] as usize * width..][..width]);
        }
    });
    let x = tables.tokens.device().try_tensor_from_vec(x, (count, width)).map_err(device)?;
    if T::OWNS_TAPE {
        let x_ghost = x.ghost();
        let tables = [tables.tokens, tables.positions, tables.segments].map(Tensor::ghost);
        let ids = ids.map(<[u32]>::to_vec);
        tape.add_backward_op(move |grads| {
            let d = take_gradient!(grads, &x_ghost);
            for (table, ids) in tables.iter().zip(&ids) {
                let gradient = &mut ***grads.get_or_alloc_mut(table)?;
                super::rows::scatter(gradient, ids, &d, width);
            }
            Ok(())
        });
    }
    Ok(x.put_tape(tape))
}
