//! `jove corpus build`: a clean corpus from raw text.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use jove_factory::{BuildOptions, Recipe, Summary, build, clean_partition, corpus_folder, read_summary};

use crate::context::{Context, Outcome};

/// Arguments of `jove corpus build`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The recipe, such as `experiments/zh-corpus.toml`; docs/corpus.md lists every setting.
    file: PathBuf,
    /// Override a key of the recipe, such as `data.root=/data`; may be repeated.
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// The number of threads; without it, one for each processor. The result does not depend on it.
    #[arg(long)]
    threads: Option<NonZeroUsize>,
    /// Only read and clean the files of one of several partitions, such as 3/8 (the first is 0/8), for a build that is spread
    /// over machines; a build without this goes on from there.
    #[arg(long, value_name = "I/N", value_parser = partition)]
    partition: Option<(usize, usize)>,
}

fn partition(text: &str) -> Result<(usize, usize), String> {
    let numbers = text.split_once('/').and_then(|(number, of)| Some((number.parse().ok()?, of.parse().ok()?)));
    numbers.ok_or_else(|| format!("expected I/N, such as 3/8, found `{text}`"))
}

/// Runs the command.
pub(crate) fn execute(args: &Args, context: &Context) -> anyhow::Result<Outcome> {
    let recipe: Recipe = jove_experiment::load_settings(&args.file, &args.set)?;
    let base = args.file.parent().unwrap_or(Path::new(""));
    let threads = args.threads.map_or(0, NonZeroUsize::get);
    let options = BuildOptions { base, code: jove_experiment::CODE, threads };
    if let Some(partition) = args.partition {
        let files = clean_partition(&recipe, options, partition, context.progress())?;
        context.print(format!("partition {}/{}: {files} files are clean", partition.0, partition.1))?;
        return Ok(Outcome::Done);
    }
    let summary = build(&recipe, options, context.progress())?;
    if context.json() {
        context.print_json(&summary)?;
    } else {
        context.print(table(&summary))?;
        context.print(format!("written to {}", corpus_folder(&recipe, base).display()))?;
    }
    Ok(Outcome::Done)
}

/// Shows what the build of a recipe removed and kept.
pub(crate) fn show(file: &Path, set: &[String], context: &Context) -> anyhow::Result<Outcome> {
    let recipe: Recipe = jove_experiment::load_settings(file, set)?;
    let base = file.parent().unwrap_or(Path::new(""));
    let summary = read_summary(&recipe, base)?;
    if context.json() {
        context.print_json(&summary)?;
    } else {
        context.print(table(&summary))?;
        context.print(format!("page: {}", corpus_folder(&recipe, base).join("corpus.html").display()))?;
    }
    Ok(Outcome::Done)
}

/// The funnel and the shares as lines.
fn table(summary: &Summary) -> String {
    let mut lines = vec![format!("{:<26}{:>14}{:>16}", "", "documents", "bytes")];
    let mut line = |name: &str, documents: u64, bytes: u64| lines.push(format!("{name:<26}{documents:>14}{bytes:>16}"));
    line("read", summary.read.documents, summary.read.bytes);
    for stage in &summary.funnel {
        for (reason, count) in &stage.removed {
            line(&format!("  - {}", reason.as_str()), count.documents, count.bytes);
        }
    }
    line("written", summary.kept.documents, summary.kept.bytes);
    lines.push(format!("{:<10}{:<16}{:>16}{:>8}{:>9}", "language", "domain", "bytes", "times", "share"));
    for share in &summary.shares {
        let (lang, domain) = (&share.lang, &share.domain);
        lines.push(format!(
            "{lang:<10}{domain:<16}{:>16}{:>8.2}{:>8.1}%",
            share.bytes,
            share.rate,
            share.share * 100.0
        ));
    }
    lines.join("\n")
}
