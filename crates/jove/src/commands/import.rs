//! `jove import`: converts a checkpoint of another tool to a Hugging Face folder.

use std::path::PathBuf;

use jove_checkpoint::{Format, export};

use super::convert::{SourceArgs, format_from_name, print_report, tokenizer_files};
use crate::context::{Context, Outcome};

/// Arguments of `jove import`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The format of the checkpoint: hf, uer or tf.
    #[arg(long, default_value = "hf", value_parser = format_from_name)]
    format: Format,
    #[command(flatten)]
    source: SourceArgs,
    /// The folder to write.
    #[arg(long)]
    out: PathBuf,
}

/// Reads, checks, writes.
pub(crate) fn execute(args: &Args, context: &Context) -> anyhow::Result<Outcome> {
    let path = args.source.path(context)?;
    let loaded = args.source.open(&path, args.format)?;
    let files = tokenizer_files(&path)?;
    let options = args.source.export_options(None);
    let exported = export(
        &args.source.folder(&args.out, &path)?,
        Format::Hf,
        &loaded.config,
        &loaded.weights,
        &files,
        &options,
        context.progress(),
    )?;
    let mut report = loaded.report;
    let strays =
        exported.left_out.into_iter().map(|name| (name, "no class of transformers has it together with the head"));
    report.left_out.extend(strays);
    print_report(context, &report, &args.out)?;
    Ok(Outcome::Done)
}
