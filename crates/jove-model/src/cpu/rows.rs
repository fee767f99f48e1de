//! Rows of a matrix by number, and the way back.

use dfdx::prelude::{Cpu, HasShape, PutTape, ReshapeTo, SplitTape, Tape, TensorFromVec};

use super::gradient::take_gradient;
use super::kernels::columns;
use super::kernels::pool::{self, Buffer};
use super::kernels::vectorized::vectorized;
use crate::error::{Error, device};
use crate::ops::rows::check;
use crate::tensors::Matrix;
use crate::view::slice;

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
            let grad_out = take_gradient!(grads, &y_ghost);
            let grad_x = &mut ***grads.get_or_alloc_mut(&x_ghost)?;
            scatter(grad_x, &positions, &grad_out, width);
            Ok(())
        });
    }
    Ok(y.put_tape(tape))
}

/// The rows of a `[rows, width]` matrix at `positions`.
pub(crate) fn pick(x: &[f32], positions: &[u32], width: usize) -> Buffer {
    let mut picked = pool::take(positions.len() * width);
    for (row, &p) in picked.chunks_exact_mut(width).zip(positions) {
        row.copy_from_slice(&x[p as usize * width..][..width]);
    }
    picked
}

/// Adds each row of `grad_out` to the row of `table` that it came from.
pub(crate) fn scatter(table: &mut [f32], positions: &[u32], grad_out: &[f32], width: usize) {
    vectorized(
        #[inline(always)]
        || {
            for (&p, grad_out) in positions.iter().zip(grad_out.chunks_exact(width)) {
                columns::add(&mut table[p as usize * width..][..width], grad_out);
            }
        },
    );
}
