//! One module a command; each turns its arguments into calls of a library and prints what comes back.

mod ablate;
mod bench;
mod card;
mod convert;
mod corpus;
mod doctor;
mod export;
mod import;
mod kb;
mod link;
mod mask;
mod report;
mod run;
mod train;
mod vocab;

use clap::Subcommand;

use crate::context::{Context, Outcome};

/// What to do.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Measure how fast this machine trains.
    #[command(subcommand)]
    Bench(bench::Args),
    /// Look at the text and the sentence pairs of a run.
    Corpus(corpus::Args),
    /// Find the names of a knowledge base in text.
    Link(link::Args),
    /// Look at the masks of a run before it is trained.
    Mask(mask::Args),
    /// Look at the devices at hand, and whether they compute what they should.
    Doctor(doctor::Args),
    /// Run every stage of an experiment; finished stages are skipped.
    Run(run::Args),
    /// Run an ablation: every variant under every seed, with controls, effects and intervals.
    Ablate(ablate::Args),
    /// Build a knowledge base from any graph, and look into it.
    Kb(kb::Args),
    /// Take a checkpoint of another tool in, as a Hugging Face folder.
    Import(import::Args),
    /// Write a checkpoint for another tool: Hugging Face, UER-Py or TensorFlow.
    Export(export::Args),
    /// Convert a checkpoint from one format to another, and check what that changed.
    Convert(convert::Args),
    /// Trim or extend a checkpoint's vocabulary, tokenizer and weights together.
    Vocab(vocab::Args),
    /// Train variants of a run file, without probes and report.
    Train(train::Args),
    /// Draw the page of a finished run anew.
    Report(report::Args),
}

impl Command {
    /// Runs the command.
    pub(crate) fn execute(self, context: &Context) -> anyhow::Result<Outcome> {
        match self {
            Self::Bench(args) => bench::execute(&args, context),
            Self::Corpus(args) => corpus::execute(&args, context),
            Self::Link(args) => link::execute(&args, context),
            Self::Mask(args) => mask::execute(&args, context),
            Self::Run(args) => run::execute(&args, context),
            Self::Ablate(args) => ablate::execute(&args, context),
            Self::Kb(args) => kb::execute(args, context),
            Self::Import(args) => import::execute(&args, context),
            Self::Export(args) => export::execute(&args, context),
            Self::Convert(args) => convert::execute(&args, context),
            Self::Vocab(args) => vocab::execute(&args, context),
            Self::Doctor(args) => doctor::execute(&args, context),
            Self::Train(args) => train::execute(&args, context),
            Self::Report(args) => report::execute(&args, context),
        }
    }
}
