//! A temperature that is learned.

use dfdx::prelude::{Axes2, Axis, BroadcastTo as _, HasShape as _, SumTo as _, Tape, TryMul as _};
use jove_model::{Backend, Matrix, Parameter, Vector, parameters};

use crate::Error;
use crate::contrast::device_failed;

/// The most that logits are multiplied by: 1 over the lowest temperature.
pub const SCALE_MAX: f32 = 100.0;

/// The temperature of a contrast as a parameter: the natural logarithm of what cosines are multiplied by, kept between 0
/// and ln 100 by [`Temperature::clamp`] after every update. Learning Transferable Visual Models From Natural Language
/// Supervision (CLIP), arXiv 2103.00020, section 2.3.
#[derive(Clone, Debug)]
pub struct Temperature<D: Backend> {
    log_scale: Parameter<Vector<D>>,
}

impl<D: Backend> Temperature<D> {
    /// A parameter `name` that begins at a temperature, which is above 0.
    ///
    /// # Errors
    /// If the device fails.
    pub fn new(dev: &D, name: impl Into<String>, temperature: f32) -> Result<Self, Error> {
        let start = (1.0 / temperature).ln().clamp(0.0, SCALE_MAX.ln());
        let log_scale = dev.try_tensor_from_vec(vec![start], (1,)).map_err(device_failed)?;
        Ok(Self { log_scale: Parameter { name: name.into(), value: log_scale } })
    }

    /// The temperature as it stands.
    pub fn value(&self) -> f32 {
        (-self.logarithm()).exp()
    }

    /// `x / temperature`, recorded on the tape of `x`.
    ///
    /// # Errors
    /// If the device fails.
    pub fn divide<T: Tape<f32, D>>(&self, x: Matrix<D, T>) -> Result<Matrix<D, T>, Error> {
        let shape = *x.shape();
        let scale = self.log_scale.value.retaped::<T>().try_exp().map_err(device_failed)?;
        let scale = scale.try_sum::<(), Axis<0>>().map_err(device_failed)?;
        let scale = scale.try_broadcast_like::<_, Axes2<0, 1>>(&shape).map_err(device_failed)?;
        x.try_mul(scale).map_err(device_failed)
    }

    /// Brings the parameter back into its bounds.
    pub fn clamp(&mut self) {
        let logarithm = self.logarithm();
        let bounded = logarithm.clamp(0.0, SCALE_MAX.ln());
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

#[cfg(test)]
mod tests {
    use dfdx::prelude::{AsArray as _, Cpu, TensorFromVec as _};
    use jove_model::ops::tape;

    use super::*;
    use crate::{Contrast, InfoNce};

    fn temperature(value: f32) -> Temperature<Cpu> {
        Temperature::new(&Cpu::default(), "jove.test.log_scale", value).unwrap()
    }

    fn loss(
        temperature: Option<&Temperature<Cpu>>,
        margin: f32,
        fixed: f32,
    ) -> jove_model::LossSum<Cpu, jove_model::OwnedTape<Cpu>> {
        let numbers = |shift: usize| (0..12).map(|i| ((i * 7 + shift) % 11) as f32 - 5.0).collect::<Vec<_>>();
        let matrix = |shift| Cpu::default().tensor_from_vec(numbers(shift), (4, 3));
        let form = InfoNce { contrast: Contrast { temperature: fixed, margin }, queue: None, temperature };
        form.loss(tape::start(&matrix(0)), matrix(4).retaped(), &[0, 1, 2, 3], |i, j| i + j != 4).unwrap()
    }

    #[test]
    fn a_learned_temperature_divides_as_a_fixed_one_does() {
        for value in [0.02, 0.3, 1.0] {
            let (learned, fixed) = (loss(Some(&temperature(value)), 0.2, 9.0).sum, loss(None, 0.2, value).sum);
            assert!((learned.array() - fixed.array()).abs() < 1e-4 * (1.0 + fixed.array()));
        }
    }

    #[test]
    fn its_gradient_equals_finite_differences() {
        for value in [0.1, 0.5] {
            let parameter = temperature(value);
            let mut gradients = tape::backward(loss(Some(&parameter), 0.1, 1.0).sum).unwrap();
            let found = tape::gradient(&parameter.log_scale, &mut gradients).unwrap()[0];
            let at = |shift: f32| f64::from(loss(Some(&temperature(value * (-shift).exp())), 0.1, 1.0).sum.array());
            let expected = (at(0.01) - at(-0.01)) / 0.02;
            assert!((f64::from(found) - expected).abs() < 0.01 * (1.0 + expected.abs()), "{found} {expected}");
        }
    }

    #[test]
    fn it_stays_within_its_bounds() {
        for (set, expected) in [(9.0, 0.01), (-3.0, 1.0), (1.0, (-1.0f32).exp())] {
            let mut temperature = temperature(0.5);
            temperature.visit_mut(&mut |mut parameter| parameter.copy_from(&[set]).unwrap());
            temperature.clamp();
            assert!((temperature.value() - expected).abs() < 1e-5);
        }
    }
}
