//! `jove cache`: the finished stages that runs share.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::bail;
use clap::Subcommand;
use jove_experiment::{
    CachedStage, Prunable, Run, StageState, cached_stages, prunable_stages, prune_stages, verify_stages,
};

use crate::context::{Context, Outcome};

/// Arguments of `jove cache`.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// List the stages: state, size, last use, and the run file that used them last.
    List(One),
    /// Read every file of every finished stage again, and name those that are damaged.
    Verify(One),
    /// Remove the stages that no given run file needs; without --yes, only list them.
    #[command(after_long_help = "\
Examples:
  jove cache prune experiments/quickstart.toml
  jove cache prune experiments/quickstart.toml experiments/agri.toml --yes
  jove cache prune runs --yes          removes all stages")]
    Prune(Prune),
}

#[derive(clap::Args)]
struct One {
    /// A run file, or the `output` folder of one.
    path: PathBuf,
    /// Override a key of the run file, such as `output=/tmp/runs`; may be repeated.
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
}

#[derive(clap::Args)]
struct Prune {
    /// Run files whose stages are kept, all with the same `output`; or an `output` folder, to keep none.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Override a key of every run file, such as `output=/tmp/runs`; may be repeated.
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Remove them.
    #[arg(long)]
    yes: bool,
}

/// Runs the command.
pub(crate) fn execute(args: &Args, context: &Context) -> anyhow::Result<Outcome> {
    match &args.action {
        Action::List(one) => list(&cached_stages(&place(&one.path, &one.set)?.0)?, context),
        Action::Verify(one) => verify(&place(&one.path, &one.set)?.0, context),
        Action::Prune(args) => prune(args, context),
    }
}

/// The folder of a cache, and the run if the path is that of a run file.
fn place(path: &Path, overrides: &[String]) -> anyhow::Result<(PathBuf, Option<Run>)> {
    if path.is_dir() {
        let inner = path.join("cache");
        return Ok((if inner.is_dir() { inner } else { path.to_owned() }, None));
    }
    let run = Context::load(path, overrides)?;
    Ok((run.cache_folder(), Some(run)))
}

fn list(stages: &[CachedStage], context: &Context) -> anyhow::Result<Outcome> {
    if context.json() {
        context.print_json(&stages)?;
        return Ok(Outcome::Done);
    }
    let width = stages.iter().map(|stage| stage.stage.len()).max().unwrap_or(0);
    for stage in stages {
        let state = match stage.state {
            StageState::Finished => "finished",
            StageState::Unfinished => "unfinished",
            StageState::Damaged => "damaged",
        };
        let used =
            stage.used.first().map_or_else(String::new, |(run, time)| format!("{}  {}", ago(*time), run.display()));
        let line = format!("{:<width$}  {state:<10}  {:>10}  {used}", stage.stage, size(stage.bytes));
        context.print(line.trim_end())?;
    }
    context.print(format!("{} stages, {}", stages.len(), size(stages.iter().map(|stage| stage.bytes).sum())))?;
    Ok(Outcome::Done)
}

fn verify(cache: &Path, context: &Context) -> anyhow::Result<Outcome> {
    let verified = verify_stages(cache, context.progress())?;
    let damaged = verified.iter().filter(|stage| stage.damage.is_some()).count();
    if context.json() {
        context.print_json(&verified)?;
    } else {
        for stage in &verified {
            if let Some(damage) = &stage.damage {
                context.print(format!("{}: {damage}", stage.stage))?;
            }
        }
        context.print(format!("{} stages, {damaged} damaged", verified.len()))?;
    }
    Ok(if damaged == 0 { Outcome::Done } else { Outcome::CheckFailed })
}

fn prune(args: &Prune, context: &Context) -> anyhow::Result<Outcome> {
    let places: Vec<_> = args.paths.iter().map(|path| place(path, &args.set)).collect::<anyhow::Result<_>>()?;
    let cache = places[0].0.clone();
    if let Some((other, _)) = places.iter().find(|(other, _)| *other != cache) {
        bail!("expected run files with the same output, found {} and {}", cache.display(), other.display());
    }
    let runs: Vec<Run> = places.into_iter().filter_map(|(_, run)| run).collect();
    let prunable = prunable_stages(&cache, &runs)?;
    for run in &prunable.incomplete {
        tracing::warn!("{}: not finished; every stage that it has used is kept", run.display());
    }
    if args.yes {
        prune_stages(&cache, &prunable.stages)?;
    }
    show(&prunable, args.yes, context)
}

fn show(prunable: &Prunable, removed: bool, context: &Context) -> anyhow::Result<Outcome> {
    list(&prunable.stages, context)?;
    if !context.json() {
        let word = if removed { "removed" } else { "not needed; remove them with --yes" };
        context.print(word)?;
    }
    Ok(Outcome::Done)
}

/// How long ago a time is, such as `3 h ago`.
fn ago(time: u64) -> String {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH + Duration::from_secs(time));
    let seconds = since.map_or(0, |since| since.as_secs());
    match seconds {
        0..60 => "just now".to_owned(),
        60..3_600 => format!("{} min ago", seconds / 60),
        3_600..172_800 => format!("{} h ago", seconds / 3_600),
        _ => format!("{} days ago", seconds / 86_400),
    }
}

/// A number of bytes in a unit that fits.
fn size(bytes: u64) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB"];
    let (mut value, mut unit) = (bytes as f64, 0);
    while value >= 1024.0 && unit + 1 < units.len() {
        value /= 1024.0;
        unit += 1;
    }
    if unit == 0 { format!("{bytes} B") } else { format!("{value:.1} {}", units[unit]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_a_unit_that_fits() {
        for (bytes, expected) in
            [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (5 << 20, "5.0 MiB"), (u64::MAX, "16777216.0 TiB")]
        {
            assert_eq!(size(bytes), expected);
        }
    }

    #[test]
    fn times_are_told_by_their_distance() {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
        for (before, expected) in [(0, "just now"), (120, "2 min ago"), (7_200, "2 h ago"), (259_200, "3 days ago")] {
            assert_eq!(ago(now - before), expected);
        }
        assert_eq!(ago(now + 1_000), "just now", "of a clock that was set back");
    }
}
