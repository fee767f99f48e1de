//! Standard output, progress and the options that all commands share.

use std::fmt::Display;
use std::io::{IsTerminal as _, Write as _};
use std::path::Path;

use clap::Args;
use jove_core::{printable, printable_json};
use jove_experiment::Run;
use serde::Serialize;
use tracing_subscriber::EnvFilter;

use crate::progress::Bars;

/// Options of every command.
#[derive(Args, Clone, Copy)]
pub(crate) struct Global {
    /// Print machine-readable JSON on standard output.
    #[arg(long, global = true)]
    json: bool,
    /// Show no progress.
    #[arg(long, short, global = true)]
    quiet: bool,
    /// Log more; twice for debug messages. JOVE_LOG takes filters such as jove_trainer=debug.
    #[arg(long, short, global = true, action = clap::ArgAction::Count)]
    verbose: u8,
}

/// How a command that met no error ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// All is well.
    Done,
    /// The command did its work, and a check that it makes did not pass.
    CheckFailed,
}

/// Standard output, progress and the global options.
pub(crate) struct Context {
    global: Global,
    progress: Bars,
}

impl Context {
    /// Sets up logging, progress bars and the handler of Ctrl-C.
    pub(crate) fn new(global: Global) -> Self {
        let progress = Bars::new(!global.quiet);
        let level = match global.verbose {
            0 => "warn",
            1 => "info",
            _ => "debug",
        };
        let filter = EnvFilter::try_from_env("JOVE_LOG").unwrap_or_else(|_| EnvFilter::new(level));
        tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_writer(progress.log_writer())
            // What is logged holds names and paths, and colours are made of the same characters as attacks.
            .with_ansi(false)
            .without_time()
            .with_target(false)
            // These would be printed, and where nothing can be printed, end the process.
            .log_internal_errors(false)
            .init();
        progress.stop_on_interrupt();
        Self { global, progress }
    }

    /// Where libraries report progress.
    pub(crate) fn progress(&self) -> &Bars {
        &self.progress
    }

    /// Whether output is for machines.
    pub(crate) fn json(&self) -> bool {
        self.global.json
    }

    /// Loads a run file; warnings go to standard error.
    pub(crate) fn load(file: &Path, overrides: &[String]) -> anyhow::Result<Run> {
        let run = Run::load(file, overrides)?;
        for warning in run.warnings() {
            tracing::warn!("{}: {warning}", file.display());
        }
        Ok(run)
    }

    /// Prints lines for a person to read: names of files and of entities in them are shown, never obeyed ([`printable`]).
    pub(crate) fn print(&self, lines: impl Display) -> anyhow::Result<()> {
        self.write(&printable(&lines.to_string()))
    }

    /// Prints one value as a line of JSON.
    pub(crate) fn print_json(&self, value: &impl Serialize) -> anyhow::Result<()> {
        self.write(&printable_json(&serde_json::to_string(value)?))
    }

    /// Prints a text that another program may read, exactly as it is unless a terminal shows it.
    pub(crate) fn print_data(&self, text: &str) -> anyhow::Result<()> {
        if std::io::stdout().is_terminal() { self.print(text) } else { self.write(text) }
    }

    /// Prints a line on standard error where standard output holds data, else as [`Context::print`] does.
    pub(crate) fn print_beside(&self, data: bool, line: impl Display) -> anyhow::Result<()> {
        if !data {
            return self.print(line);
        }
        self.progress.clear();
        // Counts that nobody can see are no reason to fail.
        let _ = writeln!(std::io::stderr(), "{}", printable(&line.to_string()));
        Ok(())
    }

    fn write(&self, text: &str) -> anyhow::Result<()> {
        self.progress.clear();
        let mut out = std::io::stdout().lock();
        writeln!(out, "{text}")?;
        Ok(out.flush()?)
    }
}
