//! The loss over a whole vocabulary.

use dfdx::prelude::{Cpu, HasShape, PutTape, ReshapeTo, SplitTape, Tape, TensorFromVec};

use super::take_gradient;
use crate::error::device;
use crate::kernels::columns::add_all;
use crate::kernels::pool;
use crate::kernels::vocabulary::{Gradients, Problem};
use crate::view::slice;
use crate::{Backend, Error, Matrix, Scalar, Vector};

/// The composed form of [`Backend::vocabulary_cross_entropy`].
///
/// # Errors
/// As there.
pub fn composed<D: Backend, T: Tape<f32, D>>(
    x: Matrix<D, T>,
    weight: &Matrix<D>,
    bias: &Vector<D>,
    targets: &[u32],
) -> Result<Scalar<D, T>, Error> {
    super::cross_entropy::check("vocabulary_cross_entropy", (x.shape().0, weight.shape().0), targets)?;
    super::cross_entropy::composed(super::linear::composed(x, weight, Some(bias))?, targets)
}

/// A slice of the vocabulary at a time; exponentials are kept for the backward pass, or computed again where they are many.
pub(crate) fn fused<T: Tape<f32, Cpu>>(
    x: Matrix<Cpu, T>,
    weight: &Matrix<Cpu>,
    bias: &Vector<Cpu>,
    targets: &[u32],
) -> Result<Scalar<Cpu, T>, Error> {
    let (n, h) = *x.shape();
    let v = weight.shape().0;
    super::linear::check(&x, weight, Some(bias))?;
    super::cross_entropy::check("vocabulary_cross_entropy", (n, v), targets)?;
    let (x, mut tape) = x.try_contiguous().map_err(device)?.split_tape();
    if targets.is_empty() {
        return Ok(x.device().try_tensor_from_vec(vec![0.0], ()).map_err(device)?.put_tape(tape));
    }
    let problem = Problem { x: slice(&x), weight: slice(weight), bias: slice(bias), targets };
    let (loss, denominators) = problem.loss(T::OWNS_TAPE);
    let out = x.device().try_tensor_from_vec(vec![loss as f32], ()).map_err(device)?;
    if T::OWNS_TAPE {
        let (out_ghost, weight, bias, targets) = (out.ghost(), weight.clone(), bias.clone(), targets.to_vec());
        tape.add_backward_op(move |grads| {
            let scale = take_gradient!(grads, &out_ghost)[0];
            let mut d_weight = take_gradient!(grads, &weight);
            let mut d_bias = take_gradient!(grads, &bias);
            let mut d_x = pool::take(n * h);
            d_x.fill(0.0);
            let problem = Problem { x: slice(&x), weight: slice(&weight), bias: slice(&bias), targets: &targets };
            problem.backward(scale, denominators, Gradients { x: &mut d_x, weight: &mut d_weight, bias: &mut d_bias });
            add_all(grads.get_or_alloc_mut(&x)?, &d_x);
            **grads.get_or_alloc_mut(&weight)? = d_weight;
            **grads.get_or_alloc_mut(&bias)? = d_bias;
            Ok(())
        });
    }
    Ok(out.put_tape(tape))
}
