//! What the devices at hand are, and whether they compute what they should.

use dfdx::prelude::Cpu;
use jove_core::{ModelConfig, Purpose, Seed};
use rand::Rng as _;

use crate::bench::operators::{Form, Op, OpSizes, Operators};
use crate::cpu::limits::instruction_set;
use crate::error::Error;
use crate::masked_lm::MaskedLm;
use crate::ops::adamw::{self, AdamState};
use crate::ops::adamw_update::AdamW;
use crate::ops::backend::Backend;
use crate::ops::{norm, tape};
use crate::packed_batch::PackedBatch;
use crate::pass::Pass;
use crate::tensors::Gradients;

/// A device that models can live on.
#[derive(Clone, Debug)]
pub struct DeviceReport {
    /// What a run file calls it.
    pub device: &'static str,
    /// Facts about it: what, and the value.
    pub facts: Vec<(&'static str, String)>,
    /// The largest difference between its losses and the processor's composed ones over some training steps of a small
    /// model, relative to the loss.
    pub difference: f64,
    /// Milliseconds of one of these steps, the median.
    pub step_ms: f64,
    /// Every operator, and the largest difference between its value and gradients here and those of its composed form on
    /// the processor, see [`crate::bench::difference`].
    pub operators: Vec<(Op, f64)>,
    /// Operators that the processor has a fused form of, but that run in their composed form here.
    pub composed: Vec<Op>,
}

/// Sizes of the operators' inputs: no whole number of any tile.
const SIZES: OpSizes = OpSizes { batch: 3, seq: 37, hidden: 36, heads: 3, ff: 70, vocab: 997 };

/// Training steps that devices are compared over.
const STEPS: usize = 5;

/// The processor, and the first NVIDIA card where this program is built for one and finds it.
///
/// # Errors
/// If a driver or a step fails.
pub fn devices() -> Result<Vec<DeviceReport>, Error> {
    let card = cuda()?;
    Ok(std::iter::once(cpu()?).chain(card).collect())
}

/// Says that this program is not built for cards.
///
/// # Errors
/// Never.
#[cfg(not(feature = "cuda"))]
pub fn cuda() -> Result<Option<DeviceReport>, Error> {
    Ok(None)
}

/// The processor.
///
/// # Errors
/// If a step fails.
pub fn cpu() -> Result<DeviceReport, Error> {
    let (losses, step_ms) = losses(&Cpu::default(), &Pass::eval())?;
    // Computed again in the backward pass: other code, the same numbers.
    let (again, _) = self::losses(&Cpu::default(), &Pass::eval().with_recompute(true))?;
    let threads = rayon::current_num_threads().to_string();
    let instructions = instruction_set().to_owned();
    let facts = vec![("threads", threads), ("vectors", instructions)];
    Ok(DeviceReport {
        device: "cpu",
        facts,
        difference: difference(&losses, &again),
        step_ms,
        operators: operators(&Cpu::default())?,
        composed: Vec::new(),
    })
}

/// The first NVIDIA card; nothing where there is none.
///
/// # Errors
/// If the driver or a step fails.
#[cfg(feature = "cuda")]
pub fn cuda() -> Result<Option<DeviceReport>, Error> {
    let Some(facts) = crate::cuda::facts()? else { return Ok(None) };
    let device = dfdx::prelude::Cuda::try_seed_from_u64(0).map_err(crate::error::device)?;
    let (expected, _) = losses(&Cpu::default(), &Pass::eval())?;
    let (found, step_ms) = losses(&device, &Pass::eval())?;
    Ok(Some(DeviceReport {
        device: "cuda",
        facts,
        difference: difference(&expected, &found),
        step_ms,
        operators: operators(&device)?,
        composed: Op::fused().collect(),
    }))
}

/// How far every operator of a device is from its composed form on the processor.
fn operators<D: Backend>(dev: &D) -> Result<Vec<(Op, f64)>, Error> {
    let (found, expected) = (Operators::new(SIZES, dev)?, Operators::new(SIZES, &Cpu::default())?);
    let compare = |op| {
        let (found, expected) = (found.numbers(op, Form::Own)?, expected.numbers(op, Form::Composed)?);
        Ok((op, crate::bench::operators::difference(&found, &expected)))
    };
    Op::ALL.into_iter().map(compare).collect()
}

/// Losses of some training steps of a small model, and the median time of a step.
fn losses<D: Backend>(dev: &D, pass: &Pass) -> Result<(Vec<f64>, f64), Error> {
    let config = ModelConfig::xlm_roberta(997, 64, 2, 4, 128);
    let mut model = MaskedLm::new(&config, dev, Seed(3))?;
    let (mut state, mut losses, mut times) = (AdamState::default(), Vec::new(), Vec::new());
    for step in 0..STEPS {
        let mut rng = Seed(3).rng(Purpose::Sampling, step as u64, 0);
        let mut builder = PackedBatch::builder(&config);
        let (mut positions, mut targets) = (Vec::new(), Vec::new());
        for length in [1, 31, 64, 7] {
            let tokens: Vec<u32> = (0..length).map(|_| 5 + (rng.next_u64() % 990) as u32).collect();
            let start = builder.push(&tokens)?;
            positions.push(start as u32);
            targets.push(tokens[0]);
        }
        let sequences = builder.build();
        let begun = std::time::Instant::now();
        let hidden = model.forward(&sequences, tape::resume(dev, Gradients::leaky())?, pass)?;
        let loss = model.loss(hidden.last, &positions, &targets)?;
        let count = loss.count as f64;
        losses.push(f64::from(tape::value(&loss.sum)) / count);
        let mut gradients = tape::backward(loss.sum)?;
        let clip = (1.0 / (norm::global(&model, &mut gradients)? / count + 1e-6)).min(1.0);
        adamw::update(&mut model, &mut gradients, &mut state, &AdamW::default(), 1e-3, clip / count)?;
        times.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    Ok((losses, times[STEPS / 2]))
}

/// The largest difference, relative to the first; infinite where one is no number.
fn difference(expected: &[f64], found: &[f64]) -> f64 {
    let relative = expected.iter().zip(found).map(|(a, b)| (a - b).abs() / a.abs().max(1.0));
    relative.fold(0.0, |most, next| if next.is_nan() { f64::INFINITY } else { f64::max(most, next) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_processor_agrees_with_itself() {
        let report = cpu().unwrap();
        assert!(report.difference < 1e-6 && report.step_ms > 0.0, "{report:?}");
        assert_eq!(report.operators.len(), Op::ALL.len());
        assert!(report.operators.iter().all(|(_, difference)| *difference < 1e-4), "{report:?}");
    }

    #[test]
    fn a_number_that_is_none_is_a_difference() {
        assert!(difference(&[1.0, 2.0], &[1.0, f64::NAN]).is_infinite());
        assert!(difference(&[2.0], &[2.2]) > 0.09);
    }
}
