//! Several objectives on one forward pass, and several batches on one set of gradients.
//!
//! dfdx keeps the recorded operators inside the tensor that came out of them. To feed one hidden state to two
//! objectives, [`fork`] it: one copy keeps the tape, the other gets an empty one. Every operator remembers when it ran,
//! and adding the two losses merges their tapes, so one backward pass visits all operators in the right order and the
//! gradients of both objectives add up in the shared hidden state.

use dfdx::prelude::{Backward, Device, Merge, PutTape, Shape, SplitTape, Tape, Tensor, Trace, TryAdd, TryMul};

use crate::error::{Error, device};
use crate::gradient::exchange;
pub use crate::gradient::gradient;
use crate::parameters::{Parameters, ValueRef};
use crate::tensors::{Gradients, OwnedTape, Scalar};

/// Two handles on the same values: the first keeps the tape, the second has an empty one of the same kind.
///
/// ```
/// use dfdx::prelude::{Cpu, Tensor, TensorFromVec};
/// use jove_model::{Backend, ops::tape};
///
/// let dev = Cpu::default();
/// let x = dev.tensor_from_vec(vec![1.0f32, 2.0, 3.0, 4.0], (2, 2));
/// let traced = tape::start(&x);
/// let (a, b) = tape::fork(traced);
/// let first = Cpu::cross_entropy(a, &[0, 1]).unwrap();
/// let second = Cpu::cross_entropy(b, &[1, 0]).unwrap();
/// let both = tape::add(tape::scale(first, 0.5).unwrap(), second).unwrap();
/// let mut gradients = tape::backward(both).unwrap();
/// assert_eq!(tape::gradient(&x, &mut gradients).unwrap().len(), 4);
/// ```
pub fn fork<S: Shape, D: Device<f32>, T: Tape<f32, D>>(
    x: Tensor<S, f32, D, T>,
) -> (Tensor<S, f32, D, T>, Tensor<S, f32, D, T>) {
    let (x, tape) = x.split_tape();
    let other = x.retaped::<T>();
    (x.put_tape(tape), other)
}

/// A handle on `x` that records operators on a new tape.
pub fn start<S: Shape, D: Device<f32>>(x: &Tensor<S, f32, D>) -> Tensor<S, f32, D, OwnedTape<D>> {
    x.retaped()
}

/// A new tape whose backward pass adds to `gradients`: for accumulation over several batches.
///
/// # Errors
/// If the device fails.
pub fn resume<D: Device<f32>>(dev: &D, gradients: Gradients<D>) -> Result<OwnedTape<D>, Error> {
    let anything = dev.try_tensor_from_vec(vec![0.0f32], ()).map_err(device)?;
    Ok(anything.traced(gradients).split_tape().1)
}

/// `a + b`; their tapes become one.
///
/// # Errors
/// If the device fails.
pub fn add<D: Device<f32>, T: Tape<f32, D> + Merge<R>, R: Tape<f32, D>>(
    a: Scalar<D, T>,
    b: Scalar<D, R>,
) -> Result<Scalar<D, T>, Error> {
    a.try_add(b).map_err(device)
}

/// `factor * x`, for a tensor of any shape.
///
/// # Errors
/// If the device fails.
pub fn scale<S: Shape, D: Device<f32>, T: Tape<f32, D>>(
    x: Tensor<S, f32, D, T>,
    factor: f32,
) -> Result<Tensor<S, f32, D, T>, Error> {
    x.try_mul(factor).map_err(device)
}

/// The value of a scalar.
pub fn value<D: Device<f32>, T>(x: &Scalar<D, T>) -> f32 {
    let mut out = [0.0];
    D::copy_into(x, &mut out);
    out[0]
}

/// Runs all recorded operators backwards.
///
/// # Errors
/// If the device fails.
pub fn backward<D: Device<f32>>(loss: Scalar<D, OwnedTape<D>>) -> Result<Gradients<D>, Error> {
    loss.try_backward().map_err(device)
}

/// Keeps the gradients of `model`'s parameters and drops all others. Pass the result to [`resume`] for the next batch:
/// to add to them, or, after an update has set them to 0, to use their memory again.
///
/// # Errors
/// If the device fails.
pub fn recycle<D: Device<f32>>(model: &impl Parameters<D>, mut gradients: Gradients<D>) -> Result<Gradients<D>, Error> {
    let mut kept = Gradients::leaky();
    let mut result = Ok(());
    model.visit(&mut |parameter| {
        if result.is_ok() {
            result = match parameter.value {
                ValueRef::Matrix(x) => exchange(x, &mut gradients, &mut kept),
                ValueRef::Vector(x) => exchange(x, &mut gradients, &mut kept),
            };
        }
    });
    result.map(|()| kept)
}
