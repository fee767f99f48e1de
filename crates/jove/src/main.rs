//! The command line of jove: the only crate that prints, exits, reads the environment or draws a progress bar.
//!
//! Data goes to standard output, everything else to standard error. Exit code 0: done; 1: a check failed; 2: an error.

mod advice;
mod commands;
mod context;
mod progress;

use std::process::ExitCode;

use clap::Parser;

use crate::commands::Command;
use crate::context::{Context, Outcome};

/// Trains knowledge-enhanced masked language models from raw text and any knowledge graph.
#[derive(Parser)]
#[command(version, about, max_term_width = 100)]
struct Cli {
    #[command(flatten)]
    global: context::Global,
    #[command(subcommand)]
    command: Command,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let context = Context::new(cli.global);
    match cli.command.execute(&context) {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::CheckFailed) => ExitCode::from(1),
        Err(error) if advice::is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            context.progress().clear();
            advice::show(&error);
            ExitCode::from(2)
        }
    }
}
