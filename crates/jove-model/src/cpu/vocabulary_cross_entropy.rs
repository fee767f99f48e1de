//! The loss over a whole vocabulary, a slice of it at a time; exponentials are kept for the backward pass, or computed
//! again where they are many.

use dfdx::prelude::{Cpu, HasShape, PutTape, ReshapeTo, SplitTape, Tape, TensorFromVec};

use super::gradient::take_gradient;
use super::kernels::columns::add_all;
use super::kernels::pool;
use super::kernels::vocabulary_loss::{Gradients, Problem};
use crate::error::{Error, device};
use crate::ops::{cross_entropy, linear};
use crate::tensors::{Matrix, Scalar, Vector};
use crate::view::slice;

pub(crate) fn fused<T: Tape<f32, Cpu>>(
    x: Matrix<Cpu, T>,
    weight: &Matrix<Cpu>,
    bias: &Vector<Cpu>,
    targets: &[u32],
) -> Result<Scalar<Cpu, T>, Error> {
    let (n, h) = *x.shape();
    let v = weight.shape().0;
    linear::check(&x, weight, Some(bias))?;
    cross_entropy::check("vocabulary_cross_entropy", (n, v), targets)?;
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
            let mut grad_weight = take_gradient!(grads, &weight);
            let mut grad_bias = take_gradient!(grads, &bias);
            let mut grad_x = pool::take(n * h);
            grad_x.fill(0.0);
            let problem = Problem { x: slice(&x), weight: slice(&weight), bias: slice(&bias), targets: &targets };
            problem.backward(
                scale,
                denominators,
                Gradients { x: &mut grad_x, weight: &mut grad_weight, bias: &mut grad_bias },
            );
            add_all(grads.get_or_alloc_mut(&x)?, &grad_x);
            **grads.get_or_alloc_mut(&weight)? = grad_weight;
            **grads.get_or_alloc_mut(&bias)? = grad_bias;
            Ok(())
        });
    }
    Ok(out.put_tape(tape))
}
