//! Names for the tensors of this crate: single precision, sizes known at run time.

pub use dfdx::prelude::Cpu;
use dfdx::prelude::{Device, NoneTape, Rank0, Tensor};

/// `[rows, columns]`.
pub type Matrix<D, T = NoneTape> = Tensor<(usize, usize), f32, D, T>;

/// `[length]`.
pub type Vector<D, T = NoneTape> = Tensor<(usize,), f32, D, T>;

/// One number.
pub type Scalar<D, T = NoneTape> = Tensor<Rank0, f32, D, T>;

/// The gradients of one backward pass, by tensor.
pub type Gradients<D> = dfdx::prelude::Gradients<f32, D>;

/// A tape that records operators for the backward pass.
pub type OwnedTape<D> = dfdx::prelude::OwnedTape<f32, D>;

/// A loss as a sum and the number of its terms, so that the trainer divides once, over the whole accumulated batch.
#[derive(Debug)]
pub struct LossSum<D: Device<f32>, T = NoneTape> {
    /// The sum of the losses.
    pub sum: Scalar<D, T>,
    /// How many losses were added up.
    pub count: usize,
}
