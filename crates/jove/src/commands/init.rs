//! `jove init`: a run file for somebody's own graph and text.

use std::path::PathBuf;
use std::sync::OnceLock;

use anyhow::ensure;
use jove_core::{ModelConfig, Progress as _, Seed};
use jove_init::{Request, Size, propose};
use jove_model::bench::{self, Lengths, TrainBench};
use serde_json::json;

use crate::context::{Context, Outcome};

/// Arguments of `jove init`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The experiment's name, and its folder's.
    name: String,
    /// A file or folder of the graph, in any format that `jove kb build` reads; may be repeated.
    #[arg(long, required = true, value_name = "PATH")]
    graph: Vec<PathBuf>,
    /// A file or folder of text: .txt, one text a line, or .jsonl; may be repeated.
    #[arg(long, required = true, value_name = "PATH")]
    text: Vec<PathBuf>,
    /// A table of sentences and their translations, for the variant ml; may be repeated.
    #[arg(long, value_name = "FILE")]
    pairs: Vec<PathBuf>,
    /// A Hugging Face folder to continue training from.
    #[arg(long, value_name = "FOLDER")]
    from: Option<PathBuf>,
    /// Minutes that the training of all variants may take.
    #[arg(long, default_value_t = 10.0)]
    minutes: f64,
}

/// Runs the command.
pub(crate) fn execute(args: &Args, context: &Context) -> anyhow::Result<Outcome> {
    ensure!(
        args.minutes > 0.0 && args.minutes.is_finite(),
        "--minutes: expected a number above 0, found {}",
        args.minutes
    );
    let measured = OnceLock::new();
    let progress = context.progress();
    progress.begin("look at the graph and the text, and measure this machine", None, "");
    let request = Request {
        name: args.name.clone(),
        graph: args.graph.clone(),
        text: args.text.clone(),
        pairs: args.pairs.clone(),
        from: args.from.clone(),
        minutes: args.minutes,
        speed: &|size| measured.get_or_init(products_per_second) / products(size),
    };
    let proposal = propose(&request);
    progress.end();
    let proposal = proposal?;
    let file = proposal.write(args.name.as_ref())?;
    if context.json() {
        let files: Vec<&str> = proposal.files.iter().map(|(name, _)| name.as_str()).collect();
        context.print_json(&json!({
            "file": file, "files": files, "found": proposal.found, "questions": proposal.questions,
        }))?;
        return Ok(Outcome::Done);
    }
    for found in &proposal.found {
        context.print(format_args!("found: {found}"))?;
    }
    for question in &proposal.questions {
        context.print(format_args!("not certain: {question}"))?;
    }
    let names: Vec<String> = proposal.files.iter().map(|(name, _)| format!("{}/{name}", args.name)).collect();
    context.print(format_args!("wrote {}\n\nnext: jove run {}", names.join(", "), file.display()))?;
    Ok(Outcome::Done)
}

/// Multiplications and additions of a step for each token: forward and backward, and the vocabulary for the masked fifth.
fn products(size: Size) -> f64 {
    let (layers, hidden) = (size.layers as f64, size.hidden as f64);
    6.0 * (12.0 * layers * hidden * hidden + 0.2 * hidden * size.vocabulary as f64)
}

/// How many of them this machine does in a second, measured on a few steps of a small model; of a machine that can't be
/// measured, few.
fn products_per_second() -> f64 {
    let size = Size { layers: 4, hidden: 256, heads: 4, vocabulary: 6000, learning_rate: 0.0 };
    let bench = TrainBench {
        config: ModelConfig::xlm_roberta(size.vocabulary, size.hidden, size.layers, size.heads, 4 * size.hidden),
        batch: 16,
        seq: 64,
        lengths: Lengths::Uniform,
        mask_prob: 0.2,
        steps: 2,
        warmup: 1,
        recompute: false,
        seed: Seed(0),
    };
    bench::train(&bench, &mut |_, _, _| {}).map_or(1e10, |report| report.tokens_per_s * products(size))
}
