//! Rows of a matrix by number.

use dfdx::prelude::{Cpu, GatherTo, HasShape, PutTape, ReshapeTo, SplitTape, Tape, TensorFromVec};

use super::take_gradient;
use crate::error::device;
use crate::kernels::pool::{self, Buffer};
use crate::kernels::{columns, vectorized};
use crate::view::slice;
use crate::{Backend, Error, Matrix};

pub(crate) fn check(op: &'static str, rows: usize, positions: &[u32]) -> Result<(), Error> {
    match positions.iter().find(|&&p| p as usize >= rows) {
        Some(beyond) => Err(Error::shape(op, format!("rows below {rows}"), beyond.to_string())),
        None => Ok(()),
    }
}

/// The composed form of [`Backend::rows`].
///
/// # Errors
/// As there.
pub fn composed<D: Backend, T: Tape<f32, D>>(x: Matrix<D, T>, positions: &[u32]) -> Result<Matrix<D, T>, Error> {
    check("rows", x.shape().0, positions)?;
    let index: Vec<usize> = positions.iter().map(|&p| p as usize).collect();
    let count = (index.len(),);
    let index = x.device().try_tensor_from_vec(index, count).map_err(device)?;
    x.try_gather(index).map_err(device)
}

pub(crate) fn fused<T: Tape<f32, Cpu>>(x: Matrix<Cpu, T>, positions: &[u32]) -> Result<Matrix<Cpu, T>, Error> {
    let (rows, width) = *x.shape();
    check("rows", rows, positions)?;
    let (x, mut tape) = x.try_contiguous().map_err(device)?.split_tape();
    let source = slice(&x);
    let y = positions.iter().flat_map(|&p| &source[p as usize * width..][..width]).copied().collect();
    let y = x.device().try_tensor_from_vec(y, (positions.len(), width)).map_err(device)?;
    if T::OWNS_TAPE {
        let (x_ghost, y_ghost, positions) = (x.ghost(), y.ghost(), positions.to_vec());
        tape.add_backward_op(move |grads| {
            let d = take_gradient!(grads, &y_ghost);
            let d_x = &mut ***grads.get_or_alloc_mut(&x_ghost)?;
            scatter(d_x, &positions, &d, width);
            Ok(())
        });
    }
    Ok(y.put_tape(tape))
}

/// The rows of `[rows, width]` numbers that stand at `positions`.
pub(crate) fn pick(x: &[f32], positions: &[u32], width: usize) -> Buffer {
    let mut picked = pool::take(positions.len() * width);
    for (row, &p) in picked.chunks_exact_mut(width).zip(positions) {
        row.copy_from_slice(&x[p as usize * width..][..width]);
    }
    picked
}

/// Adds each row of `d` to the row of `table` that it came from.
pub(crate) fn scatter(table: &mut [f32], positions: &[u32], d: &[f32], width: usize) {
    vectorized(
        #[inline(always)]
        || {
            for (&p, d) in positions.iter().zip(d.chunks_exact(width)) {
                columns::add(&mut table[p as usize * width..][..width], d);
            }
        },
    );
}
