//! Softmax cross entropy against one target for each row.

use dfdx::prelude::{Axis, Device, HasShape, PutTape, SelectTo, SplitTape, SumTo, Tape};

use crate::error::{Error, device};
use crate::tensors::{Matrix, Scalar};

pub(crate) fn check(op: &'static str, (rows, columns): (usize, usize), targets: &[u32]) -> Result<(), Error> {
    if targets.len() != rows {
        return Err(Error::shape(op, format!("{rows} targets"), targets.len().to_string()));
    }
    match targets.iter().find(|&&t| t as usize >= columns) {
        Some(beyond) => Err(Error::shape(op, format!("targets below {columns}"), beyond.to_string())),
        None => Ok(()),
    }
}

/// The composed form of [`Backend::cross_entropy`](super::backend::Backend::cross_entropy).
///
/// # Errors
/// As there.
pub fn composed<D: Device<f32>, T: Tape<f32, D>>(x: Matrix<D, T>, targets: &[u32]) -> Result<Scalar<D, T>, Error> {
    check("cross_entropy", *x.shape(), targets)?;
    if targets.is_empty() {
        let (x, tape) = x.split_tape();
        return Ok(x.device().try_tensor_from_vec(vec![0.0], ()).map_err(device)?.put_tape(tape));
    }
    let index: Vec<usize> = targets.iter().map(|&t| t as usize).collect();
    let index = x.device().try_tensor_from_vec(index, (targets.len(),)).map_err(device)?;
    let log_probabilities = x.try_log_softmax::<Axis<1>>().map_err(device)?;
    let chosen = log_probabilities.try_select::<(usize,), _>(index).map_err(device)?;
    chosen.try_sum::<(), Axis<0>>().map_err(device)?.try_negate().map_err(device)
}
