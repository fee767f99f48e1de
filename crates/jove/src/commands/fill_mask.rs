//! `jove fill-mask`: what a masked language model expects in place of a mask.

use std::path::PathBuf;

use anyhow::Context as _;
use jove_finetune::{Asked, Filled};
use jove_objectives::Device;
use serde_json::json;

use super::lines::{Lines, device_from_name};
use crate::context::{Context, Outcome};

/// Arguments of `jove fill-mask`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// A Hugging Face folder with a masked-language-model head.
    #[arg(long, value_name = "FOLDER")]
    checkpoint: PathBuf,
    /// Pieces for each mask.
    #[arg(long, value_name = "COUNT", default_value_t = 5)]
    top: usize,
    /// Where the arithmetic is done: cpu or cuda.
    #[arg(long, value_parser = device_from_name, default_value = "cpu")]
    device: Device,
    /// A file with one text a line, in which `[MASK]` (`<mask>` in XLM-R's vocabulary) stands for what is asked; `-` for standard input.
    #[arg(default_value = "-")]
    file: PathBuf,
}

/// Prints the likeliest pieces of every line.
pub(crate) fn execute(args: &Args, context: &Context) -> anyhow::Result<Outcome> {
    let model = Asked::open(&args.checkpoint, args.device, true)?;
    Lines::open(&args.file)?.chunks(context, 1, |lines| {
        for (number, text) in lines {
            let place = || format!("{}:{number}", args.file.display());
            let masks = model.fill(text, args.top).with_context(place)?;
            if context.json() {
                context.print_json(&json!({"line": number, "text": text, "masks": masks}))?;
            } else {
                context.print(shown(*number, text, &masks))?;
            }
        }
        Ok(())
    })?;
    Ok(Outcome::Done)
}

fn shown(number: u64, text: &str, masks: &[Vec<Filled>]) -> String {
    let mut lines = vec![format!("{number}: {text}")];
    for (mask, pieces) in masks.iter().enumerate() {
        let pieces: Vec<String> =
            pieces.iter().map(|filled| format!("{} {:.4}", filled.piece, filled.probability)).collect();
        lines.push(format!("  mask {}: {}", mask + 1, pieces.join("  ")));
    }
    lines.join("\n")
}
