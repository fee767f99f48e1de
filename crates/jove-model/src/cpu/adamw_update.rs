//! AdamW in one pass over parameter, gradient and moments.

use dfdx::prelude::{Cpu, Shape, Tensor};
use rayon::prelude::*;

use super::kernels::vectorized::vectorized;
use crate::error::{Error, device};
use crate::ops::adamw_update::{Moments, Rates};
use crate::tensors::Gradients;
use crate::view::slice_mut;

/// Numbers that one thread updates at a time.
const BLOCK: usize = 1 << 14;

pub(crate) fn fused<S: Shape>(
    parameter: &mut Tensor<S, f32, Cpu>,
    gradients: &mut Gradients<Cpu>,
    moments: &mut Moments<Cpu>,
    rates: &Rates,
) -> Result<(), Error> {
    let gradient = &mut ***gradients.get_or_alloc_mut(parameter).map_err(device)?;
    let step = Step::new(rates);
    let (first, second) = (slice_mut(&mut moments.first), slice_mut(&mut moments.second));
    slice_mut(parameter)
        .par_chunks_mut(BLOCK)
        .zip(gradient.par_chunks_mut(BLOCK))
        .zip(first.par_chunks_mut(BLOCK).zip(second.par_chunks_mut(BLOCK)))
        .for_each(|((p, g), (m, v))| {
            vectorized(
                #[inline(always)]
                || step.update(p, g, m, v),
            );
        });
    Ok(())
}

/// The factors of an update in single precision.
struct Step {
    beta1: f32,
    beta2: f32,
    scale: f32,
    keep: f32,
    rate: f32,
    inverse_root: f32,
    epsilon: f32,
}

impl Step {
    fn new(rates: &Rates) -> Self {
        let (first, second) = rates.corrections();
        Self {
            beta1: rates.constants.beta1 as f32,
            beta2: rates.constants.beta2 as f32,
            scale: rates.scale as f32,
            keep: (1.0 - rates.learning_rate * rates.constants.weight_decay) as f32,
            rate: (rates.learning_rate * first) as f32,
            inverse_root: second.sqrt() as f32,
            epsilon: rates.constants.epsilon as f32,
        }
    }

    #[inline(always)]
    fn update(&self, p: &mut [f32], g: &mut [f32], m: &mut [f32], v: &mut [f32]) {
        for (((p, g), m), v) in p.iter_mut().zip(g).zip(m).zip(v) {
            let scaled = *g * self.scale;
            *g = 0.0;
            *m = self.beta1.mul_add(*m, (1.0 - self.beta1) * scaled);
            *v = self.beta2.mul_add(*v, (1.0 - self.beta2) * scaled * scaled);
            let root = v.sqrt().mul_add(self.inverse_root, self.epsilon);
            *p = self.keep.mul_add(*p, -self.rate * *m / root);
        }
    }
}
