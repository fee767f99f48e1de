//! The exact GELU.

use std::f32::consts::TAU;

use dfdx::prelude::{
    Cpu, HasShape, PutTape, ReshapeTo, SplitTape, Tape, TensorFromVec, TryAdd, TryDiv, TryMul, TrySub,
};
use rayon::prelude::*;

use super::take_gradient;
use crate::error::device;
use crate::kernels::{math, vectorized};
use crate::view::slice;
use crate::{Backend, Error, Matrix};

/// Elements that one thread works on at a time.
const BLOCK: usize = 1 << 13;

/// The composed form of [`Backend::gelu`].
///
/// dfdx 0.13's `accurate_gelu` has the right value but a wrong derivative (its normal density lacks a factor √½), so
/// the derivative `Φ(x) + x φ(x)` is given here: `(x - c) Φ'(c) + gelu(c)` at `c = x` has both.
///
/// # Errors
/// As there.
pub fn composed<D: Backend, T: Tape<f32, D>>(x: Matrix<D, T>) -> Result<Matrix<D, T>, Error> {
    let here: Matrix<D> = x.retaped();
    let value = here.clone().try_accurate_gelu().map_err(device)?;
    if !T::OWNS_TAPE {
        let (_, tape) = x.split_tape();
        return Ok(value.put_tape(tape));
    }
    let share = value.clone().try_div(here.clone()).map_err(device)?.try_nans_to(0.5f32).map_err(device)?;
    let density = here.clone().try_square().map_err(device)?.try_mul(-0.5f32).map_err(device)?;
    let density = density.try_exp().map_err(device)?.try_mul(1.0 / TAU.sqrt()).map_err(device)?;
    let copy = here.clone().try_mul(1.0f32).map_err(device)?;
    let slope = share.try_add(density.try_mul(here).map_err(device)?).map_err(device)?;
    x.try_sub(copy).map_err(device)?.try_mul(slope).map_err(device)?.try_add(value).map_err(device)
}

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
            let d = take_gradient!(grads, &y_ghost);
            let d_x = &mut ***grads.get_or_alloc_mut(&x)?;
            let blocks = d_x.par_chunks_mut(BLOCK).zip(d.par_chunks(BLOCK)).zip(slice(&x).par_chunks(BLOCK));
            blocks.for_each(|((d_x, d), x)| {
                vectorized(
                    #[inline(always)]
                    || {
                        for ((d_x, d), x) in d_x.iter_mut().zip(d).zip(x) {
                            *d_x += d * math::gelu_slope(*x).0;
                        }
                    },
                );
            });
            Ok(())
        });
    }
    Ok(y.put_tape(tape))
}
