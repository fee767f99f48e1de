//! Measurements: whole training steps, and every operator compared with its composed form and the machine's limits.

pub(crate) mod operators;
mod ops;
mod process;
mod timing;
mod train;

pub use crate::cpu::limits::{matrix_peak_gflops, memory_gb_per_s};
pub use operators::{Form, Op, OpSizes, Operators, Run, difference};
pub use ops::{OpReport, ops};
pub use process::{forget_peak_rss, peak_rss_mib};
pub use train::{Lengths, TrainBench, TrainReport, train};

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
