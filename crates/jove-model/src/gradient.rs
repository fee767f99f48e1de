//! Gradients of single tensors.

use dfdx::prelude::{Device, HasShape, Shape, Storage, Tensor};

use crate::error::{Error, device};
use crate::tensors::Gradients;

/// A copy of the gradient of `x`, row by row; zeros if nothing reached it.
///
/// # Errors
/// If `x` is the output of an operator, whose gradient the backward pass has used up, or the device fails.
pub fn gradient<S: Shape, D: Device<f32>>(
    x: &Tensor<S, f32, D>,
    gradients: &mut Gradients<D>,
) -> Result<Vec<f32>, Error> {
    let found = Storage::<f32>::len(x.device(), gradients.get_or_alloc_mut(x).map_err(device)?);
    if found != x.shape().num_elements() {
        let expected = format!("the gradient of a parameter or an input, {} numbers", x.shape().num_elements());
        return Err(Error::shape("gradient", expected, format!("{found}: already used up")));
    }
    let copy = gradients.get(x);
    let mut out = vec![0.0; x.shape().num_elements()];
    D::copy_into(&copy, &mut out);
    Ok(out)
}

/// Moves the memory of one tensor's gradient from one set to another, in exchange for what is there.
pub(crate) fn exchange<S: Shape, D: Device<f32>>(
    x: &Tensor<S, f32, D>,
    from: &mut Gradients<D>,
    to: &mut Gradients<D>,
) -> Result<(), Error> {
    let target = to.get_or_alloc_mut(x).map_err(device)?;
    std::mem::swap(target, from.get_or_alloc_mut(x).map_err(device)?);
    Ok(())
}
