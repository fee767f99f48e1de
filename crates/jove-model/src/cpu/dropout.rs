//! Dropout in place on all threads; nothing is kept for the backward pass.

use dfdx::prelude::{Cpu, HasShape, PutTape, ReshapeTo, SplitTape, Tape, TensorFromVec};

use super::gradient::take_gradient;
use super::kernels::columns::add_all;
use super::kernels::layer_norm::apply_mask;
use crate::dropout::DropMask;
use crate::error::{Error, device};
use crate::tensors::Matrix;
use crate::view::slice;

pub(crate) fn fused<T: Tape<f32, Cpu>>(x: Matrix<Cpu, T>, mask: Option<DropMask>) -> Result<Matrix<Cpu, T>, Error> {
    let Some(mask) = mask else { return Ok(x) };
    let (x, mut tape) = x.try_contiguous().map_err(device)?.split_tape();
    let shape = *x.shape();
    let mut y = slice(&x).to_vec();
    apply_mask(&mut y, shape.1, mask.of_rows(None));
    let y = x.device().try_tensor_from_vec(y, shape).map_err(device)?;
    if T::OWNS_TAPE {
        let (x_ghost, y_ghost) = (x.ghost(), y.ghost());
        tape.add_backward_op(move |grads| {
            let mut grad_out = take_gradient!(grads, &y_ghost);
            apply_mask(&mut grad_out, shape.1, mask.of_rows(None));
            add_all(grads.get_or_alloc_mut(&x_ghost)?, &grad_out);
            Ok(())
        });
    }
    Ok(y.put_tape(tape))
}
