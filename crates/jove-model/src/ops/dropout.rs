//! Dropout with masks that can be computed for any element in any order.

use dfdx::prelude::{Cpu, HasShape, PutTape, ReshapeTo, SplitTape, Tape, TensorFromVec, TryMul};

use super::take_gradient;
use crate::error::device;
use crate::kernels::columns::add_all;
use crate::kernels::norm;
use crate::view::slice;
use crate::{Backend, DropMask, Error, Matrix};

/// The composed form of [`Backend::dropout`].
///
/// Multiplies by a mask made on the host.
///
/// # Errors
/// As there.
pub fn composed<D: Backend, T: Tape<f32, D>>(x: Matrix<D, T>, mask: Option<DropMask>) -> Result<Matrix<D, T>, Error> {
    composed_rows(x, mask, None)
}

/// [`composed`] for a matrix that holds only some of the masked rows, those numbered `rows`.
pub(crate) fn composed_rows<D: Backend, T: Tape<f32, D>>(
    x: Matrix<D, T>,
    mask: Option<DropMask>,
    rows: Option<&[u32]>,
) -> Result<Matrix<D, T>, Error> {
    let Some(mask) = mask else { return Ok(x) };
    let shape = *x.shape();
    let factors =
        x.device().try_tensor_from_vec(mask.of_rows(rows).factors(shape.0, shape.1), shape).map_err(device)?;
    x.try_mul(factors).map_err(device)
}

pub(crate) fn fused<T: Tape<f32, Cpu>>(x: Matrix<Cpu, T>, mask: Option<DropMask>) -> Result<Matrix<Cpu, T>, Error> {
    let Some(mask) = mask else { return Ok(x) };
    let (x, mut tape) = x.try_contiguous().map_err(device)?.split_tape();
    let shape = *x.shape();
    let mut y = slice(&x).to_vec();
    norm::apply_mask(&mut y, shape.1, mask.of_rows(None));
    let y = x.device().try_tensor_from_vec(y, shape).map_err(device)?;
    if T::OWNS_TAPE {
        let (x_ghost, y_ghost) = (x.ghost(), y.ghost());
        tape.add_backward_op(move |grads| {
            let mut d = take_gradient!(grads, &y_ghost);
            norm::apply_mask(&mut d, shape.1, mask.of_rows(None));
            add_all(grads.get_or_alloc_mut(&x_ghost)?, &d);
            Ok(())
        });
    }
    Ok(y.put_tape(tape))
}
