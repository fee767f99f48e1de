//! `x wᵀ + b`: the product in tiles on all threads; the bias is added while a tile is in the cache.

use dfdx::prelude::{Cpu, HasShape, PutTape, ReshapeTo, SplitTape, Tape, TensorFromVec};

use super::gradient::take_gradient;
use super::kernels::columns;
use super::kernels::matmul::{matmul, matmul_then};
use super::kernels::vectorized::vectorized;
use crate::error::{Error, device};
use crate::ops::linear::check;
use crate::tensors::{Matrix, Vector};
use crate::view::{Part, View, slice};

pub(crate) fn fused<T: Tape<f32, Cpu>>(
    x: Matrix<Cpu, T>,
    weight: &Matrix<Cpu>,
    bias: Option<&Vector<Cpu>>,
) -> Result<Matrix<Cpu, T>, Error> {
    check(&x, weight, bias)?;
    let (x, mut tape) = x.try_contiguous().map_err(device)?.split_tape();
    let ((n, k), out) = (*x.shape(), weight.shape().0);
    let mut y = vec![0.0; n * out];
    forward(slice(&x), slice(weight), bias.map(slice), &mut y, (n, k, out));
    let y = x.device().try_tensor_from_vec(y, (n, out)).map_err(device)?;
    if T::OWNS_TAPE {
        let (y_ghost, weight, bias) = (y.ghost(), weight.clone(), bias.cloned());
        tape.add_backward_op(move |grads| {
            let grad_out = take_gradient!(grads, &y_ghost);
            let grad_out = View::new(&grad_out, n, out);
            matmul(
                Part::new(grads.get_or_alloc_mut(&weight)?, out, k),
                grad_out.transposed(),
                View::new(slice(&x), n, k),
                true,
            );
            matmul(Part::new(grads.get_or_alloc_mut(&x)?, n, k), grad_out, View::new(slice(&weight), out, k), true);
            if let Some(bias) = &bias {
                columns::add_sums(grads.get_or_alloc_mut(bias)?, grad_out.data());
            }
            Ok(())
        });
    }
    Ok(y.put_tape(tape))
}

/// `y = x wᵀ + b` for sizes `(n, in, out)`.
pub(crate) fn forward(
    x: &[f32],
    weight: &[f32],
    bias: Option<&[f32]>,
    y: &mut [f32],
    (n, k, out): (usize, usize, usize),
) {
    let (x, weight) = (View::new(x, n, k), View::new(weight, out, k).transposed());
    matmul_then(Part::new(y, n, out), x, weight, false, |tile, _, _, column| {
        let Some(bias) = bias else { return };
        vectorized(
            #[inline(always)]
            || {
                for r in 0..tile.rows() {
                    let row = tile.row_mut(r);
                    columns::add(row, &bias[column..column + row.len()]);
                }
            },
        );
    });
}
