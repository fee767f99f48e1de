//! The exact GELU in blocks on all threads.

use dfdx::prelude::{Cpu, HasShape, PutTape, ReshapeTo, SplitTape, Tape, TensorFromVec};
use rayon::prelude::*;

use super::gradient::take_gradient;
use super::kernels::math;
use super::kernels::vectorized::vectorized;
use crate::error::{Error, device};
use crate::tensors::Matrix;
use crate::view::slice;

/// Elements that one thread works on at a time.
const BLOCK: usize = 1 << 13;

pub(crate) fn fused<T: Tape<f32, Cpu>>(x: Matrix<Cpu, T>) -> Result<Matrix<Cpu, T>, Error> {
    let (x, mut tape) = x.try_contiguous().map_err(device)?.split_tape();
    let mut y = vec![0.0; slice(&x).len()];
    y.par_chunks_mut(BLOCK).zip(slice(&x).par_chunks(BLOCK)).for_each(|(y, x)| {
        vectorized(
            #[inline(always)]
            || y.iter_mut().zip(x).for_each(|(y, x)| *y = math::gelu(*x)),
        );
    });
    let y = x.device().try_tensor_from_vec(y, *x.shape()).map_err(device)?;
    if T::OWNS_TAPE {
        let y_ghost = y.ghost();
        tape.add_backward_op(move |grads| {
            let grad_out = take_gradient!(grads, &y_ghost);
            let grad_x = &mut ***grads.get_or_alloc_mut(&x)?;
            let blocks = grad_x.par_chunks_mut(BLOCK).zip(grad_out.par_chunks(BLOCK)).zip(slice(&x).par_chunks(BLOCK));
            blocks.for_each(|((grad_x, grad_out), x)| {
                vectorized(
                    #[inline(always)]
                    || {
                        for ((grad_x, grad_out), x) in grad_x.iter_mut().zip(grad_out).zip(x) {
                            *grad_x += grad_out * math::gelu_slope(*x).0;
                        }
                    },
                );
            });
            Ok(())
        });
    }
    Ok(y.put_tape(tape))
}
