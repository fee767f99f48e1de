//! Rows of a matrix by number.

use dfdx::prelude::{GatherTo, HasShape, Tape};

use crate::error::device;
use crate::{Backend, Error, Matrix};

pub(crate) fn check(op: &'static str, rows: usize, positions: &[u32]) -> Result<(), Error> {
    match positions.iter().find(|&&p| p as usize >= rows) {
        Some(beyond) => Err(Error::shape(op, format!("rows below {rows}"), beyond.to_string())),
        None => Ok(()),
    }
}

pub(crate) fn composed<D: Backend, T: Tape<f32, D>>(x: Matrix<D, T>, positions: &[u32]) -> Result<Matrix<D, T>, Error> {
    check("rows", x.shape().0, positions)?;
    let index: Vec<usize> = positions.iter().map(|&p| p as usize).collect();
    let count = (index.len(),);
    let index = x.device().try_tensor_from_vec(index, count).map_err(device)?;
    x.try_gather(index).map_err(device)
}
