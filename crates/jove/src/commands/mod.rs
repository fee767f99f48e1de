//! One module a command; each turns its arguments into calls of a library and prints what comes back.

mod report;

use clap::Subcommand;

use crate::context::{Context, Outcome};

/// What to do.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Draw the page of a finished run anew.
    Report(report::Args),
}

impl Command {
    /// Runs the command.
    pub(crate) fn execute(self, context: &Context) -> anyhow::Result<Outcome> {
        match self {
            Self::Report(args) => report::execute(&args, context),
        }
    }
}
