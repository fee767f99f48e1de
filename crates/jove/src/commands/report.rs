//! `jove report`: writes the report of a finished run again.

use std::path::PathBuf;

use jove_experiment::report::{Report, markdown};

use crate::context::{Context, Outcome};

/// Arguments of `jove report`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The folder of a finished run, such as `runs/quickstart`.
    folder: PathBuf,
}

/// Writes the page and prints the comparison table.
pub(crate) fn execute(args: &Args, context: &Context) -> anyhow::Result<Outcome> {
    let report = Report::read(&args.folder)?;
    report.write(&args.folder)?;
    if context.json() {
        context.print_json(&report.results)?;
    } else {
        context.print(markdown(&report))?;
        context.print(format!("report: {}", args.folder.join("report.html").display()))?;
    }
    Ok(Outcome::Done)
}
