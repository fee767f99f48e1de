//! The exact GELU.

use dfdx::prelude::Tape;

use crate::error::device;
use crate::{Backend, Error, Matrix};

pub(crate) fn composed<D: Backend, T: Tape<f32, D>>(x: Matrix<D, T>) -> Result<Matrix<D, T>, Error> {
    x.try_accurate_gelu().map_err(device)
}
