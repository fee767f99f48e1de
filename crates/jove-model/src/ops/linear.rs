//! `x wᵀ + b`.

use dfdx::prelude::{
    Axes2, Axis, BroadcastTo, Cpu, HasShape, PermuteTo, PutTape, ReshapeTo, SplitTape, Tape, TensorFromVec, TryAdd,
    TryMatMul,
};

use super::take_gradient;
use crate::error::device;
use crate::kernels::matmul::{matmul, matmul_then};
use crate::kernels::{columns, vectorized};
use crate::view::{Part, View, slice};
use crate::{Backend, Error, Matrix, Vector};

pub(crate) fn check<D: Backend, T>(
    x: &Matrix<D, T>,
    weight: &Matrix<D>,
    bias: Option<&Vector<D>>,
) -> Result<(), Error> {
    let ((_, k), &(out, inner)) = (*x.shape(), weight.shape());
    if k != inner {
        return Err(Error::shape("linear", format!("rows of {inner}"), k.to_string()));
    }
    match bias {
        Some(bias) if bias.shape().0 != out => {
            Err(Error::shape("linear", format!("a bias of {out}"), bias.shape().0.to_string()))
        }
        _ => Ok(()),
    }
}

/// The composed form of [`Backend::linear`].
///
/// # Errors
/// As there.
pub fn composed<D: Backend, T: Tape<f32, D>>(
    x: Matrix<D, T>,
    weight: &Matrix<D>,
    bias: Option<&Vector<D>>,
) -> Result<Matrix<D, T>, Error> {
    check(&x, weight, bias)?;
    let transposed = weight.retaped::<T>().try_permute::<_, Axes2<1, 0>>().map_err(device)?;
    let y = x.try_matmul(transposed).map_err(device)?;
    let Some(bias) = bias else { return Ok(y) };
    let shape = *y.shape();
    let bias = bias.retaped::<T>().try_broadcast_like::<_, Axis<0>>(&shape).map_err(device)?;
    y.try_add(bias).map_err(device)
}

/// The product in tiles on all threads; the bias is added while a tile is in the cache.
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
            let d = take_gradient!(grads, &y_ghost);
            let d = View::new(&d, n, out);
            matmul(
                Part::new(grads.get_or_alloc_mut(&weight)?, out, k),
                d.transposed(),
                View::new(slice(&x), n, k),
                true,
            );
            matmul(Part::new(grads.get_or_alloc_mut(&x)?, n, k), d, View::new(slice(&weight), out, k), true);
            if let Some(bias) = &bias {
                columns::add_sums(grads.get_or_alloc_mut(bias)?, d.data());
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
