//! The time of every operator, forwards and backwards, compared with its composed form and the machine's limits.

use dfdx::prelude::Cpu;

use super::operators::{Form, Op, OpSizes, Operators, difference};
use super::timing::{seconds, spread};
use crate::cpu::limits::{matrix_peak_gflops, memory_gb_per_s};
use crate::error::Error;

/// What was measured of one operator.
#[derive(Clone, Debug)]
pub struct OpReport {
    /// The operator.
    pub op: &'static str,
    /// Median of forward and backward together, fused.
    pub fused_ms: f64,
    /// The same, composed of dfdx's operators.
    pub composed_ms: f64,
    /// The least time that the machine could take: its arithmetic at the measured matrix peak, or its reads and
    /// writes at the measured speed of memory, whichever is longer.
    pub limit_ms: f64,
    /// The largest difference between both forms' values or gradients, relative to the largest number, see
    /// [`difference`].
    pub difference: f64,
}

/// Measures every operator that has a fused form `repeats` times.
///
/// # Errors
/// If the sizes do not fit, or the device fails.
pub fn ops(sizes: &OpSizes, repeats: usize, each: &mut dyn FnMut(&OpReport)) -> Result<(), Error> {
    let operators = Operators::new(*sizes, &Cpu::default())?;
    let limits = (matrix_peak_gflops(), memory_gb_per_s());
    for op in Op::fused() {
        let [fused_ms, composed_ms] = times(&operators, op, repeats)?;
        let (flops, bytes) = op.work(sizes);
        let limit_ms = (flops / limits.0 / 1e6).max(bytes / limits.1 / 1e6);
        let [fused, composed] = [Form::Own, Form::Composed].map(|form| operators.numbers(op, form));
        let difference = difference(&fused?, &composed?);
        each(&OpReport { op: op.name(), fused_ms, composed_ms, limit_ms, difference });
    }
    Ok(())
}

/// The median of both forms in ms, run in turn; the first time does not count.
fn times(operators: &Operators<Cpu>, op: Op, repeats: usize) -> Result<[f64; 2], Error> {
    let mut forms = [operators.prepare(op, Form::Own)?, operators.prepare(op, Form::Composed)?];
    let mut times = [Vec::new(), Vec::new()];
    for repeat in 0..=repeats {
        for (run, times) in forms.iter_mut().zip(&mut times) {
            let mut result = Ok(());
            let taken = seconds(|| result = run());
            result?;
            if repeat > 0 {
                times.push(taken * 1e3);
            }
        }
    }
    Ok(times.map(|times| spread(times)[0]))
}
