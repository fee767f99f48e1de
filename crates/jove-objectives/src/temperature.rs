//! A learned softmax temperature.

use dfdx::prelude::{Axes2, Axis, BroadcastTo as _, HasShape as _, SumTo as _, Tape, TryMul as _};
use jove_model::{Backend, Matrix, Parameter, Vector, parameters};

use crate::error::{Error, device_failed};

/// Largest logit scale: 1 / the lowest temperature.
const LOGIT_SCALE_MAX: f32 = 100.0;

/// A softmax temperature τ as a parameter: the logit scale `ln(1 / τ)`, which [`Temperature::clamp`] keeps in [0, ln 100], so
/// that τ stays in [0.01, 1]. Learning Transferable Visual Models From Natural Language Supervision (CLIP), arXiv 2103.00020,
/// section 2.3.
#[derive(Clone, Debug)]
pub struct Temperature<D: Backend> {
    log_scale: Parameter<Vector<D>>,
}

impl<D: Backend> Temperature<D> {
    /// A parameter `name` that begins at `temperature`, above 0 and clamped to [0.01, 1].
    ///
    /// # Errors
    /// Where the device fails.
    pub fn new(dev: &D, name: impl Into<String>, temperature: f32) -> Result<Self, Error> {
        let start = (1.0 / temperature).ln().clamp(0.0, LOGIT_SCALE_MAX.ln());
        let log_scale = dev.try_tensor_from_vec(vec![start], (1,)).map_err(device_failed)?;
        Ok(Self { log_scale: Parameter { name: name.into(), value: log_scale } })
    }

    /// The current temperature τ.
    pub fn value(&self) -> f32 {
        (-self.logarithm()).exp()
    }

    /// `x / τ`, recorded on the tape of `x`; the parameter gets a gradient.
    ///
    /// # Shapes
    /// `[m, n]` to `[m, n]`.
    ///
    /// # Errors
    /// Where the device fails.
    pub fn divide<T: Tape<f32, D>>(&self, x: Matrix<D, T>) -> Result<Matrix<D, T>, Error> {
        let shape = *x.shape();
        let scale = self.log_scale.value.retaped::<T>().try_exp().map_err(device_failed)?;
        let scale = scale.try_sum::<(), Axis<0>>().map_err(device_failed)?;
        let scale = scale.try_broadcast_like::<_, Axes2<0, 1>>(&shape).map_err(device_failed)?;
        x.try_mul(scale).map_err(device_failed)
    }

    /// Clamps τ to [0.01, 1]; call it after every optimizer step.
    pub fn clamp(&mut self) {
        let logarithm = self.logarithm();
        let bounded = logarithm.clamp(0.0, LOGIT_SCALE_MAX.ln());
        if bounded.to_bits() != logarithm.to_bits() {
            D::copy_from(&mut self.log_scale.value, &[bounded]);
        }
    }

    fn logarithm(&self) -> f32 {
        let mut out = [0.0];
        D::copy_into(&self.log_scale.value, &mut out);
        out[0]
    }
}

parameters!(impl<D: Backend> Temperature<D> { log_scale });
