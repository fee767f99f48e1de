//! The exact GELU.

use std::f32::consts::TAU;

use dfdx::prelude::{Device, PutTape, SplitTape, Tape, TryAdd, TryDiv, TryMul, TrySub};

use crate::error::{Error, device};
use crate::tensors::Matrix;

/// The composed form of [`Backend::gelu`](super::backend::Backend::gelu).
///
/// dfdx 0.13's `accurate_gelu` has the right value but a wrong derivative (its normal density lacks a factor √½), so
/// the derivative `Φ(x) + x φ(x)` is given here: `(x - c) Φ'(c) + gelu(c)` at `c = x` has both.
///
/// # Errors
/// As there.
pub fn composed<D: Device<f32>, T: Tape<f32, D>>(x: Matrix<D, T>) -> Result<Matrix<D, T>, Error> {
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
