//! `jove export`: writes a checkpoint for another tool.

use std::path::PathBuf;

use jove_checkpoint::{Format, export};

use super::convert::{SourceArgs, format_from_name, tokenizer_files};
use crate::context::{Context, Outcome};

/// Arguments of `jove export`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The format to write: hf, uer or tf.
    #[arg(long, value_parser = format_from_name)]
    format: Format,
    #[command(flatten)]
    source: SourceArgs,
    /// The folder to write.
    #[arg(long)]
    out: PathBuf,
    /// The size in bytes above which Hugging Face weights are split into several files. Default: 5 GB.
    #[arg(long)]
    shard_bytes_max: Option<u64>,
}

/// Reads, checks, writes, and reports what the format has no place for.
pub(crate) fn execute(args: &Args, context: &Context) -> anyhow::Result<Outcome> {
    let path = args.source.path(context)?;
    let loaded = args.source.open(&path, Format::Hf)?;
    let files = tokenizer_files(&path)?;
    let options = args.source.export_options(args.shard_bytes_max);
    let exported = export(
        &args.source.folder(&args.out, &path)?,
        args.format,
        &loaded.config,
        &loaded.weights,
        &files,
        &options,
        context.progress(),
    )?;
    if context.json() {
        context.print_json(&exported)?;
        return Ok(Outcome::Done);
    }
    for name in &exported.left_out {
        context.print(format!("left out: {name} (the format has no place for it)"))?;
    }
    if exported.folded_token_type {
        context.print("folded: the token-type row is now part of the position table")?;
    }
    context.print(format!("wrote {}", args.out.display()))?;
    Ok(Outcome::Done)
}
