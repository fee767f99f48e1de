//! `jove predict`: what a fine-tuned checkpoint answers.

use std::path::PathBuf;

use anyhow::anyhow;
use jove_core::Problem;
use jove_finetune::Predictor;
use jove_objectives::Device;
use jove_tasks::{Unlabelled, read_unlabelled};

use super::lines::{Lines, device_from_name};
use crate::context::{Context, Outcome};

/// Lines that are answered at once.
const CHUNK: usize = 256;

/// Arguments of `jove predict`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// A checkpoint of `jove finetune`: a folder `best`.
    #[arg(long, value_name = "FOLDER")]
    checkpoint: PathBuf,
    /// Where the arithmetic is done: cpu or cuda.
    #[arg(long, value_parser = device_from_name, default_value = "cpu")]
    device: Device,
    /// A file with a text, two texts separated by a tab, or an object of JSON with the task's fields a line; `-` for standard input.
    #[arg(default_value = "-")]
    file: PathBuf,
}

/// Answers line by line.
pub(crate) fn execute(args: &Args, context: &Context) -> anyhow::Result<Outcome> {
    let predictor = Predictor::open(&args.checkpoint, args.device)?;
    let task = predictor.card().task;
    Lines::open(&args.file)?.chunks(context, CHUNK, |lines| {
        let read = |(number, line): &(u64, String)| {
            read_unlabelled(task, line)
                .map_err(|problem| anyhow!("{}", Problem { file: args.file.clone(), line: Some(*number), ..problem }))
        };
        let texts: Vec<Unlabelled> = lines.iter().map(read).collect::<anyhow::Result<_>>()?;
        let predictions = predictor.predict(&texts)?;
        texts.iter().zip(&predictions).try_for_each(|(text, found)| context.print_json(&predictor.json(text, found)))
    })?;
    Ok(Outcome::Done)
}
