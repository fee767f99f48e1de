//! `jove corpus`: corpora from raw text; counts and checks of the text and the sentence pairs of a run file.

use std::path::PathBuf;

use clap::Subcommand;
use jove_corpus::{Check, Stats, doctor, stats};
use jove_experiment::Run;

use crate::context::{Context, Outcome};

/// Arguments of `jove corpus`.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Build a clean corpus from raw text of any size: read, clean, remove duplicates, sample.
    #[command(after_long_help = "\
Examples:
  jove corpus build experiments/zh-corpus.toml
  jove corpus build experiments/zh-corpus.toml --set data.root=/data --threads 8")]
    Build(super::corpus_build::Args),
    /// Check for data that harms training: wrong encodings, lost sentence ends, duplicates, misaligned pairs.
    Doctor(File),
    /// Count texts by language, domain and length, after cleaning; of a recipe, what its build removed and kept.
    Stats(File),
}

#[derive(clap::Args)]
struct File {
    /// The run file, such as `experiments/quickstart.toml`.
    file: PathBuf,
    /// Override a key of the run file, such as `data.root=/data`; may be repeated.
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
}

/// Runs the command.
pub(crate) fn execute(args: &Args, context: &Context) -> anyhow::Result<Outcome> {
    match &args.action {
        Action::Build(args) => super::corpus_build::execute(args, context),
        Action::Doctor(file) => examine(&Context::load(&file.file, &file.set)?, context),
        Action::Stats(file) if is_recipe(file)? => super::corpus_build::show(&file.file, &file.set, context),
        Action::Stats(file) => count(&Context::load(&file.file, &file.set)?, context),
    }
}

/// Whether a file is a recipe for `jove corpus build`: unlike a run file it has sources and no variants.
fn is_recipe(file: &File) -> anyhow::Result<bool> {
    let table: toml::Table = jove_experiment::load_settings(&file.file, &file.set)?;
    Ok(table.contains_key("sources") && !table.contains_key("variants"))
}

fn examine(run: &Run, context: &Context) -> anyhow::Result<Outcome> {
    let checks = doctor(&run.text_options(), &run.pair_options(), context.progress())?;
    if context.json() {
        context.print_json(&checks)?;
    } else {
        for check in &checks {
            context.print(line(check))?;
            for problem in &check.examples {
                context.print(format!("    {problem}"))?;
            }
        }
    }
    let passed = checks.iter().all(Check::passed);
    Ok(if passed { Outcome::Done } else { Outcome::CheckFailed })
}

fn line(check: &Check) -> String {
    let word = match (check.found, check.passed()) {
        (0, _) => "ok",
        (_, true) => "look",
        (_, false) => "bad",
    };
    format!("{word:<5}{:<20}{} of {} rows", check.name, check.found, check.rows)
}

fn count(run: &Run, context: &Context) -> anyhow::Result<Outcome> {
    let stats = stats(&run.text_options(), context.progress())?;
    if context.json() {
        context.print_json(&stats)?;
    } else {
        context.print(table(&stats))?;
    }
    Ok(Outcome::Done)
}

fn table(stats: &Stats) -> String {
    let report = &stats.report;
    let mut lines = vec![
        format!("{} texts in {} files, {} kept ({} bytes)", report.read, report.files, report.kept, report.bytes),
        format!(
            "left out: {} duplicates, {} near-duplicates, {} too short, {} with too many symbols; {} rejected",
            report.duplicates, report.near_duplicates, report.too_short, report.symbols, report.rejected
        ),
        format!("{:<16}{:>10}{:>14}{:>14}", "language", "texts", "characters", "bytes"),
    ];
    let row = |name: &String, group: &jove_corpus::Group| {
        format!("{name:<16}{:>10}{:>14}{:>14}", group.texts, group.chars, group.bytes)
    };
    lines.extend(stats.langs.iter().map(|(name, group)| row(name, group)));
    if stats.domains.len() > 1 {
        lines.push("domain".to_owned());
        lines.extend(stats.domains.iter().map(|(name, group)| row(name, group)));
    }
    let tenths: Vec<String> = stats.chars.iter().map(u32::to_string).collect();
    lines.push(format!("characters per text, deciles from shortest to longest: {}", tenths.join(" ")));
    lines.join("\n")
}
