//! `jove run`: from a run file to a report.

use std::path::PathBuf;

use crate::context::{Context, Outcome};

/// Arguments of `jove run`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The run file, such as `experiments/quickstart.toml`.
    file: PathBuf,
    /// Override a key of the run file, such as `train.steps=200`; may be repeated.
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Print the run file with every default filled in, and exit.
    #[arg(long)]
    resolve: bool,
}

/// Runs every stage and prints the path of the report.
pub(crate) fn execute(args: &Args, context: &Context) -> anyhow::Result<Outcome> {
    let run = Context::load(&args.file, &args.set)?;
    if args.resolve {
        context.print_data(run.resolved())?;
        return Ok(Outcome::Done);
    }
    show(&run.execute(context.progress())?, context)
}

/// Prints the comparison table and the path of the report.
pub(crate) fn show(outcome: &jove_experiment::Outcome, context: &Context) -> anyhow::Result<Outcome> {
    if context.json() {
        context.print_json(outcome)?;
    } else {
        context.print(&outcome.table)?;
        context.print(format!("report: {}", outcome.report.display()))?;
    }
    Ok(Outcome::Done)
}
