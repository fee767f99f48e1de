//! Measurements: whole training steps, and every operator beside its composed form and the machine's limits.

mod operators;
mod ops;
mod train;

use std::time::Instant;

use rayon::prelude::*;

use crate::kernels::matmul::matmul;
use crate::view::{Part, View};

pub use operators::{Form, Op, OpSizes, Operators, Run, difference};
pub use ops::{OpReport, ops};
pub use train::{Lengths, TrainBench, TrainReport, train};

/// Seconds that `f` takes.
fn seconds(f: impl FnOnce()) -> f64 {
    let start = Instant::now();
    f();
    start.elapsed().as_secs_f64()
}

/// The median, the smallest and the largest; 0 of nothing.
fn spread(mut values: Vec<f64>) -> [f64; 3] {
    values.sort_by(f64::total_cmp);
    let at = |index: usize| values.get(index).copied().unwrap_or(0.0);
    [at(values.len() / 2), at(0), at(values.len().saturating_sub(1))]
}

/// The fastest matrix product seen on all threads, in GF/s: what the arithmetic of a step is measured against.
pub fn matrix_peak_gflops() -> f64 {
    let (m, k, n) = (1024, 768, 3072);
    let (a, b, mut c) = (vec![0.5f32; m * k], vec![0.25f32; k * n], vec![0.0f32; m * n]);
    let best = (0..8)
        .map(|_| seconds(|| matmul(Part::new(&mut c, m, n), View::new(&a, m, k), View::new(&b, k, n), false)))
        .fold(f64::INFINITY, f64::min);
    2.0 * (m * k * n) as f64 / best / 1e9
}

/// How fast memory is copied on all threads, in GB/s read and written.
pub fn memory_gb_per_s() -> f64 {
    const BLOCK: usize = 1 << 16;
    let source = vec![1.0f32; 1 << 25];
    let mut target = vec![0.0f32; source.len()];
    let best = (0..6)
        .map(|_| {
            seconds(|| {
                let blocks = target.par_chunks_mut(BLOCK).zip(source.par_chunks(BLOCK));
                blocks.for_each(|(target, source)| target.copy_from_slice(source));
            })
        })
        .fold(f64::INFINITY, f64::min);
    8.0 * source.len() as f64 / best / 1e9
}

/// Makes [`peak_rss_mib`] count from now on; where the system does not offer that, it goes on counting from the start.
pub fn forget_peak_rss() {
    // Linux takes a 5 for it (`man 5 proc`); elsewhere there is no such file, and nothing to do about it.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

/// The largest amount of memory that the process has held, in MiB; only Linux tells.
pub fn peak_rss_mib() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<f64>().ok()? / 1024.0)
}

#[cfg(test)]
mod tests {
    use jove_core::{ModelConfig, Seed};

    use super::*;

    #[test]
    fn a_tiny_bench_measures_something() {
        let bench = TrainBench {
            config: ModelConfig::xlm_roberta(50, 16, 1, 2, 32),
            batch: 2,
            seq: 9,
            lengths: Lengths::Uniform,
            mask_prob: 0.15,
            steps: 2,
            warmup: 1,
            recompute: false,
            seed: Seed(1),
        };
        let mut seen = Vec::new();
        let report = train(&bench, &mut |step, _, loss| seen.push((step, loss))).unwrap();
        assert_eq!(seen.len(), 3);
        assert!(report.tokens_per_s > 0.0 && report.gflops > 0.0 && report.loss.is_finite());
    }

    #[test]
    fn both_forms_of_every_operator_agree() {
        let sizes = OpSizes { batch: 2, seq: 7, hidden: 16, heads: 2, ff: 32, vocab: 60 };
        let mut count = 0;
        ops(&sizes, 1, &mut |report| {
            assert!(report.difference < 1e-4, "{report:?}");
            count += 1;
        })
        .unwrap();
        assert_eq!(count, Op::fused().count());
    }
}
