//! `jove ablate`: a grid of variants and seeds, with controls and statistics.

use std::path::PathBuf;

use jove_experiment::{GridPlan, Worker};

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
    /// Check what every arm needs, try a few steps of each, and print arms, items, time and the smallest effect that the grid
    /// could see; train none. What is prepared for it is kept for the grid.
    #[arg(long, conflicts_with = "arm")]
    dry_run: bool,
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
    if args.dry_run {
        let plan = run.dry_run(context.progress())?;
        if context.json() {
            context.print_json(&plan)?;
        } else {
            context.print(table(&plan))?;
        }
        return Ok(Outcome::Done);
    }
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

fn table(plan: &GridPlan) -> String {
    let mut lines =
        vec![format!("{:<28}{:>12}{:>9}{:>12}  {}", "arm", "tokens", "steps", "s a step", "what it trains on")];
    lines.extend(plan.variants.iter().map(|arm| {
        let (name, what) = (&arm.variant, &arm.summary);
        format!("{name:<28}{:>12}{:>9}{:>12.3}  {what}", arm.tokens, arm.steps, arm.seconds_per_step)
    }));
    let arms = plan.variants.len() * plan.seeds;
    lines.push(format!(
        "{arms} arms under {} seeds; training takes about {} in all{}, probes come on top",
        plan.seeds,
        duration(plan.seconds),
        if plan.jobs > 1 { format!(", less with {} at the same time", plan.jobs) } else { String::new() }
    ));
    lines.push(String::new());
    lines.push(format!("{:<68}{:>9}{:>17}", "probe", "items", "smallest effect"));
    lines.extend(plan.probes.iter().map(|probe| {
        let effect = probe.smallest_visible.map_or_else(|| "–".to_owned(), |effect| format!("{effect:.3}"));
        format!("{:<68}{:>9}{effect:>17}", probe.probe, probe.items_max)
    }));
    lines.push(GridPlan::FORMULA.to_owned());
    lines.join("\n")
}

/// Seconds as a person says them.
fn duration(seconds: f64) -> String {
    match seconds {
        seconds if seconds < 120.0 => format!("{seconds:.0} seconds"),
        seconds if seconds < 7200.0 => format!("{:.0} minutes", seconds / 60.0),
        seconds => format!("{:.1} hours", seconds / 3600.0),
    }
}
