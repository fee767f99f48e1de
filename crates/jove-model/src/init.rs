//! Starting weights.

use dfdx::prelude::Device;
use jove_core::{Purpose, Seed};
use rand::Rng as _;
use rayon::prelude::*;

use crate::error::{Error, device};
use crate::parameters::Parameter;
use crate::tensors::{Matrix, Vector};

/// Numbers drawn from one random stream.
const BLOCK: usize = 1 << 14;

/// `[rows, columns]` drawn from a normal distribution around 0. Depends on the seed and the parameter's name, not on
/// what was drawn before.
pub(crate) fn normal<D: Device<f32>>(
    dev: &D,
    (rows, columns): (usize, usize),
    deviation: f64,
    seed: Seed,
    name: &str,
) -> Result<Matrix<D>, Error> {
    let mut values = vec![0.0f32; rows * columns];
    let stream = fnv1a(name);
    values.par_chunks_mut(BLOCK).enumerate().for_each(|(block, values)| {
        let mut rng = seed.rng(Purpose::Init, stream, block as u64);
        for pair in values.chunks_mut(2) {
            let (a, b) = (unit(rng.next_u64()), unit(rng.next_u64()));
            let (radius, angle) = ((-2.0 * a.ln()).sqrt() * deviation, b * std::f64::consts::TAU);
            pair[0] = (radius * angle.cos()) as f32;
            if let Some(second) = pair.get_mut(1) {
                *second = (radius * angle.sin()) as f32;
            }
        }
    });
    dev.try_tensor_from_vec(values, (rows, columns)).map_err(device)
}

/// `[length]`, all the same number.
pub(crate) fn constant<D: Device<f32>>(dev: &D, length: usize, value: f32) -> Result<Vector<D>, Error> {
    dev.try_tensor_from_vec(vec![value; length], (length,)).map_err(device)
}

/// A parameter drawn by [`normal`] under its own name.
pub(crate) fn normal_parameter<D: Device<f32>>(
    dev: &D,
    name: String,
    sizes: (usize, usize),
    deviation: f64,
    seed: Seed,
) -> Result<Parameter<Matrix<D>>, Error> {
    Ok(Parameter { value: normal(dev, sizes, deviation, seed, &name)?, name })
}

/// A parameter whose numbers are all the same.
pub(crate) fn constant_parameter<D: Device<f32>>(
    dev: &D,
    name: String,
    length: usize,
    value: f32,
) -> Result<Parameter<Vector<D>>, Error> {
    Ok(Parameter { name, value: constant(dev, length, value)? })
}

/// In (0, 1].
fn unit(bits: u64) -> f64 {
    ((bits >> 11) + 1) as f64 / (1u64 << 53) as f64
}

fn fnv1a(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use dfdx::prelude::Cpu;

    use super::*;

    #[test]
    fn weights_have_the_deviation_asked_for() {
        let weights = normal(&Cpu::default(), (300, 301), 0.02, Seed(5), "a.weight").unwrap().as_vec();
        let mean = weights.iter().sum::<f32>() / weights.len() as f32;
        let deviation = (weights.iter().map(|w| w * w).sum::<f32>() / weights.len() as f32).sqrt();
        assert!(mean.abs() < 2e-4 && (deviation - 0.02).abs() < 2e-4, "{mean} {deviation}");
    }

    #[test]
    fn weights_depend_on_seed_and_name() {
        let draw = |seed, name| normal(&Cpu::default(), (2, 3), 1.0, Seed(seed), name).unwrap().as_vec();
        assert_eq!(draw(1, "a"), draw(1, "a"));
        assert_ne!(draw(1, "a"), draw(2, "a"));
        assert_ne!(draw(1, "a"), draw(1, "b"));
    }
}
