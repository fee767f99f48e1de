//! `jove ablate`: a grid of variants and seeds, with controls and statistics.

use std::path::PathBuf;

use jove_experiment::Worker;

use crate::commands::run::show;
use crate::context::{Context, Outcome};

/// Arguments of `jove ablate`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The run file, with a section `[ablation]`, such as `experiments/ablation-kg.toml`.
    file: PathBuf,
    /// Override a key of the run file, such as `ablation.jobs=2`; may be repeated.
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Allow a grid of one seed, which cannot tell an effect from chance.
    #[arg(long)]
    allow_single_seed: bool,
    /// Train and evaluate only this variant, under the seed of `--seed`, and write no report.
    #[arg(long, value_name = "NAME", requires = "seed")]
    arm: Option<String>,
    /// The seed of `--arm`.
    #[arg(long, requires = "arm")]
    seed: Option<u64>,
    /// Stop, as by Ctrl-C, once standard input ends: for the processes that a grid starts.
    #[arg(long, hide = true, requires = "arm")]
    stop_at_end_of_input: bool,
}

/// Runs the grid, or one arm of it.
pub(crate) fn execute(args: &Args, context: &Context) -> anyhow::Result<Outcome> {
    let run = Context::load(&args.file, &args.set)?;
    run.check_grid(args.allow_single_seed || args.arm.is_some())?;
    if let (Some(arm), Some(seed)) = (&args.arm, args.seed) {
        if args.stop_at_end_of_input {
            context.progress().stop_at_end_of_input();
        }
        run.arm(arm, seed, context.progress())?;
        return Ok(Outcome::Done);
    }
    let mut arguments = vec!["--quiet".into(), "ablate".into(), args.file.clone().into_os_string()];
    for assignment in &args.set {
        arguments.extend(["--set".into(), assignment.into()]);
    }
    arguments.push("--stop-at-end-of-input".into());
    let worker = Worker { program: std::env::current_exe()?, arguments };
    show(&run.ablate(&worker, context.progress())?, context)
}
