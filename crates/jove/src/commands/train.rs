//! `jove train`: the variants of a run file, without probes and report.

use std::path::PathBuf;

use jove_experiment::Plan;

use crate::context::{Context, Outcome};

/// Arguments of `jove train`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The run file, such as `experiments/quickstart.toml`.
    file: PathBuf,
    /// Train only this variant; may be repeated. Default: all variants.
    #[arg(long, value_name = "NAME")]
    variant: Vec<String>,
    /// Override a key of the run file, such as `train.steps=200`; may be repeated.
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Print the parameters, steps and memory of each variant, and exit.
    #[arg(long)]
    dry_run: bool,
}

/// Trains and prints where the checkpoints are.
pub(crate) fn execute(args: &Args, context: &Context) -> anyhow::Result<Outcome> {
    let run = Context::load(&args.file, &args.set)?;
    if args.dry_run {
        let plans = run.plan(&args.variant)?;
        if context.json() {
            context.print_json(&plans)?;
        } else {
            plans.iter().try_for_each(|plan| context.print(table(plan)))?;
        }
        return Ok(Outcome::Done);
    }
    let trained = run.train(&args.variant, context.progress())?;
    if context.json() {
        context.print_json(&trained)?;
    } else {
        for one in &trained {
            let speed = one.tokens as f64 / one.seconds.max(1e-9);
            context.print(format!("{} (seed {}): {}", one.variant, one.seed, one.checkpoint.display()))?;
            context.print(format!("  {} parameters, {} tokens, {speed:.0} tokens/s", one.parameters, one.tokens))?;
        }
    }
    Ok(Outcome::Done)
}

fn table(plan: &Plan) -> String {
    let mib = |bytes: u64| format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20));
    let rows = [
        ("parameters", format!("{}", plan.parameters)),
        ("steps", format!("{} of at most {} tokens a batch", plan.steps, plan.batch_tokens)),
        ("weights", mib(plan.weights_bytes)),
        ("gradients", mib(plan.gradient_bytes)),
        ("optimizer state", mib(plan.optimizer_bytes)),
        ("key encoder", mib(plan.memory_bytes)),
        ("activations", mib(plan.activation_bytes)),
        ("batches of a step", mib(plan.batch_bytes)),
        ("copy for saving", mib(plan.saving_bytes)),
        ("vocabulary", mib(plan.vocabulary_bytes)),
        ("expected peak", mib(plan.peak_bytes)),
    ];
    let lines: Vec<String> = rows.iter().map(|(name, value)| format!("  {name:<16} {value}")).collect();
    format!("{}\n{}", plan.variant, lines.join("\n"))
}
