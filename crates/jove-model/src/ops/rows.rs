//! Rows of a matrix by number.

use dfdx::prelude::{Device, GatherTo, HasShape, Tape};

use crate::error::{Error, device};
use crate::tensors::Matrix;

pub(crate) fn check(op: &'static str, rows: usize, positions: &[u32]) -> Result<(), Error> {
    match positions.iter().find(|&&p| p as usize >= rows) {
        Some(beyond) => Err(Error::shape(op, format!("rows below {rows}"), beyond.to_string())),
        None => Ok(()),
    }
}

/// The composed form of [`Backend::rows`](super::backend::Backend::rows).
///
/// # Errors
/// As there.
pub fn composed<D: Device<f32>, T: Tape<f32, D>>(x: Matrix<D, T>, positions: &[u32]) -> Result<Matrix<D, T>, Error> {
    check("rows", x.shape().0, positions)?;
    let index: Vec<usize> = positions.iter().map(|&p| p as usize).collect();
    let count = (index.len(),);
    let index = x.device().try_tensor_from_vec(index, count).map_err(device)?;
    x.try_gather(index).map_err(device)
}

/// The numbers of `rows` in ascending order, each once; `None` if there are none, or one is not below `count`.
pub(crate) fn selected(count: usize, rows: &[u32]) -> Option<Vec<u32>> {
    let mut selected = rows.to_vec();
    selected.sort_unstable();
    selected.dedup();
    selected.last().is_some_and(|&last| (last as usize) < count).then_some(selected)
}
