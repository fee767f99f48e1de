//! `jove bench`: the speed of training on this machine.

use anyhow::{Context as _, ensure};
use clap::{Args as ClapArgs, Subcommand, ValueEnum};
use jove_core::{ModelConfig, Seed};
use jove_model::bench::{self, OpSizes, TrainBench};
use serde_json::json;

use crate::context::{Context, Outcome};

/// What to measure.
#[derive(Subcommand)]
pub(crate) enum Args {
    /// Measure training steps of a masked language model on random tokens; one JSON line per step, then a summary.
    Train(TrainArgs),
    /// Measure every operator, its composed form and the machine's limit; one JSON line per operator.
    Ops(OpsArgs),
}

/// Sizes of the model and the batch.
#[derive(ClapArgs)]
pub(crate) struct Sizes {
    /// Hidden size.
    #[arg(long, default_value_t = 256)]
    hidden: usize,
    /// Attention heads; divides the hidden size.
    #[arg(long, default_value_t = 4)]
    heads: usize,
    /// Width of the feed-forward layer.
    #[arg(long, default_value_t = 1024)]
    ff: usize,
    /// Pieces in the vocabulary.
    #[arg(long, default_value_t = 21_128)]
    vocab: usize,
    /// Sequences in a batch.
    #[arg(long, default_value_t = 32)]
    batch: usize,
    /// Tokens of the longest sequence.
    #[arg(long, default_value_t = 128)]
    seq: usize,
    /// Threads; 0 is one per core.
    #[arg(long, default_value_t = 0)]
    threads: usize,
}

/// What to train.
#[derive(ClapArgs)]
pub(crate) struct TrainArgs {
    /// Transformer layers.
    #[arg(long, default_value_t = 4)]
    layers: usize,
    #[command(flatten)]
    sizes: Sizes,
    /// Measured steps.
    #[arg(long, default_value_t = 10)]
    steps: usize,
    /// Steps before the measured ones.
    #[arg(long, default_value_t = 2)]
    warmup: usize,
    /// The distribution of sequence lengths.
    #[arg(long, value_enum, default_value_t = Lengths::Full)]
    lengths: Lengths,
    /// Share of tokens that are masked.
    #[arg(long, default_value_t = 0.15)]
    mask_prob: f64,
    /// Dropout probability.
    #[arg(long, default_value_t = 0.1)]
    dropout: f64,
    /// Recompute activations in the backward pass, to save memory.
    #[arg(long = "gradient-checkpointing", alias = "recompute")]
    recompute: bool,
}

/// How long sequences are.
#[derive(Clone, Copy, ValueEnum)]
enum Lengths {
    /// All sequences have the largest length.
    Full,
    /// Uniform from a quarter of the largest length to the largest.
    Uniform,
}

/// Which operators, and how often.
#[derive(ClapArgs)]
pub(crate) struct OpsArgs {
    #[command(flatten)]
    sizes: Sizes,
    /// Measurements of each form; the median is reported.
    #[arg(long, default_value_t = 5)]
    repeats: usize,
}

/// Runs the command.
pub(crate) fn execute(args: &Args, context: &Context) -> anyhow::Result<Outcome> {
    match args {
        Args::Train(args) => train(args, context),
        Args::Ops(args) => ops(args, context),
    }
}

fn pool(sizes: &Sizes) -> anyhow::Result<rayon::ThreadPool> {
    ensure!(sizes.vocab > 5, "--vocab: expected more than 5 pieces, found {}", sizes.vocab);
    ensure!(sizes.batch > 0 && sizes.seq > 0, "--batch and --seq: expected at least 1");
    rayon::ThreadPoolBuilder::new().num_threads(sizes.threads).build().context("cannot start threads")
}

fn train(args: &TrainArgs, context: &Context) -> anyhow::Result<Outcome> {
    let sizes = &args.sizes;
    let base = ModelConfig::xlm_roberta(sizes.vocab, sizes.hidden, args.layers, sizes.heads, sizes.ff);
    let config = ModelConfig {
        max_position_embeddings: base.max_position_embeddings.max(sizes.seq + 2),
        hidden_dropout_prob: args.dropout,
        attention_probs_dropout_prob: args.dropout,
        ..base
    };
    let bench = TrainBench {
        config,
        batch: sizes.batch,
        seq: sizes.seq,
        lengths: match args.lengths {
            Lengths::Full => bench::Lengths::Full,
            Lengths::Uniform => bench::Lengths::Uniform,
        },
        mask_prob: args.mask_prob,
        steps: args.steps,
        warmup: args.warmup,
        recompute: args.recompute,
        seed: Seed(0),
    };
    let pool = pool(sizes)?;
    let threads = pool.current_num_threads();
    let (report, steps) = pool.install(|| {
        let mut steps = Vec::new();
        bench::train(&bench, &mut |step, seconds, loss| steps.push((step, seconds, loss))).map(|r| (r, steps))
    })?;
    for (step, seconds, loss) in steps {
        context.print_json(&json!({ "step": step, "ms": seconds * 1e3, "loss": loss }))?;
    }
    let [ms, ms_min, ms_max] = report.ms_per_step;
    context.print_json(&json!({
        "tokens_per_s": report.tokens_per_s,
        "ms_per_step": ms, "ms_min": ms_min, "ms_max": ms_max,
        "gflops": report.gflops,
        "matrix_peak_gflops": report.matrix_peak_gflops,
        "share_of_peak": report.gflops / report.matrix_peak_gflops,
        "peak_rss_mib": report.peak_rss_mib,
        "parameters": report.parameters,
        "threads": threads,
    }))?;
    Ok(if report.loss.is_finite() { Outcome::Done } else { Outcome::CheckFailed })
}

fn ops(args: &OpsArgs, context: &Context) -> anyhow::Result<Outcome> {
    let Sizes { hidden, heads, ff, vocab, batch, seq, .. } = args.sizes;
    let sizes = OpSizes { batch, seq, hidden, heads, ff, vocab };
    let mut reports = Vec::new();
    pool(&args.sizes)?.install(|| bench::ops(&sizes, args.repeats, &mut |report| reports.push(report.clone())))?;
    for report in &reports {
        context.print_json(&json!({
            "op": report.op,
            "fused_ms": report.fused_ms,
            "composed_ms": report.composed_ms,
            "limit_ms": report.limit_ms,
            "share_of_limit": report.limit_ms / report.fused_ms,
            "difference": report.difference,
        }))?;
    }
    let equal = reports.iter().all(|report| report.difference < 1e-3);
    Ok(if equal { Outcome::Done } else { Outcome::CheckFailed })
}
