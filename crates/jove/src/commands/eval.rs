//! `jove eval`: checks of data and submissions, and published scores beside one's own.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use jove_files::{Kind, Output};
use jove_finetune::FineTuneResults;
use jove_tasks::{ClueTable, DoctorReport, Table, TableFormat, Task, check_submission};

use super::finetune::load;
use crate::context::{Context, Outcome};

const TABLE: Kind = Kind::new("a table of scores", |head| {
    let head = String::from_utf8_lossy(&head[..head.len().min(4096)]).to_lowercase();
    ["**clue", "model,", "% clue", "<!doctype html"].iter().any(|start| head.starts_with(start))
});

/// Arguments of `jove eval`.
#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    /// Print the published scores of this suite: clue (with CLUENER).
    #[arg(long, value_name = "SUITE")]
    suite: Option<String>,
    /// Add the models of a `results.json` of jove finetune to the table; may be repeated.
    #[arg(long, value_name = "FILE", requires = "suite")]
    results: Vec<PathBuf>,
    /// The format of the table: markdown, csv, latex or html.
    #[arg(long, requires = "suite", default_value = "markdown")]
    format: TableFormat,
    /// Write the table here; `-` for standard output.
    #[arg(long, value_name = "FILE", requires = "suite", default_value = "-")]
    output: PathBuf,
    /// Check a submission. Exit code 1 where it cannot be sent.
    #[arg(long, value_name = "FILE", requires = "task", conflicts_with = "suite")]
    check: Option<PathBuf>,
    /// The task of the submission, such as cluener.
    #[arg(long, requires = "check")]
    task: Option<Task>,
    /// The test file of the submission. Default: its size alone is checked, as published.
    #[arg(long, value_name = "FILE", requires = "check")]
    test: Option<PathBuf>,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Report class balance, lengths, cut texts, repeats between train and dev, and contradictions, before anything is trained.
    Doctor(DoctorArgs),
}

#[derive(clap::Args)]
struct DoctorArgs {
    /// The run file, such as `experiments/finetune/afqmc.toml`.
    file: PathBuf,
    /// Count lengths in tokens of this checkpoint; may be repeated, and the first counts.
    #[arg(long, value_name = "NAME=FOLDER")]
    model: Vec<String>,
    /// Override a key of the run file, such as `train.max-length=64`; may be repeated.
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
}

/// Checks or prints.
pub(crate) fn execute(args: &Args, context: &Context) -> anyhow::Result<Outcome> {
    match (&args.command, &args.suite, &args.check, args.task) {
        (Some(Command::Doctor(doctor)), ..) => examine(doctor, context),
        (None, Some(suite), ..) => table(args, suite, context),
        (None, None, Some(file), Some(task)) => check(task, file, args.test.as_deref(), context),
        _ => {
            bail!("expected doctor FILE, --suite clue, or --check FILE --task TASK; `jove eval --help` shows examples")
        }
    }
}

fn table(args: &Args, suite: &str, context: &Context) -> anyhow::Result<Outcome> {
    if suite != "clue" {
        bail!("--suite: expected clue, found {suite}");
    }
    let mut own = Vec::new();
    for path in &args.results {
        own.extend(FineTuneResults::read(path)?.clue_rows());
    }
    let text = Table::render(&ClueTable::tables(&own), args.format);
    if args.output == Path::new("-") {
        context.print_data(text.trim_end())?;
    } else {
        let written = Output::write(&args.output, TABLE, text.as_bytes());
        written.with_context(|| format!("cannot write {}", args.output.display()))?;
    }
    Ok(Outcome::Done)
}

fn check(task: Task, file: &Path, test: Option<&Path>, context: &Context) -> anyhow::Result<Outcome> {
    let problems = check_submission(task, file, test)?;
    if context.json() {
        context.print_json(&problems)?;
    } else {
        problems.iter().take(20).try_for_each(|problem| context.print(problem))?;
        let more = problems.len().saturating_sub(20);
        match problems.len() {
            0 => context.print(format!("{}: can be sent", file.display()))?,
            count if more > 0 => context.print(format!("{count} problems, of which the first 20 are shown"))?,
            _ => {}
        }
    }
    Ok(if problems.is_empty() { Outcome::Done } else { Outcome::CheckFailed })
}

fn examine(args: &DoctorArgs, context: &Context) -> anyhow::Result<Outcome> {
    let report = load(&args.file, &args.model, &args.set)?.doctor()?;
    if context.json() {
        context.print_json(&report)?;
    } else {
        context.print(shown(&report))?;
    }
    Ok(Outcome::Done)
}

fn shown(report: &DoctorReport) -> String {
    let mut lines = Vec::new();
    for split in &report.splits {
        let [least, median, most_of_them, longest] = split.lengths;
        lines.push(format!(
            "{}: {} examples, lengths {least} to {longest} (median {median}, 95% up to {most_of_them}), {} cut",
            split.split, split.examples, split.truncated
        ));
        let labels: Vec<String> = split.labels.iter().map(|(label, count)| format!("{label} {count}")).collect();
        if !labels.is_empty() {
            lines.push(format!("  {}", labels.join(", ")));
        }
    }
    if let Some(majority) = report.majority {
        lines.push(format!("the most frequent class of train is right for {:.1}% of dev", 100.0 * majority));
    }
    lines.extend(report.warnings.iter().map(|warning| format!("warning: {warning}")));
    lines.join("\n")
}
