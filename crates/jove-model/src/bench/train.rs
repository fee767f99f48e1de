//! Training steps of a masked language model on random tokens.

use std::time::Instant;

use dfdx::prelude::Cpu;
use jove_core::{ModelConfig, Purpose, Seed};
use rand::Rng as _;

use super::process::peak_rss_mib;
use super::timing::spread;
use crate::cpu::limits::matrix_peak_gflops;
use crate::error::Error;
use crate::masked_lm::MaskedLm;
use crate::ops::adamw::{self, AdamState};
use crate::ops::adamw_update::AdamW;
use crate::ops::{norm, tape};
use crate::packed_batch::PackedBatch;
use crate::parameters::Parameters as _;
use crate::pass::Pass;
use crate::tensors::Gradients;

/// How long the sequences of a batch are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lengths {
    /// All of the longest.
    Full,
    /// From a quarter of the longest to the longest, drawn anew in each step.
    Uniform,
}

/// What to measure: XLM-R's layout with random weights, on random tokens.
#[derive(Clone, Debug)]
pub struct TrainBench {
    /// Sizes of the model.
    pub config: ModelConfig,
    /// Sequences in a batch.
    pub batch: usize,
    /// Tokens in the longest sequence.
    pub seq: usize,
    /// How long the others are.
    pub lengths: Lengths,
    /// Share of tokens that are predicted, besides the first of each sequence.
    pub mask_prob: f64,
    /// Steps that count.
    pub steps: usize,
    /// Steps before them that do not.
    pub warmup: usize,
    /// Compute activations again in the backward pass.
    pub recompute: bool,
    /// Where randomness comes from.
    pub seed: Seed,
}

/// What was measured.
#[derive(Clone, Debug)]
pub struct TrainReport {
    /// Median of tokens by seconds of each step; there is no padding.
    pub tokens_per_s: f64,
    /// Median, fastest and slowest step.
    pub ms_per_step: [f64; 3],
    /// Arithmetic of matrix products by median time.
    pub gflops: f64,
    /// The fastest matrix product on this machine, just before and after.
    pub matrix_peak_gflops: f64,
    /// The largest amount of memory held.
    pub peak_rss_mib: Option<f64>,
    /// Numbers in the model, shared ones once.
    pub parameters: usize,
    /// Mean loss of the last step.
    pub loss: f64,
}

/// One batch: tokens and what is to be predicted.
struct Batch {
    sequences: PackedBatch,
    positions: Vec<u32>,
    targets: Vec<u32>,
}

impl TrainBench {
    fn batch(&self, step: usize) -> Result<Batch, Error> {
        let mut rng = self.seed.rng(Purpose::Sampling, step as u64, 0);
        let mut below = |bound: usize| (rng.next_u64() % bound as u64) as usize;
        let mut builder = PackedBatch::builder(&self.config);
        let (mut positions, mut targets) = (Vec::new(), Vec::new());
        for _ in 0..self.batch {
            let shortest = (self.seq / 4).max(1);
            let length = match self.lengths {
                Lengths::Full => self.seq,
                Lengths::Uniform => shortest + below(self.seq - shortest + 1),
            };
            let tokens: Vec<u32> = (0..length).map(|_| 5 + below(self.config.vocab_size - 5) as u32).collect();
            let start = builder.push(&tokens)?;
            for (i, &token) in tokens.iter().enumerate() {
                if i == 0 || (below(1 << 20) as f64) < self.mask_prob * f64::from(1 << 20) {
                    positions.push((start + i) as u32);
                    targets.push(token);
                }
            }
        }
        Ok(Batch { sequences: builder.build(), positions, targets })
    }

    /// Arithmetic of the step's matrix products, forwards and twice that backwards; nothing computed again counts.
    fn flops(&self, batch: &Batch) -> f64 {
        let (h, f, v) = (self.config.hidden_size, self.config.intermediate_size, self.config.vocab_size);
        let (tokens, masked) = (batch.sequences.token_count(), batch.targets.len());
        let pairs: usize = batch.sequences.cu_seqlens().windows(2).map(|b| (b[1] - b[0]).pow(2)).sum();
        let layer = tokens * (4 * h * h + 2 * h * f) + 2 * pairs * h;
        6.0 * (self.config.num_hidden_layers * layer + masked * (h * h + h * v)) as f64
    }
}

/// Runs the steps: forward, backward, clipping to norm 1, AdamW.
///
/// # Errors
/// If the sizes do not fit, or the device fails.
pub fn train(bench: &TrainBench, each: &mut dyn FnMut(usize, f64, f64)) -> Result<TrainReport, Error> {
    let dev = Cpu::default();
    let mut model = MaskedLm::new(&bench.config, &dev, bench.seed)?;
    let peak_before = matrix_peak_gflops();
    let (mut state, mut gradients) = (AdamState::default(), Gradients::leaky());
    let (mut times, mut speeds, mut rates, mut loss) = (Vec::new(), Vec::new(), Vec::new(), 0.0);
    for step in 0..bench.warmup + bench.steps {
        let batch = bench.batch(step)?;
        let start = Instant::now();
        let pass = Pass::train(bench.seed, step as u64).with_recompute(bench.recompute);
        let tape = tape::resume(&dev, gradients)?;
        let hidden = model.forward_rows(&batch.sequences, &batch.positions, tape, &pass)?;
        let every: Vec<u32> = (0..batch.targets.len() as u32).collect();
        let sum = model.loss(hidden.last, &every, &batch.targets)?;
        let count = sum.count as f64;
        loss = f64::from(tape::value(&sum.sum)) / count;
        let mut found = tape::backward(sum.sum)?;
        let clip = (1.0 / (norm::global(&model, &mut found)? / count + 1e-6)).min(1.0);
        adamw::update(&mut model, &mut found, &mut state, &AdamW::default(), 1e-4, clip / count)?;
        gradients = tape::recycle(&model, found)?;
        let seconds = start.elapsed().as_secs_f64();
        each(step, seconds, loss);
        if step >= bench.warmup {
            times.push(seconds * 1e3);
            speeds.push(batch.sequences.token_count() as f64 / seconds);
            rates.push(bench.flops(&batch) / seconds / 1e9);
        }
    }
    Ok(TrainReport {
        tokens_per_s: spread(speeds)[0],
        ms_per_step: spread(times),
        gflops: spread(rates)[0],
        matrix_peak_gflops: matrix_peak_gflops().max(peak_before),
        peak_rss_mib: peak_rss_mib(),
        parameters: model.parameter_count(),
        loss,
    })
}
