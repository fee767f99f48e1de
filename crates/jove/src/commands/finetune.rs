//! `jove finetune`: models and baselines on a labelled task.

use std::path::PathBuf;

use anyhow::Context as _;
use jove_finetune::{FineTuneFile, ModelOptions};
use jove_tasks::{Table, TableFormat};

use crate::context::{Context, Outcome};

/// Arguments of `jove finetune`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The run file, such as `experiments/finetune/afqmc.toml`.
    file: PathBuf,
    /// Fine-tune this checkpoint too, or in place of the run file's model of the same name; may be repeated.
    #[arg(long, value_name = "NAME=FOLDER")]
    model: Vec<String>,
    /// Override a key of the run file, such as `train.epochs=1`; may be repeated.
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
}

/// Reads the run file with its overrides.
pub(super) fn load(file: &std::path::Path, models: &[String], set: &[String]) -> anyhow::Result<FineTuneFile> {
    let mut run = FineTuneFile::load(file, set)?;
    for model in models {
        let (name, checkpoint) = model.split_once('=').context("--model: expected NAME=FOLDER")?;
        run.models.retain(|known| known.name != name);
        run.models.push(ModelOptions { name: name.to_owned(), checkpoint: checkpoint.into() });
    }
    Ok(run)
}

/// Trains, measures and prints the table.
pub(crate) fn execute(args: &Args, context: &Context) -> anyhow::Result<Outcome> {
    let run = load(&args.file, &args.model, &args.set)?;
    let results = run.execute(context.progress())?;
    if context.json() {
        context.print_json(&results)?;
        return Ok(Outcome::Done);
    }
    context.print(Table::render(&[results.table()], TableFormat::Markdown).trim_end())?;
    for row in &results.rows {
        row.checkpoints.iter().try_for_each(|folder| context.print(format!("{}: {}", row.name, folder.display())))?;
    }
    context.print(format!("results: {}", run.output.join("results.json").display()))?;
    Ok(Outcome::Done)
}
